"""Responses of the Lambda functions behind PollerHttpApi and the error that becomes one."""

import json
from collections.abc import Iterable
from typing import Any

# Of the items in a response. Lambda hands over 6 MB of JSON, in which the body is one string:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_BYTES = 5 * 1024 * 1024


class HttpError(Exception):
    """What the caller has to change, with the status that says of which kind it is: 400, 404 or 409; and, where the
    reason is one that a job could have, its `error`."""

    def __init__(self, status: int, message: str, error: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.response = respond(status, {"message": message} | ({"Error": error} if error else {}))


def respond(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }


def take_fitting(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of `items`, as many as a response has room for. The caller says with Next where the others begin."""
    found: list[dict[str, Any]] = []
    size = 0
    for item in items:
        size += len(json.dumps(json.dumps(item)))
        if found and size > _MAX_BYTES:
            break
        found.append(item)
    return found
