"""Requests to and answers of the Lambda functions behind PollerHttpApi (payload format 2.0)."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any

from poller.jobs import keys

_DEFAULT_LIMIT = 20
# Of the items in an answer. Lambda hands over 6 MB of JSON, in which the body is one string:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MOST_BYTES = 5 * 1024 * 1024


class BadRequest(Exception):
    """A parameter is out of range; `answer` says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.answer = bad_request(message)


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }


def bad_request(message: str) -> dict[str, Any]:
    return answer(400, {"message": message})


def not_found(job_id: str) -> dict[str, Any]:
    shown = job_id if keys.is_id(job_id) else "with that id"
    return answer(404, {"message": f"Job {shown} not found"})


def limit_of(query: dict[str, str], most: int) -> int:
    """The page size that a request asks for. Raises BadRequest."""
    text = query.get("limit", str(min(most, _DEFAULT_LIMIT)))
    if not (text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # int() refuses thousands of digits
        raise BadRequest(f"limit must be 1 to {most}")
    return int(text)


def fitting(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of `items`, as many as an answer has room for. The caller says with Next where the others begin."""
    found: list[dict[str, Any]] = []
    size = 0
    for item in items:
        size += len(json.dumps(json.dumps(item)))
        if found and size > _MOST_BYTES:
            break
        found.append(item)
    return found


def encode_next(start: tuple[str, ...] | None) -> str | None:
    """Where the next page starts, as callers hand it back."""
    return urlsafe_b64encode(json.dumps(start).encode()).decode() if start else None


def decode_next(query: dict[str, str], *shapes: str) -> list[str] | None:
    """What `encode_next` was given, None on the first page. Raises BadRequest for anything but strings of `shapes`."""
    if "next" not in query:
        return None
    try:
        start = json.loads(urlsafe_b64decode(query["next"]))
    except (ValueError, RecursionError):
        start = None
    parts = start if isinstance(start, list) and all(isinstance(part, str) for part in start) else []
    if len(parts) != len(shapes) or not all(map(re.fullmatch, shapes, parts)):
        raise BadRequest("next must be as an earlier answer gave it")
    return parts
