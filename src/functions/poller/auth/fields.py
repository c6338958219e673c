"""Reading the fields of `auth`."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from poller.credentials import blanked, is_credential
from poller.errors import JobRejected
from poller.readers import Reader, kind_of, shaped, text
from poller.text import shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_AWS_NAME = re.compile(r"[a-z0-9-]{1,64}")
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


def url_without_secrets(field: str, value: Any) -> str:
    """Where a token is to be had: no part of it may be a secret, for it is kept with the job."""
    url = text(field, value)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # its text repeats what could be a password
        raise JobRejected(f"{field} is not a URL; write it as https://host/path") from None
    secrets = [name for name, held in parse_qsl(parts.query, keep_blank_values=True) if is_credential(name, held)]
    if "@" in parts.netloc or secrets:
        raise JobRejected(f"{field} would store a secret with the job; leave it out", secret_sent=True)
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
        raise JobRejected(f"{field} is not a URL; write it as https://host/path")
    return url


def words(field: str, value: Any) -> tuple[str, ...]:
    """A list of texts without spaces."""
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of strings")
    found = tuple(text(f"{field}[{i}]", item) for i, item in enumerate(value))
    if not all(word.isprintable() and " " not in word for word in found):
        raise JobRejected(f"{field} holds a space or a control character; write each as a string of its own")
    return found


def plain_params(others: set[str]) -> Reader:
    """An object of names and texts, none of which is a secret, or one of `others`, which are set in another way."""

    def read(field: str, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise JobRejected(f"{field} is {kind_of(value)}; it must be an object of names and strings")
        for name, item in value.items():
            is_secret = is_credential(name, str(item))
            if name in others or is_secret:
                message = f"{field}.{shown(name)} is set by the other fields and the secret; leave it out"
                raise JobRejected(message, secret_sent=is_secret)
            text(f"{field}.{shown(name)}", item)
        return dict(value)

    return shaped(read, {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}})


def one_word(field: str, value: Any) -> str:
    """A word such as Token, or none."""
    if value != "" and not (isinstance(value, str) and _TOKEN.fullmatch(value)):
        raise JobRejected(f'{field} must be one word, such as "Token", or "" for none')
    return str(value)


def aws_name(field: str, value: Any) -> str:
    """Of a service or a region, as signatures have it."""
    name = text(field, value)
    if not _AWS_NAME.fullmatch(name):
        raise JobRejected(f"{field} must be lower-case letters, digits and '-', such as execute-api or eu-west-1")
    return name
