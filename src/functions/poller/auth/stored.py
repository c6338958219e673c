"""A secret as Secrets Manager keeps it: `{"value": …, "allowed_origins": ["https://api.example.com"]}`."""

import json
from collections.abc import Iterable

from poller.auth.secret import Secret, Value, sendable, texts_in
from poller.errors import AddressRefused, AuthFailed
from poller.text import is_encodable
from poller.upstream.addresses import read_target

MAX_BYTES = 65_536
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"""


def origin_of(url: str) -> str:
    """`https://api.example.com`, with a port only where it is not the scheme's own. Raises AddressRefused."""
    target = read_target(url, allow_loopback=True, allowed_hosts=())
    return f"{target.scheme}://{target.authority}"


def write_secret(value: Value, origins: Iterable[str]) -> str:
    """The secret as it is kept. Raises AuthFailed for a value or an origin that could never be used."""
    try:
        allowed = sorted({origin_of(url) for url in origins})
    except AddressRefused as error:
        raise AuthFailed(f"an allowed origin is none: {error.message}") from None
    if not allowed:
        raise AuthFailed("no origin may receive the secret; name at least one")
    if not value or (isinstance(value, dict) and not list(texts_in(value))):
        raise AuthFailed("the secret is empty")
    text = json.dumps({"value": value, "allowed_origins": allowed})
    if isinstance(value, str):
        sendable("that is given", value)
    if len(text.encode()) > MAX_BYTES:
        raise AuthFailed(f"the secret is longer than the {MAX_BYTES // 1024} KiB that Secrets Manager keeps")
    return text


def read_secret(name: str, text: str, version: str) -> Secret:
    """The other way round. Raises AuthFailed for what `write_secret` has not written, and does not repeat it."""
    try:
        held = json.loads(text)
        value, origins = held["value"], held["allowed_origins"]
    except (ValueError, KeyError, TypeError, RecursionError):
        value, origins = None, None
    if not isinstance(value, str | dict) or not isinstance(origins, list) or not is_encodable(text):
        raise AuthFailed(
            f'the secret {name} is not kept as {{"value": …, "allowed_origins": ["https://…"]}}; store it with '
            f"'poller secrets put {name}'"
        )
    try:
        return Secret(name, value, frozenset(origin_of(str(origin)) for origin in origins), version)
    except AddressRefused as error:
        raise AuthFailed(f"an allowed origin of the secret {name} is none: {error.message}") from None
