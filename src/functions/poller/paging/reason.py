"""The API's own reason for a refusal, in one short line."""

import json
import re
from collections.abc import Iterator
from textwrap import shorten

from poller.credentials import blanked
from poller.errors import InvalidPayload
from poller.paging.charset import decode
from poller.text import plain
from poller.values import JSON, Response

MAX_SHOWN = 200
"""Characters of a reason."""
_READ = 2000  # characters that are looked through
_LEVELS = 4
# Plain names, the most telling last: RFC 9457 has title and detail, OAuth error and error_description (RFC 6749,
# section 5.2), JSON:API errors[].detail, Google error.message, Apigee fault.faultstring.
_TELLING = (
    "title", "fault", "faultstring", "error", "errors", "message", "errormessage", "msg", "reason", "description",
    "errordescription", "detail", "details",
)  # fmt: skip
_CODE = ("code", "errorcode", "status")
_MAX_TEXTS = 3


def reason_in(response: Response) -> str:
    """What the body says in the usual fields of JSON, or a short plain text; "" where it says nothing to show.

    Credentials are blanked. The text is printable and on one line.
    """
    try:
        text = decode(response.body, response.headers.get("content-type", ""))
    except InvalidPayload:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        said = [] if re.match(r"\s*[<{\[]", text) else [text]
    else:
        said = list(dict.fromkeys(_texts(value, _LEVELS)))[:_MAX_TEXTS]
    return shorten(blanked(_readable(": ".join(said)[:_READ])), MAX_SHOWN, placeholder="…")


def _texts(value: JSON, levels: int) -> Iterator[str]:
    """What is told, from the general to the particular."""
    if isinstance(value, str) and value.strip():
        yield value.strip()
    elif isinstance(value, list) and levels:
        for item in value[:_MAX_TEXTS]:
            yield from _texts(item, levels - 1)
    elif isinstance(value, dict) and levels:
        told = {plain(name): item for name, item in value.items()}
        found = [text for name in _TELLING if name in told for text in _texts(told[name], levels - 1)]
        yield from found or _codes(told)


def _codes(told: dict[str, JSON]) -> Iterator[str]:
    yield from (str(told[name]) for name in _CODE if isinstance(told.get(name), str | int))


def _readable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
