"""Reading the fields that only a job spec has."""

import re
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from poller.credentials import is_credential, is_credential_header
from poller.errors import JobRejected
from poller.readers import kind_of, text
from poller.specs.model import Params
from poller.text import is_encodable, shown
from poller.values import JSON

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.1
# The transport owns these (RFC 9112, sections 6 and 9); a spec that sets them would break the request's framing.
_TRANSPORT_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}
_ENCODINGS = ("gzip", "identity")


def api_url(field: str, value: Any) -> str:
    url = text(field, value)
    if any(c.isspace() or ord(c) < 32 for c in url):
        raise JobRejected(f"{field} holds white space; write it as %20")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # its text repeats what could be a password
        raise JobRejected(f"{field} is not a URL; write it as https://host/path") from None
    if parts.scheme not in ("http", "https"):
        raise JobRejected(f"{field} has no scheme that can be fetched; it must start with https://")
    if not parts.hostname:
        raise JobRejected(f"{field} names no host; write it as https://host/path")
    if parts.username is not None or parts.password is not None:
        raise JobRejected(f"{field} holds a user name or password before the @; leave it out", secret_sent=True)
    if parts.fragment:
        raise JobRejected(f"{field} ends in a #fragment, which is never sent to an API; leave it out")
    for name, item in parse_qsl(parts.query, keep_blank_values=True):
        _refuse_secret(f"{field}'s parameter {shown(name)}", name, item)
    return url


def job_name(field: str, value: Any) -> str:
    name = text(field, value)
    if not is_name(name):
        raise JobRejected(f"{field} must be 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit")
    return name


def http_method(field: str, value: Any) -> str:
    if value not in ("GET", "POST"):
        raise JobRejected(f"{field} must be GET or POST")
    return str(value)


def query_params(field: str, value: Any) -> Params:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object of names and values")
    return {name: _values(f"{field}.{shown(name)}", name, item) for name, item in value.items()}


def _values(where: str, name: str, value: Any) -> str | list[str]:
    if not isinstance(value, list):
        return _value(where, name, value)
    if not value:
        raise JobRejected(f"{where} is an empty list; leave it out")
    return [_value(f"{where}[{index}]", name, item) for index, item in enumerate(value)]


def _value(where: str, name: str, value: Any) -> str:
    _refuse_secret(where, name, value)
    if isinstance(value, dict | list) or value is None:
        raise JobRejected(
            f"{where} is {kind_of(value)}; a query parameter is a string, number or boolean, or a list of such"
        )
    _refuse_half_pairs(where, name + str(value))
    return plain(value)


def _refuse_secret(where: str, name: str, value: Any) -> None:
    if is_credential(name, str(value)):
        raise JobRejected(f"{where} would store a secret with the job; leave it out", secret_sent=True)


def plain(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def request_headers(field: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an object of names and values")
    for name, item in value.items():
        if not _HEADER_NAME.fullmatch(name):
            raise JobRejected(f"{field} has a name that is no HTTP header name: '{shown(name)}'")
        if name.lower() in _TRANSPORT_HEADERS:
            raise JobRejected(f"{field}.{shown(name)} is set by the connection itself; leave it out")
        if name.lower() == "accept-encoding" and item not in _ENCODINGS:
            raise JobRejected(f"{field}.{shown(name)} must be {' or '.join(_ENCODINGS)}: no other is read")
        if is_credential_header(name, str(item)):
            raise JobRejected(
                f"{field}.{shown(name)} would store a secret with the job; leave it out", secret_sent=True
            )
        # The value may be a secret: say where it is wrong, never what it is.
        if not isinstance(item, str) or not item.isprintable() or not item.isascii() or item != item.strip():
            raise JobRejected(
                f"{field}.{shown(name)} must be a string of printable ASCII characters without spaces around it"
            )
    return dict(value)


def json_body(field: str, value: Any, levels: int = 50) -> JSON:
    """A reader of any JSON value that can be sent as it is."""
    if not levels:
        raise JobRejected(f"{field} is nested too deeply")
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str):
                _refuse_secret(f"{field}.{shown(name)}", name, item)
            _refuse_half_pairs(field, name)
            json_body(f"{field}.{shown(name)}", item, levels - 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            json_body(f"{field}[{index}]", item, levels - 1)
    elif isinstance(value, float) and not isfinite(value):
        raise JobRejected(f"{field} is {value}, which is no JSON")
    elif isinstance(value, str):
        _refuse_half_pairs(field, value)
    return value


def _refuse_half_pairs(field: str, value: str) -> None:
    """Raise JobRejected where `value` is no text that can be sent."""
    if not is_encodable(value):
        raise JobRejected(f"{field} holds half a surrogate pair, which is no character")


def client_token(field: str, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 128 or not value.isprintable():
        raise JobRejected(f"{field} must be a string of 1 to 128 printable characters")
    return value


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Whether `text` may name a job, and so the folder of its dataset."""
    return _NAME.fullmatch(text) is not None
