"""Objects in S3: plans and raw pages in one bucket, the dataset in another."""

import hashlib
from base64 import b64encode
from typing import Any

from botocore.exceptions import ClientError


class Bucket:
    """One bucket. `client` is a boto3 S3 client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name

    def put(self, key: str, body: bytes, content_type: str) -> str:
        """Store `body`, replacing what was there; return its SHA-256 in hex. S3 checks it on arrival."""
        digest = hashlib.sha256(body)
        self._client.put_object(
            Bucket=self.name, Key=key, Body=body, ContentType=content_type,
            ChecksumSHA256=b64encode(digest.digest()).decode(),
        )  # fmt: skip
        return digest.hexdigest()

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None if there is none."""
        try:
            return bytes(self._client.get_object(Bucket=self.name, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def has(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        """Remove the object. It is no error if it is gone already."""
        self._client.delete_object(Bucket=self.name, Key=key)

    def presigned_url(self, key: str, seconds: int) -> str:
        """A link that reads the object for `seconds`, with the rights of this function's role."""
        return str(
            self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.name, "Key": key}, ExpiresIn=seconds
            )
        )
