"""`json_link`: the body of each answer holds a link to the next page."""

from dataclasses import dataclass
from typing import ClassVar

from poller.errors import InvalidPayload
from poller.paging.change import Change, Mark
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.next_address import next_address
from poller.paging.next_places import link_in_body
from poller.paging.paginators.following import FOLLOWING, Following, address_in_link, origins
from poller.paging.said import Word
from poller.paging.selector import select
from poller.readers import Reader, path_of
from poller.values import Page


@dataclass(frozen=True, slots=True)
class JsonLink(Following):
    """`base_url_path` leads to what goes before links that are relative, where that is not the request's own address.

    `allowed_origins` may be asked beside that of the request.
    """

    next_url_path: str
    base_url_path: str | None = None
    allowed_origins: tuple[str, ...] = ()
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    end_status_codes: tuple[int, ...] = ()
    stop_on_empty: bool = False

    TYPE: ClassVar = "json_link"
    READERS: ClassVar[dict[str, Reader]] = {
        "next_url_path": path_of,
        "base_url_path": path_of,
        "allowed_origins": origins,
        **FOLLOWING,
    }

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[JsonLink] | None":
        found = link_in_body(first)
        if found is None:
            return None
        return Detection(cls(found[0], found[1]), f"the body has the next page's address at {found[0]}")

    @property
    def place(self) -> str:
        """Where the next page's address is, in words."""
        return self.next_url_path

    def mark_in(self, page: Page) -> Mark:
        """The next page's address; None where there is none.

        Raises InvalidPayload for what is no address, and AddressRefused for one at an origin that may not be asked.
        """
        written = address_in_link(select(page.value, self.next_url_path), self.place)
        if written is None:
            return None
        base = select(page.value, self.base_url_path) if self.base_url_path else None
        if base is not None and not isinstance(base, str):
            raise InvalidPayload(f"what {self.base_url_path} holds is no address to put before a link")
        return next_address(written, page.url, self.allowed_origins, base or None)

    def change_at(self, mark: Mark) -> Change:
        """What the request for the page at `mark` has of its own."""
        return Change(url=mark)
