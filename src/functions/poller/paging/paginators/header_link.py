"""`header_link`: a header of each answer holds a link to the next page."""

from dataclasses import dataclass
from typing import ClassVar

from poller.paging.change import Change, Mark
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.links import header_links
from poller.paging.next_address import from_header, next_address
from poller.paging.next_places import link_in_headers
from poller.paging.paginators.following import FOLLOWING, Following, address_in_link, origins
from poller.paging.said import Word
from poller.readers import Reader, text
from poller.values import Page


@dataclass(frozen=True, slots=True)
class HeaderLink(Following):
    """The link is that of `rel` in the Link header (RFC 8288), or all that `next_url_header` holds.

    `allowed_origins` may be asked beside that of the request.
    """

    rel: str = "next"
    next_url_header: str | None = None
    allowed_origins: tuple[str, ...] = ()
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    end_status_codes: tuple[int, ...] = ()
    stop_on_empty: bool = False

    TYPE: ClassVar = "header_link"
    READERS: ClassVar[dict[str, Reader]] = {
        "rel": text,
        "next_url_header": text,
        "allowed_origins": origins,
        **FOLLOWING,
    }

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[HeaderLink] | None":
        header = link_in_headers(first)
        if header is None:
            return None
        if header:
            return Detection(cls(next_url_header=header), f"header {header} is the next page's address")
        return Detection(cls(), "the Link header leads to the next page")

    @property
    def place(self) -> str:
        """Where the next page's address is, in words."""
        return f"header {self.next_url_header}" if self.next_url_header else f"header Link with rel={self.rel}"

    def contradiction(self) -> str | None:
        """Fields that exclude each other, as a sentence."""
        if self.next_url_header and self.rel != "next":
            return "paginator.rel and paginator.next_url_header both say where the next page's address is; give one"
        return Following.contradiction(self)

    def mark_in(self, page: Page) -> Mark:
        """The next page's address; None where there is none.

        Raises AddressRefused for what is no address, or one at an origin that may not be asked.
        """
        written = address_in_link(self._written(page), self.place)
        return None if written is None else next_address(from_header(written), page.url, self.allowed_origins)

    def _written(self, page: Page) -> str | None:
        if self.next_url_header:
            return page.headers.get(self.next_url_header.lower())
        links = header_links(page.headers.get("link", ""))
        return next((target for rel, target in links if rel == self.rel.lower()), None)

    def change_at(self, mark: Mark) -> Change:
        """What the request for the page at `mark` has of its own."""
        return Change(url=mark)
