"""Where an API says how much there is, and whether that can be believed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poller.errors import JobRejected
from poller.paging.sections import Sections
from poller.paging.selector import as_count, select
from poller.values import Page

_MOST = 10**12  # more records than any job could fetch: a typing error or a broken API
# `count` is not among them: where one API counts everything under that name, another counts this page.
_TOTALS = (
    "total", "total_count", "totalCount", "total_records", "totalRecords", "total_items", "totalItems",
    "total_results", "totalResults", "count_total", "totalElements", "total_elements", "total_entries", "totalEntries",
    "total_rows", "totalRows", "totalSize", "totalHits", "nbHits", "numFound", "@odata.count",
)  # fmt: skip
_OF_PAGES = re.compile(r"\bpages?\.$")  # what page.total or pages.total counts is as likely pages
_TOTAL_HEADERS = (
    "x-total-count", "x-total", "total-count", "x-pagination-total-count", "x-wp-total", "x-total-records",
    "x-total-items", "x-total-results",
)  # fmt: skip
# Of records, in any unit but bytes (RFC 9110, section 14.4); PostgREST leaves the unit out.
_RANGE = re.compile(r"(?!bytes)([a-zA-Z]+ )?[0-9]+-[0-9]+/[0-9]+")


@dataclass(frozen=True, slots=True)
class TotalPlace:
    """Where a total is: a path into the body or a header's name; and whether it counts pages instead of records."""

    path: str | None = None
    header: str | None = None
    of_pages: bool = False

    def read(self, page: Page) -> "Total | None":
        """None where nothing is there, or null. Raises JobRejected where that is no believable count."""
        value = select(page.value, self.path) if self.path is not None else _from_header(page, self.header or "")
        return None if value is None else Total(_believable(value, str(self)), self)

    def __str__(self) -> str:
        return self.path or f"header {self.header}"


@dataclass(frozen=True, slots=True)
class Total:
    """A declared total: how many, and where that was read."""

    count: int
    place: TotalPlace

    @property
    def of_pages(self) -> bool:
        return self.place.of_pages


def totals_in_usual_places(page: Page, sections: Sections) -> Iterator[Total]:
    """Every total of records that has a usual name. Raises JobRejected where one is no believable count."""
    places = []
    for prefix, content in sections.items():
        for name in _TOTALS:
            if name == "total" and _OF_PAGES.search(prefix):
                continue
            value = select(page.value, prefix + name) if name in content else None
            if value is not None and not isinstance(value, dict | list):
                places.append(TotalPlace(path=prefix + name))
    places += [TotalPlace(header=header) for header in _TOTAL_HEADERS]
    if _RANGE.fullmatch(page.headers.get("content-range", "")):
        places.append(TotalPlace(header="content-range"))
    return (total for place in places if (total := place.read(page)) is not None)


def page_size_at(path: str, page: Page) -> int:
    """The server's own page size. Raises JobRejected where it is none: 0 would mean endless pages."""
    value = select(page.value, path)
    size = as_count(value)
    if not size or size > _MOST:
        raise JobRejected(f"the page size at {path} is {repr(value)[:40]}, not a believable one; nothing was fetched")
    return size


def _from_header(page: Page, header: str) -> Any:
    text = page.headers.get(header.lower())
    if text is None:
        return None
    # Content-Range: items 0-24/319 carries the total behind the slash, or * (RFC 9110, section 14.4).
    digits = text.rpartition("/")[2].strip()
    if digits == "*":
        return None
    return int(digits) if re.fullmatch(r"[0-9]{1,18}", digits) else text


def _believable(value: Any, place: str) -> int:
    count = as_count(value)
    if count is None or count > _MOST:
        shown = repr(value)[:40]
        raise JobRejected(
            f"the total at {place} is {shown}, not a believable whole number; nothing was fetched. "
            "If the total is elsewhere, say where with paginator.total_path"
        )
    return count
