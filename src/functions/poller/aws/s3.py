"""Objects in S3: plans and raw pages in one bucket, the dataset in another."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

# Another write came first, or is under way; and an object that was to be replaced is gone.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


class Tagged(NamedTuple):
    """An object's bytes, and the ETag that tells them from others."""

    body: bytes
    tag: str


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

    def put_if(self, key: str, body: bytes, content_type: str, tag: str | None) -> bool:
        """Store `body` in place of the object with that ETag (None: of none); False where another one is there."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        try:
            self._client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in _LOST:
                return False
            raise
        return True

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None if there is none."""
        found = self.get_tagged(key)
        return found.body if found else None

    def get_tagged(self, key: str) -> Tagged | None:
        """The object's bytes with their ETag, or None if there is none."""
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key)
            return Tagged(bytes(answer["Body"].read()), str(answer["ETag"]))
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

    def delete_all(self, keys: Iterable[str]) -> None:
        """Remove the objects, a thousand in a request, which is all that S3 takes."""
        rest = iter(keys)
        while some := [{"Key": key} for key in islice(rest, 1000)]:
            self._client.delete_objects(Bucket=self.name, Delete={"Objects": some, "Quiet": True})

    def presigned_url(self, key: str, seconds: int) -> str:
        """A link that reads the object for `seconds`, with the rights of this function's role."""
        return str(
            self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.name, "Key": key}, ExpiresIn=seconds
            )
        )
