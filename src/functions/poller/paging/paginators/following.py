"""What the paginators share that follow the API's own word for where the next page begins."""

from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlsplit

from poller.errors import InvalidPayload, JobRejected
from poller.paging.change import Change, Mark
from poller.paging.envelope import Envelope
from poller.paging.links import unwrapped
from poller.paging.lossless_json import dumps
from poller.paging.next_address import origin_of
from poller.paging.paginators.rules import HAS_MORE, several_flags
from poller.paging.said import Word, has_more
from poller.readers import Reader, flag, kind_of, statuses
from poller.text import is_encodable
from poller.values import JSON

_MAX_MARK = 16 * 1024  # bytes: of a row, which has 400 KB, and of what servers take as an address
FOLLOWING: dict[str, Reader] = {"end_status_codes": statuses, "stop_on_empty": flag, **HAS_MORE}
"""The fields that all of them have."""


class Following:
    """What all of them answer alike. Their fields are their own, in the order in which users read of them."""

    __slots__ = ()
    IS_OF_MANY: ClassVar = True
    has_more_path: str | None
    has_more_header: str | None
    has_more_when: Word | None

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameters that change page by page, by the field that names each. In a link, the API knows
        which."""
        return {}

    @property
    def body_paths(self) -> dict[str, str]:
        """The same for what changes in the body, by paths."""
        return {}

    def change(self, _index: int, _page_size: int | None, _received: int = 0) -> Change:
        """What the request for the first page has of its own: nothing."""
        return Change()

    def contradiction(self) -> str | None:
        """Fields that are missing, or exclude each other, as a sentence."""
        return several_flags(self.has_more_path, self.has_more_header, self.has_more_when)

    def says_more(self, envelope: Envelope) -> bool | None:
        """Whether there is more, by what the spec names for it; None where it names nothing, or nothing is there."""
        return has_more(envelope.page, self.has_more_path, self.has_more_header, self.has_more_when)


def cursor_in(value: JSON, place: str) -> Mark:
    """The cursor that the API handed out at `place`, as it is; None where there is none: null, false, "" and nothing.

    Raises InvalidPayload for what is no cursor.
    """
    if value is None or value is False or value in ("", [], {}):
        return None
    if value is True:
        raise InvalidPayload(f"the cursor at {place} is true; it must be a text or a number")
    return _bounded(value, place)


def address_in_link(value: JSON, place: str) -> str | None:
    """The address that the API wrote at `place`: a text, or an object with one, as JSON:API and HAL have it.

    None where there is none. Raises InvalidPayload for what is no link.
    """
    link = value[0] if isinstance(value, list) and len(value) == 1 else value
    link = unwrapped(link)
    if link in (None, False, [], {}) or (isinstance(link, str) and not link.strip()):
        return None
    if not isinstance(link, str):
        raise InvalidPayload(f"the next page's address at {place} is {kind_of(link)}; it must be a text")
    return str(_bounded(link, place))


def _bounded(mark: JSON, place: str) -> JSON:
    if len(dumps(mark)) > _MAX_MARK:
        raise InvalidPayload(f"what {place} holds is larger than {_MAX_MARK // 1024} KiB; no cursor is")
    if isinstance(mark, str) and not is_encodable(mark):
        raise InvalidPayload(f"what {place} holds cannot be sent back: it has half a surrogate pair")
    return mark


def origins(field: str, value: Any) -> tuple[str, ...]:
    """A reader of a list of origins."""
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of origins such as https://api.example.com")
    return tuple(_origin(f"{field}[{i}]", item) for i, item in enumerate(value))


def _origin(field: str, value: Any) -> str:
    with suppress(AttributeError, TypeError, ValueError):
        parts, origin = urlsplit(value), origin_of(value)
        if parts.path in ("", "/") and not ("@" in parts.netloc or parts.query or parts.fragment):
            return origin
    raise JobRejected(f"{field} is no origin; write it as https://host, without a path")
