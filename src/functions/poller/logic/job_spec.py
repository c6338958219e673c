"""From the JSON that a caller sent to a JobSpec, or to the one sentence that says what to change."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from poller.errors import JobRejected
from poller.logic.names import is_name
from poller.specs import Auto, JobSpec, Offset, PageNumber, Paginator, Retry, SinglePage

PAGINATORS: dict[str, type[Paginator]] = {
    "auto": Auto,
    "single_page": SinglePage,
    "offset": Offset,
    "page_number": PageNumber,
}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.1
# The transport owns these (RFC 9112, sections 6 and 9); a spec that sets them would break the request's framing.
_TRANSPORT_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
# A spec is kept in an event archive, a table and a workflow's history: no place for credentials.
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key"}

T = TypeVar("T")
Reader = Callable[[str, Any], Any]


def parse_job_spec(raw: Any) -> JobSpec:
    """Check `raw` (a decoded JSON value) and return it as a JobSpec.

    Raises JobRejected naming the field, what is wrong with it and what is allowed.
    """
    if not isinstance(raw, dict):
        raise JobRejected(f'the job spec is {_kind(raw)}; it must be an object such as {{"url": "https://…"}}')
    if "url" not in raw:
        raise JobRejected('url is missing; the smallest job spec is {"url": "https://…"}')
    spec = _build(JobSpec, "", raw, _SPEC_READERS)
    _refuse_contradictions(spec)
    return spec


def job_spec_as_dict(spec: JobSpec) -> dict[str, Any]:
    """The spec as JSON-ready data that `parse_job_spec` reads back to an equal one."""
    kind = next(name for name, cls in PAGINATORS.items() if cls is type(spec.paginator))
    data = asdict(spec)
    data["paginator"] = {"type": kind, **{k: v for k, v in data["paginator"].items() if v is not None}}
    data["retry"]["retry_after_headers"] = list(spec.retry.retry_after_headers)
    return {name: value for name, value in data.items() if value is not None}


def _build(cls: type[T], prefix: str, raw: Mapping[str, Any], readers: Mapping[str, Reader]) -> T:
    """Read each given field with its reader; a field that `cls` does not have is refused by name."""
    allowed = [f.name for f in fields(cls)]  # type: ignore[arg-type]  # T is always one of our dataclasses
    for name in raw:
        if name not in allowed:
            known = f"it has {', '.join(allowed)}" if allowed else "it takes no fields"
            raise JobRejected(f"{prefix}{name} is not a field of {prefix.rstrip('.') or 'the job spec'}; {known}")
    return cls(**{name: readers[name](prefix + name, value) for name, value in raw.items()})


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise JobRejected(f"{field} is {_kind(value) if value != '' else 'empty'}; it must be a string")
    return value


def _url(field: str, value: Any) -> str:
    url = _text(field, value)
    if any(c.isspace() or ord(c) < 32 for c in url):
        raise JobRejected(f"{field} holds white space; write it as %20")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise JobRejected(f"{field} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise JobRejected(f"{field} has no scheme that can be fetched; it must start with https://")
    if not parts.hostname:
        raise JobRejected(f"{field} names no host; write it as https://host/path")
    if parts.username is not None or parts.password is not None:
        raise JobRejected(f"{field} holds a user name or password before the @; leave it out")
    if parts.fragment:
        raise JobRejected(f"{field} ends in a #fragment, which is never sent to an API; leave it out")
    return url


def _name(field: str, value: Any) -> str:
    name = _text(field, value)
    if not is_name(name):
        raise JobRejected(f"{field} must be 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit")
    return name


def _method(field: str, value: Any) -> str:
    if value not in ("GET", "POST"):
        raise JobRejected(f"{field} must be GET or POST")
    return str(value)


def _params(field: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {_kind(value)}; it must be an object of names and values")
    for name, item in value.items():
        if isinstance(item, dict | list) or item is None:
            raise JobRejected(f"{field}.{name} is {_kind(item)}; a query parameter is a string, number or boolean")
    return {name: _plain(item) for name, item in value.items()}


def _plain(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _headers(field: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {_kind(value)}; it must be an object of names and values")
    for name, item in value.items():
        if not _HEADER_NAME.fullmatch(name):
            raise JobRejected(f"{field} has a name that is no HTTP header name: {name[:40]!r}")
        if name.lower() in _TRANSPORT_HEADERS:
            raise JobRejected(f"{field}.{name} is set by the connection itself; leave it out")
        if name.lower() in _SECRET_HEADERS:
            raise JobRejected(f"{field}.{name} would store a secret with the job; leave it out")
        # The value may be a secret: say where it is wrong, never what it is.
        if not isinstance(item, str) or not item.isprintable() or not item.isascii():
            raise JobRejected(f"{field}.{name} must be a string of printable ASCII characters")
    return dict(value)


def _path(field: str, value: Any) -> str:
    path = _text(field, value)
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        # A path may also be a plain key that JMESPath cannot read, such as @odata.count.
        if re.search(r"[\[\]{}()|&*?\s]", path):
            raise JobRejected(f"{field} is not a JMESPath expression: {str(error).splitlines()[0]}") from None
    return path


def _integer(least: int, most: int) -> Reader:
    def read(field: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise JobRejected(f"{field} must be a whole number from {least:,} to {most:,}")
        return value

    return read


def _percentage(field: str, value: Any) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
        raise JobRejected(f"{field} must be a number from 0 to 100, or null")
    return float(value)


def _token(field: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= 128 or not value.isprintable():
        raise JobRejected(f"{field} must be a string of 1 to 128 printable characters, or null")
    return value


def _names(field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {_kind(value)}; it must be a list of header names")
    return tuple(_text(f"{field}[{i}]", item) for i, item in enumerate(value))


def _retry(field: str, value: Any) -> Retry:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {_kind(value)}; it must be an object")
    return _build(Retry, f"{field}.", value, _RETRY_READERS)


def _paginator(field: str, value: Any) -> Paginator:
    raw = {"type": value} if isinstance(value, str) else value
    allowed = ", ".join(PAGINATORS)
    if not isinstance(raw, dict):
        raise JobRejected(f"{field} is {_kind(value)}; it must be an object with a type: {allowed}")
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in PAGINATORS:
        raise JobRejected(f"{field}.type must be one of {allowed}")
    rest = {name: item for name, item in raw.items() if name != "type"}
    return _build(PAGINATORS[kind], f"{field}.", rest, _PAGINATOR_READERS)


def _refuse_contradictions(spec: JobSpec) -> None:
    paginator = spec.paginator
    if isinstance(paginator, PageNumber) and (paginator.limit is None) != (paginator.limit_param is None):
        raise JobRejected("paginator.limit and paginator.limit_param go together; give both or neither")
    ways = [w for w in ("total_path", "total_header", "total_pages_path", "total_pages_header")
            if getattr(paginator, w, None)]  # fmt: skip
    if len(ways) > 1:
        raise JobRejected(f"paginator.{ways[0]} and paginator.{ways[1]} both say where the total is; give one")
    refuse_fixed_parameters(spec)


def refuse_fixed_parameters(spec: JobSpec) -> None:
    """Raise JobRejected if `spec` fixes a query parameter that its paginator has to vary."""
    fixed = set(spec.params) | {name for name, _ in parse_qsl(urlsplit(spec.url).query, keep_blank_values=True)}
    for way in ("offset_param", "page_param"):
        param = getattr(spec.paginator, way, None)
        if param in fixed:
            raise JobRejected(f"{param} is set in url or params, but paginator.{way} changes it page by page")


_RETRY_READERS: dict[str, Reader] = {
    "max_attempts": _integer(1, 20),
    "max_delay_seconds": _integer(0, 3600),
    "retry_after_headers": _names,
}
_PAGINATOR_READERS: dict[str, Reader] = {
    "limit": _integer(1, 1_000_000),
    "limit_param": _text,
    "offset_param": _text,
    "page_param": _text,
    "base_page": _integer(0, 1_000_000),
    "total_path": _path,
    "total_header": _text,
    "limit_path": _path,
    "total_pages_path": _path,
    "total_pages_header": _text,
}
_SPEC_READERS: dict[str, Reader] = {
    "url": _url,
    "name": _name,
    "method": _method,
    "params": _params,
    "headers": _headers,
    "data_selector": _path,
    "paginator": _paginator,
    "retry": _retry,
    "max_concurrency": _integer(1, 1000),
    "maximum_pages": _integer(1, 10_000_000),
    "deadline_seconds": _integer(60, 14 * 86_400),
    "tolerated_failure_percentage": _percentage,
    "client_token": _token,
}
