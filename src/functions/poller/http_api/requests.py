"""What requests to PollerHttpApi ask for. Everything that is wrong with one becomes an HttpError here."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2

from poller.http_api.responses import HttpError
from poller.jobs import keys
from poller.specs.fields import is_name

_DEFAULT_LIMIT = 20

T = TypeVar("T")


def find_job(event: APIGatewayProxyEventV2, read: Callable[[str], T | None]) -> T:
    """What `read` finds for the job in the path. Raises HttpError 404 where that is nothing."""
    job_id = event.path_parameters["jobId"]
    found = read(job_id) if keys.is_id(job_id) else None
    if found is None:
        shown = job_id if keys.is_id(job_id) else "with that id"
        raise HttpError(404, f"Job {shown} not found")
    return found


def find_source(event: APIGatewayProxyEventV2, read: Callable[[str], T | None]) -> T:
    """What `read` finds for the source in the path. Raises HttpError 404 where that is nothing."""
    name = event.path_parameters["name"]
    found = read(name) if is_name(name) else None
    if found is None:
        raise no_source(name)
    return found


def no_source(name: str) -> HttpError:
    return HttpError(404, f"Source {name if is_name(name) else 'with that name'} not found")


def json_body(event: APIGatewayProxyEventV2) -> Any:
    """The request's body; None where there is none. Raises HttpError 400 for what is no JSON."""
    try:
        body = event.decoded_body
        return json.loads(body, parse_constant=_refuse_constant) if body else None
    except (RecursionError, ValueError):
        raise HttpError(400, "the body is no JSON") from None


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def limit_of(event: APIGatewayProxyEventV2, most: int) -> int:
    """The page size that a request asks for. Raises HttpError 400."""
    text = event.query_string_parameters.get("limit", str(min(most, _DEFAULT_LIMIT)))
    if not (text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # int() refuses thousands of digits
        raise HttpError(400, f"limit must be 1 to {most}")
    return int(text)


def one_of(event: APIGatewayProxyEventV2, name: str, allowed: Iterable[str]) -> str | None:
    """The query parameter `name`, None where it is absent. Raises HttpError 400 for what is not `allowed`."""
    value = event.query_string_parameters.get(name)
    if value is not None and value not in list(allowed):
        raise HttpError(400, f"{name} must be one of {', '.join(allowed)}")
    return value


def name_of(event: APIGatewayProxyEventV2) -> str | None:
    """The name of the jobs asked for, None where all are. Raises HttpError 400."""
    name = event.query_string_parameters.get("name")
    if name is not None and not is_name(name):
        raise HttpError(400, "name must be that of a dataset: 1 to 64 letters, digits, '.', '_' or '-'")
    return name


def encode_next(start: tuple[str, ...] | None) -> str | None:
    """Where the next page starts, as callers hand it back."""
    return urlsafe_b64encode(json.dumps(start).encode()).decode() if start else None


def decode_next(event: APIGatewayProxyEventV2, *shapes: str) -> list[str] | None:
    """What `encode_next` was given, None on the first page. Raises HttpError 400 for what has not the `shapes`."""
    if "next" not in event.query_string_parameters:
        return None
    try:
        start = json.loads(urlsafe_b64decode(event.query_string_parameters["next"]))
    except (ValueError, RecursionError):
        start = None
    parts = start if isinstance(start, list) and all(isinstance(part, str) for part in start) else []
    if len(parts) != len(shapes) or not all(map(re.fullmatch, shapes, parts)):
        raise HttpError(400, "next must be as an earlier answer gave it")
    return parts
