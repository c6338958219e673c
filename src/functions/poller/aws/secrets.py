"""Secrets Manager as such: texts by name, under one prefix."""

from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

# Not there; or to be deleted, and no more to be had.
_ABSENT = {"ResourceNotFoundException", "InvalidRequestException"}


class Stored(NamedTuple):
    """The text of a secret, and which version of it this is."""

    text: str
    version: str


class Secrets:
    """The secrets whose names begin with `prefix`. `client` makes a boto3 Secrets Manager client when one is needed.

    New ones are encrypted with the key `key_arn`, or Secrets Manager's own where that is "".
    """

    def __init__(self, client: Callable[[], Any], prefix: str, key_arn: str = "") -> None:
        self._client, self._prefix = client, prefix
        self._key = {"KmsKeyId": key_arn} if key_arn else {}

    def get(self, name: str, version: str | None = None) -> Stored | None:
        """The current version, or that one; None where there is none, or one that is no text."""
        which = {"VersionId": version} if version else {}
        try:
            answer = self._client().get_secret_value(SecretId=self._prefix + name, **which)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return Stored(answer["SecretString"], answer["VersionId"]) if "SecretString" in answer else None

    def put(self, name: str, text: str) -> str:
        """Store a new version, of a new secret if need be; return which it is."""
        client, place = self._client(), self._prefix + name
        try:
            answer = client.put_secret_value(SecretId=place, SecretString=text)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            answer = client.create_secret(Name=place, SecretString=text, **self._key)
        return str(answer["VersionId"])
