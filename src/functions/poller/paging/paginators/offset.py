"""`offset`: pages by the number of records to skip."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from poller.errors import JobRejected
from poller.paging.body_path import body_path
from poller.paging.change import Change, change_of
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.evidence import Number, asked_by, first_of, number_in, says_more_than_its_total, shown_by_next
from poller.paging.extent import Extent, extent_by
from poller.paging.next_places import flag_of_more
from poller.paging.page_words import OFFSETS, SIZES
from poller.paging.paginators.rules import HAS_MORE, MAX_LIMIT, equal_fields, several_flags, several_totals
from poller.paging.said import Word, has_more
from poller.paging.totals import TotalPlace, page_size_at
from poller.readers import Reader, flag, integer, path_of, statuses, text
from poller.text import plain

_ECHOED = {"offset", "skip", "startat"}  # under the names that they are asked by


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
    base_offset: int = 0
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    offset_body_path: str | None = None
    limit_body_path: str | None = None
    stop_on_empty: bool = True

    TYPE: ClassVar = "offset"
    COUNTS_RECORDS: ClassVar = True
    IS_OF_MANY: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {
        "limit": integer(1, MAX_LIMIT),
        "limit_param": text,
        "offset_param": text,
        "total_path": path_of,
        "total_header": text,
        "limit_path": path_of,
        "end_status_codes": statuses,
        "base_offset": integer(0, 1_000_000),
        **HAS_MORE,
        "offset_body_path": body_path,
        "limit_body_path": body_path,
        "stop_on_empty": flag,
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
            if not says_more_than_its_total(first, first.total.count if first.total else 0):
                found = cls(limit=size, limit_param="count", offset_param="startAt", total_path="totalRecords")
                yield Detection(found, f"the body has {', '.join(names)}")
        if not first.rows:
            return
        asked, link = asked_by(first), shown_by_next(first)
        # The API's own link says by what names records are asked for; OData's may leave out the size.
        skipped, size_asked = number_in(link, OFFSETS), number_in(link | asked, SIZES)
        if skipped and size_asked is None and skipped[0] == "$skip":
            size_asked = ("$top", first.rows)
        if skipped and size_asked and len(link) == 1 + (size_asked[0] in link):
            steps = (first_of(skipped[0], (0, 1), skipped[1], step, asked) for step in (size_asked[1], first.rows))
            base = next((base for base in steps if base is not None), None)
            if base is not None:
                evidence = f"the link to the next page has {skipped[0]}={skipped[1]}"
                yield cls._with(first, (skipped[0], base), size_asked, evidence)
        # So does the request, if whoever wrote it asked for the first records.
        skipped, size_asked = number_in(asked, OFFSETS), number_in(asked, SIZES)
        if skipped and size_asked and skipped[1] in (0, plain(skipped[0]) == "startindex"):
            yield cls._with(first, skipped, size_asked, f"the URL asks for {skipped[0]}={skipped[1]}")
        flag = None if first.total else flag_of_more(first)
        if not flag and (not first.total or says_more_than_its_total(first, first.total.count)):
            return
        # SCIM counts from 1, and asks for `count` (RFC 7644, section 3.4.2.4).
        if isinstance(body, dict) and "Resources" in body and body.get("startIndex") == 1:
            yield cls._with(
                first, ("startIndex", 1), ("count", first.rows), "the body has startIndex and Resources, as SCIM"
            )
        # A total, or a flag, beside the offset and page size that the API understood.
        for section in first.sections:
            offset, size_echo = first.echo(section, _ECHOED), first.echo(section, SIZES)
            if offset and size_echo and offset[1] == 0 and size_echo[1] >= first.rows:
                evidence = f"the body echoes {section}{offset[0]} and {section}{size_echo[0]}"
                one = cls._with(first, offset, size_echo, f"{evidence} beside {flag}" if flag else evidence)
                yield replace(one, paginator=replace(one.paginator, has_more_path=flag)) if flag else one

    @classmethod
    def _with(cls, first: Envelope, skipped: Number, size: Number, evidence: str) -> "Detection[Offset]":
        """Records from `skipped` on, in pages of `size`, up to the total if there is one."""
        found = cls(min(max(1, size[1]), MAX_LIMIT), size[0], skipped[0], base_offset=skipped[1])
        if first.total is None:
            return Detection(found, evidence)
        place = first.total.place
        found = replace(found, total_path=place.path, total_header=place.header)
        return Detection(found, f"{evidence} beside {place}")

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameters that change page by page, by the field that names each."""
        return {} if self.offset_body_path else {"offset_param": self.offset_param}

    @property
    def body_paths(self) -> dict[str, str]:
        """The paths of what is sent in the body instead, by the field that names each."""
        paths = {"offset_body_path": self.offset_body_path, "limit_body_path": self.limit_body_path}
        return {name: path for name, path in paths.items() if path}

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
            or equal_fields({"limit_body_path": self.limit_body_path, "offset_body_path": self.offset_body_path})
            or equal_fields({"limit_path": self.limit_path, "total_path": self.total_path})
            or several_totals({"total_path": self.total_path, "total_header": self.total_header})
            or several_flags(self.has_more_path, self.has_more_header, self.has_more_when)
        )

    def says_more(self, envelope: Envelope) -> bool | None:
        """Whether there is more, by what the spec names for it; None where it names nothing, or nothing is there."""
        return has_more(envelope.page, self.has_more_path, self.has_more_header, self.has_more_when)

    def change(self, index: int, page_size: int | None, received: int = 0) -> Change:
        """What the request for page `index` (0 is the first) has of its own, or the one for what is missing from it
        behind the records that were `received`. `page_size` None: not known yet."""
        limit = page_size or self.limit
        # The first request of an API whose page size is not known yet names no offset either:
        # index 0 is where every API starts.
        if limit is None:
            return Change()
        return change_of(
            (self.limit_param, self.limit_body_path, limit - received),
            (self.offset_param, self.offset_body_path, self.base_offset + index * limit + received),
        )

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
