"""A stack does not take a full bucket with it.

AWS: CloudFormation deletes empty buckets only. A bucket that holds objects, versions or delete markers fails, the
stack ends DELETE_FAILED, and is deleted once more when the bucket is emptied.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails
https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html

MiniStack's S3 refuses to delete such a bucket, its CloudFormation deletes it with all it holds. Here the latter asks.
"""

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def _is_full(name: str) -> bool:
    bucket = s3._buckets.get(name)
    return bucket is not None and (bool(bucket["objects"]) or s3._bucket_has_versions(name))


def install() -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    delete = handler["delete"]

    def delete_if_empty(physical_id, props):
        if _is_full(physical_id):
            raise ValueError("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")
        delete(physical_id, props)

    handler["delete"] = delete_if_empty
