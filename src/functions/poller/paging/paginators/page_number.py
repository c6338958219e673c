"""`page_number`: pages by number."""

from dataclasses import dataclass, replace
from typing import ClassVar

from poller.errors import JobRejected
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.extent import Extent, extent_by
from poller.paging.more_signs import PAGE_TOTALS
from poller.paging.paginators.rules import MAX_LIMIT, equal_fields, several_totals
from poller.paging.totals import TotalPlace
from poller.readers import Reader, integer, path_of, statuses, text


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

    TYPE: ClassVar = "page_number"
    COUNTS_RECORDS: ClassVar = False
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
    }

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[PageNumber] | None":
        """A number of records or of pages, beside the `page` that the API understood.

        The page size is left to the server: the name it is echoed under is often not the one it is asked by.
        """
        for section in first.sections:
            number = first.echo(section, ("page", "page_number", "pageNumber"))
            if number is None or number[1] not in (0, 1) or not first.rows:
                continue
            found, echoes = cls(page_param=number[0], base_page=number[1]), f"the body echoes {section}{number[0]}"
            total, pages = first.total, first.echo(section, PAGE_TOTALS)
            if total is not None:
                place = total.place
                found = replace(found, total_path=place.path, total_header=place.header)
                return Detection(found, f"{echoes} beside {place}")
            if pages is not None:
                found = replace(found, total_pages_path=section + pages[0])
                return Detection(found, f"{echoes} beside {section}{pages[0]}")
        return None

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameters that change page by page, by the field that names each."""
        return {"page_param": self.page_param}

    @property
    def names_total(self) -> bool:
        """Whether the spec itself says where the total is, so that nothing needs to be found."""
        return self.total_place is not None

    @property
    def total_place(self) -> TotalPlace | None:
        if self.total_path or self.total_header:
            return TotalPlace(self.total_path, self.total_header)
        if self.total_pages_path or self.total_pages_header:
            return TotalPlace(self.total_pages_path, self.total_pages_header, of_pages=True)
        return None

    def contradiction(self) -> str | None:
        """Two fields that exclude each other, as a sentence."""
        if (self.limit is None) != (self.limit_param is None):
            return "paginator.limit and paginator.limit_param go together; give both or neither"
        totals = ("total_path", "total_header", "total_pages_path", "total_pages_header")
        return (
            equal_fields({"limit_param": self.limit_param, "page_param": self.page_param})
            or equal_fields({"total_path": self.total_path, "total_pages_path": self.total_pages_path})
            or several_totals({name: getattr(self, name) for name in totals})
        )

    def parameters(self, index: int, page_size: int | None, _received: int = 0) -> dict[str, str]:
        """The query parameters of page `index` (0 is the first). `page_size` None: not known yet."""
        asked = {self.page_param: str(self.base_page + index)}
        if self.limit_param is not None:
            asked[self.limit_param] = str(page_size or self.limit)
        return asked

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
