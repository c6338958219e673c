"""`offset`: pages by the number of records to skip."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from poller.errors import JobRejected
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.extent import Extent, extent_by
from poller.paging.paginators.rules import MAX_LIMIT, equal_fields, several_totals
from poller.paging.totals import TotalPlace, page_size_at
from poller.readers import Reader, integer, path_of, statuses, text

_SIZES = ("limit", "per_page", "perPage", "page_size", "pageSize", "size", "count")


@dataclass(frozen=True, slots=True)
class Offset:
    """`limit` None: the server's own page size."""

    limit: int | None = None
    limit_param: str = "limit"
    offset_param: str = "offset"
    total_path: str | None = None
    total_header: str | None = None
    limit_path: str | None = None
    end_status_codes: tuple[int, ...] = ()

    TYPE: ClassVar = "offset"
    COUNTS_RECORDS: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {
        "limit": integer(1, MAX_LIMIT),
        "limit_param": text,
        "offset_param": text,
        "total_path": path_of,
        "total_header": text,
        "limit_path": path_of,
        "end_status_codes": statuses,
    }

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[Offset] | None":
        return next(cls._recognised(first), None)

    @classmethod
    def _recognised(cls, first: Envelope) -> "Iterator[Detection[Offset]]":
        # Asked for by `startAt` and `count`.
        body, names = first.page.value, ("maxRecordsPerPage", "totalRecords", "payload")
        if isinstance(body, dict) and all(name in body for name in names):
            size = min(page_size_at("maxRecordsPerPage", first.page), MAX_LIMIT)
            found = cls(limit=size, limit_param="count", offset_param="startAt", total_path="totalRecords")
            yield Detection(found, f"the body has {', '.join(names)}")
        # A total beside the offset and page size that the API understood.
        for section in first.sections:
            offset, size_echo = first.echo(section, ("offset", "skip")), first.echo(section, _SIZES)
            if not (offset and size_echo and first.total and offset[1] == 0 and size_echo[1] >= first.rows > 0):
                continue
            place = first.total.place
            found = cls(
                limit=min(size_echo[1], MAX_LIMIT), limit_param=size_echo[0], offset_param=offset[0],
                total_path=place.path, total_header=place.header,
            )  # fmt: skip
            echoes = f"{section}{offset[0]} and {section}{size_echo[0]}"
            yield Detection(found, f"the body echoes {echoes} beside {place}")

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameters that change page by page, by the field that names each."""
        return {"offset_param": self.offset_param}

    @property
    def names_total(self) -> bool:
        """Whether the spec itself says where the total is, so that nothing needs to be found."""
        return self.total_place is not None

    @property
    def total_place(self) -> TotalPlace | None:
        return TotalPlace(self.total_path, self.total_header) if self.total_path or self.total_header else None

    def contradiction(self) -> str | None:
        """Two fields that exclude each other, as a sentence."""
        return (
            equal_fields({"limit_param": self.limit_param, "offset_param": self.offset_param})
            or equal_fields({"limit_path": self.limit_path, "total_path": self.total_path})
            or several_totals({"total_path": self.total_path, "total_header": self.total_header})
        )

    def parameters(self, index: int, page_size: int | None, received: int = 0) -> dict[str, str]:
        """The query parameters of page `index` (0 is the first), or of what is missing from it behind the records that
        were `received`. `page_size` None: not known yet."""
        limit = page_size or self.limit
        # The first request of an API whose page size is not known yet names no offset either:
        # index 0 is where every API starts.
        if limit is None:
            return {}
        return {self.limit_param: str(limit - received), self.offset_param: str(index * limit + received)}

    def extent(self, first: Envelope, _guessed: bool) -> Extent:
        """Raises JobRejected where the first page contradicts itself."""
        if self.limit_path:
            page_size_at(self.limit_path, first.page)
        return extent_by(first.declared(self.total_place), first, self.limit)

    def pinned(self, first: Envelope) -> "Offset":
        """The paginator with the place where the total was found, so that later pages need no search."""
        total = first.declared(self.total_place)
        return self if total is None else replace(self, total_path=total.place.path, total_header=total.place.header)

    def total_now(self, later: Envelope) -> int | None:
        """The total of records that a later page declares; None where it declares none to be believed."""
        try:
            total = later.declared(self.total_place)
        except JobRejected:
            return None
        return None if total is None else total.count
