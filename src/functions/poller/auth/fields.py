"""Reading the fields of `auth`."""

import re
from typing import Any

from poller.credentials import blanked
from poller.errors import JobRejected
from poller.readers import text

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_TRANSPORT_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
_PUT = "store it with 'poller secrets put NAME' and give the name"


def is_secret_name(name: str) -> bool:
    """Whether a secret of a stack may be called so."""
    return _NAME.fullmatch(name) is not None


def secret_name(field: str, value: Any) -> str:
    """A name under the stack's own prefix. What is refused is not repeated: it may be the secret itself."""
    name = text(field, value)
    if name.startswith("arn:"):
        raise JobRejected(f"{field} is an ARN; only secrets of this stack are read: {_PUT}")
    if not is_secret_name(name) or blanked(name) != name:
        raise JobRejected(
            f"{field} is not the name of a secret (1 to 64 letters, digits, '.', '_' or '-'). If it is the secret "
            f"itself, {_PUT}",
            secret_sent=True,
        )
    return name


def header_or_parameter(field: str, value: Any) -> str:
    """The name of a header or query parameter. Those of the connection itself are not to be had."""
    name = text(field, value)
    if not _TOKEN.fullmatch(name):
        raise JobRejected(f"{field} must be the name of a header or query parameter, of letters, digits, '-' and '_'")
    if name.lower() in _TRANSPORT_HEADERS:
        raise JobRejected(f"{field} is set by the connection itself; name another header")
    return name
