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
    """The secrets whose names begin with `prefix`. `client` makes a boto3 Secrets Manager client when one is needed."""

    def __init__(self, client: Callable[[], Any], prefix: str) -> None:
        self._client, self._prefix = client, prefix

    def get(self, name: str) -> Stored | None:
        """The current version; None where there is none, or one that is no text."""
        try:
            answer = self._client().get_secret_value(SecretId=self._prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return Stored(answer["SecretString"], answer["VersionId"]) if "SecretString" in answer else None
