"""`page_number`: pages by number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from poller.errors import JobRejected
from poller.paging.body_path import body_path
from poller.paging.change import Change, change_of
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.evidence import (
    Number,
    asked_by,
    first_of,
    last_page,
    number_in,
    says_more_than_its_total,
    shown_by_next,
)
from poller.paging.extent import Extent, extent_by
from poller.paging.more_signs import PAGE_TOTALS
from poller.paging.next_places import flag_of_more
from poller.paging.page_words import PAGES, SIZES
from poller.paging.paginators.rules import HAS_MORE, MAX_LIMIT, equal_fields, several_flags, several_totals
from poller.paging.said import Word, has_more
from poller.paging.selector import identifier
from poller.paging.totals import TotalPlace
from poller.readers import Reader, flag, integer, path_of, statuses, text

_ECHOED = {"page", "pagenumber"}  # under the names that they are asked by


@dataclass(frozen=True, slots=True)
class PageNumber:
    """The first page is `base_page`. Without `limit_param` the server alone sets the size."""

    page_param: str = "page"
    base_page: int = 1
    limit_param: str | None = None
    limit: int | None = None
    total_path: str | None = None
    total_pages_path: str | None = None
    total_header: str | None = None
    total_pages_header: str | None = None
    end_status_codes: tuple[int, ...] = ()
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    page_body_path: str | None = None
    limit_body_path: str | None = None
    stop_on_empty: bool = True

    TYPE: ClassVar = "page_number"
    COUNTS_RECORDS: ClassVar = False
    IS_OF_MANY: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {
        "page_param": text,
        "base_page": integer(0, 1_000_000),
        "limit_param": text,
        "limit": integer(1, MAX_LIMIT),
        "total_path": path_of,
        "total_pages_path": path_of,
        "total_header": text,
        "total_pages_header": text,
        "end_status_codes": statuses,
        **HAS_MORE,
        "page_body_path": body_path,
        "limit_body_path": body_path,
        "stop_on_empty": flag,
    }

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[PageNumber] | None":
        return next(cls._recognised(first), None)

    @classmethod
    def _recognised(cls, first: Envelope) -> "Iterator[Detection[PageNumber]]":
        if not first.rows:
            return
        asked, link = asked_by(first), shown_by_next(first)
        # The API's own link says by what name a page is asked for.
        number, size = number_in(link, PAGES), number_in(link | asked, SIZES)
        base = first_of(number[0], (0, 1), number[1], 1, asked) if number else None
        if number and base is not None and len(link) == 1 + (size is not None and size[0] in link):
            yield cls._with(first, (number[0], base), size, f"the link to the next page has {number[0]}={number[1]}")
        # So does the request, if whoever wrote it asked for the first page.
        number = number_in(asked, PAGES)
        if number and number[1] in (0, 1):
            yield cls._with(first, number, number_in(asked, SIZES), f"the URL asks for {number[0]}={number[1]}")
        # A total beside the `page` that the API understood. The page size is left to the server: the name it is echoed
        # under is often not the one it is asked by.
        for section in first.sections:
            number, pages = first.echo(section, _ECHOED), first.echo(section, PAGE_TOTALS)
            count = first.total.count if first.total else pages[1] * first.rows if pages else None
            flag = flag_of_more(first) if count is None else None
            if number is None or number[1] not in (0, 1):
                continue
            evidence = f"the body echoes {section}{number[0]}"
            if flag:
                found = cls._with(first, number, None, f"{evidence} beside {flag}", section)
                yield replace(found, paginator=replace(found.paginator, has_more_path=flag))
            elif count is not None and not says_more_than_its_total(first, count):
                yield cls._with(first, number, None, evidence, section)
        if first.total and first.total.place.header == "x-wp-total":
            yield cls._with(first, ("page", 1), None, "WordPress counts its pages by page")

    @classmethod
    def _with(
        cls, first: Envelope, number: Number, size: Number | None, evidence: str, section: str = ""
    ) -> "Detection[PageNumber]":
        """Pages from `number` on, in pages of `size`, up to the total or the number of pages that there is."""
        name, limit = size if size and 1 <= size[1] <= MAX_LIMIT else (None, None)
        found, total = cls(number[0], number[1], name, limit), first.total
        pages = first.echo(section, PAGE_TOTALS)
        if total is not None:
            found = replace(found, total_path=total.place.path, total_header=total.place.header)
            return Detection(found, f"{evidence} beside {total.place}")
        if pages is not None:
            found = replace(found, total_pages_path=section + identifier(pages[0]))
            return Detection(found, f"{evidence} beside {section}{pages[0]}")
        last = last_page(first, number[0])
        if last is not None:
            found = replace(found, total_pages_path=last or None, total_pages_header=None if last else "Link")
            return Detection(found, f"{evidence} beside a link to the last page")
        return Detection(found, evidence)

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameters that change page by page, by the field that names each."""
        return {} if self.page_body_path else {"page_param": self.page_param}

    @property
    def body_paths(self) -> dict[str, str]:
        """The paths of what is sent in the body instead, by the field that names each."""
        paths = {"page_body_path": self.page_body_path, "limit_body_path": self.limit_body_path}
        return {name: path for name, path in paths.items() if path}

    @property
    def names_total(self) -> bool:
        """Whether the spec itself says where the total is, so that nothing needs to be found."""
        return self.total_place is not None

    @property
    def total_place(self) -> TotalPlace | None:
        if self.total_path or self.total_header:
            return TotalPlace(self.total_path, self.total_header)
        if self.total_pages_path or self.total_pages_header:
            numbered = (self.page_param, self.base_page)
            return TotalPlace(self.total_pages_path, self.total_pages_header, of_pages=True, numbered=numbered)
        return None

    def contradiction(self) -> str | None:
        """Two fields that exclude each other, as a sentence."""
        if self.limit_param and self.limit_body_path:
            return "paginator.limit_param and paginator.limit_body_path both say where the page size goes; give one"
        if (self.limit is None) != (self.limit_param is self.limit_body_path is None):
            return "paginator.limit and paginator.limit_param go together; give both or neither"
        totals = ("total_path", "total_header", "total_pages_path", "total_pages_header")
        return (
            equal_fields({"limit_param": self.limit_param, "page_param": self.page_param})
            or equal_fields({"limit_body_path": self.limit_body_path, "page_body_path": self.page_body_path})
            or equal_fields({"total_path": self.total_path, "total_pages_path": self.total_pages_path})
            or several_totals({name: getattr(self, name) for name in totals})
            or several_flags(self.has_more_path, self.has_more_header, self.has_more_when)
        )

    def says_more(self, envelope: Envelope) -> bool | None:
        """Whether there is more, by what the spec names for it; None where it names nothing, or nothing is there."""
        return has_more(envelope.page, self.has_more_path, self.has_more_header, self.has_more_when)

    def change(self, index: int, page_size: int | None, _received: int = 0) -> Change:
        """What the request for page `index` (0 is the first) has of its own. `page_size` None: not known yet."""
        return change_of(
            (self.page_param, self.page_body_path, self.base_page + index),
            (self.limit_param, self.limit_body_path, page_size or self.limit or 0),
        )

    def extent(self, first: Envelope, _guessed: bool) -> Extent:
        """Raises JobRejected where the first page contradicts itself."""
        return extent_by(first.declared(self.total_place), first, self.limit)

    def pinned(self, first: Envelope) -> "PageNumber":
        """The paginator with the place where the total was found, so that later pages need no search."""
        if self.names_total:
            return self
        total = first.declared(None)
        return self if total is None else replace(self, total_path=total.place.path, total_header=total.place.header)

    def total_now(self, later: Envelope) -> int | None:
        """The total of records that a later page declares; None where it declares none to be believed."""
        try:
            total = later.declared(self.total_place)
        except JobRejected:
            return None
        return None if total is None or total.of_pages else total.count
