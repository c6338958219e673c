"""`header_cursor`: a header of each answer holds the cursor of the next page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from poller.paging.change import Change, Mark
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.next_places import cursor_in_headers
from poller.paging.paginators.following import FOLLOWING, Following, cursor_in
from poller.paging.said import Word
from poller.readers import Reader, text
from poller.values import JSON, Page


@dataclass(frozen=True, slots=True)
class HeaderCursor(Following):
    """The header is there as long as there is a next page."""

    cursor_header: str
    cursor_param: str
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    end_status_codes: tuple[int, ...] = ()
    stop_on_empty: bool = False

    TYPE: ClassVar = "header_cursor"
    READERS: ClassVar[dict[str, Reader]] = {"cursor_header": text, "cursor_param": text, **FOLLOWING}

    @classmethod
    def candidates(cls, first: Envelope, sent: JSON) -> "Iterator[Detection[HeaderCursor]]":
        """What may be the paginator, where no body was `sent`; asking for the second page shows whether it is."""
        header, names = cursor_in_headers(first)
        for name in names if sent is None else ():
            yield Detection(cls(header, name), f"header {header}, sent as {name}, leads to other records")

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameter that changes page by page, by the field that names it."""
        return {"cursor_param": self.cursor_param}

    @property
    def place(self) -> str:
        """Where the next page's cursor is, in words."""
        return f"header {self.cursor_header}"

    def mark_in(self, page: Page) -> Mark:
        """The next page's cursor; None where there is none."""
        return cursor_in(page.headers.get(self.cursor_header.lower()), self.place)

    def change_at(self, mark: Mark) -> Change:
        """What the request for the page at `mark` has of its own."""
        return Change() if mark is None else Change(params={self.cursor_param: str(mark)})
