"""Who may not list a bucket, does not learn that an object is not there.

AWS: reading an object that does not exist is answered 404 to those who have ``s3:ListBucket`` on the bucket,
and 403 to all others.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html

MiniStack answers 404 to everybody. Here the evaluator is asked for both actions.
"""

from ministack.core import iam_evaluator
from ministack.services import s3


def _is_there(object_arn: str) -> bool:
    name, _, key = object_arn.removeprefix("arn:aws:s3:::").partition("/")
    bucket = s3._buckets.get(name)
    return bucket is None or key in bucket["objects"]


def install() -> None:
    enforce = iam_evaluator.enforce

    def enforce_both(access_key_id, iam_action, service, region, resource_arn="*", **context):
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, **context)
        if denied is not None or iam_action != "s3:GetObject" or _is_there(resource_arn):
            return denied
        bucket = resource_arn.partition("/")[0]
        # Looked up again: the decision should be recorded as any other.
        return iam_evaluator.enforce(access_key_id, "s3:ListBucket", service, region, bucket)

    iam_evaluator.enforce = enforce_both
