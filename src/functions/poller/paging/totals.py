"""Where an API says how much there is, and whether that can be believed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poller.errors import JobRejected
from poller.paging.sections import sections
from poller.paging.selector import as_count, select
from poller.specs.model import Offset, PageNumber, Paginator, SinglePage
from poller.text import describe
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
class Total:
    """A declared total: how many, of what, and the body's path or the header where it was read."""

    count: int
    path: str | None = None
    header: str | None = None
    of_pages: bool = False

    @property
    def place(self) -> str:
        return self.path or f"header {self.header}"


def declared_total(paginator: Offset | PageNumber, page: Page) -> Total:
    """The total that the paginator's own fields point to, or else one in a usual place.

    Raises JobRejected where there is none, or where it is no believable count.
    """
    for path, of_pages in (
        (paginator.total_path, False),
        (getattr(paginator, "total_pages_path", None), True),
    ):
        if path:
            return Total(_believable(select(page.value, path), path, page), path=path, of_pages=of_pages)
    for header, of_pages in (
        (paginator.total_header, False),
        (getattr(paginator, "total_pages_header", None), True),
    ):
        if header:
            return Total(_from_header(page, header), header=header, of_pages=of_pages)
    found = find_total(page)
    if found is None:
        raise JobRejected(
            "the first response declares no total that could be found, so its pages cannot be planned; "
            f"say where it is with paginator.total_path or paginator.total_header ({describe(page.value)})"
        )
    return found


def total_now(paginator: Paginator, page: Page) -> int | None:
    """The total of records that a later page declares; None where it declares none that can be believed."""
    try:
        if isinstance(paginator, SinglePage):
            return max((total.count for total in _candidates(page)), default=None)
        if not isinstance(paginator, Offset | PageNumber):
            return None
        total = declared_total(paginator, page)
    except JobRejected:
        return None
    return None if total.of_pages else total.count


def find_total(page: Page) -> Total | None:
    """A total of records in a usual place of the body or the headers; None if there is none.

    Raises JobRejected where such a place holds something that is no believable count, or where two places disagree:
    some APIs call the number of rows on this page the total.
    """
    found = list(_candidates(page))
    if page.records:
        found = [total for total in found if total.count] or found  # 0 beside records: this one was not counted
    if len({total.count for total in found}) > 1:
        seen = ", ".join(f"{total.place} = {total.count}" for total in found)
        raise JobRejected(
            f"the first response declares several totals: {seen}; nothing was fetched. Say which one counts: "
            "set paginator to offset or page_number with total_path or total_header, or to single_page if this is all"
        )
    return found[0] if found else None


def _candidates(page: Page) -> Iterator[Total]:
    for prefix, content in sections(page).items():
        for name in _TOTALS:
            if name == "total" and _OF_PAGES.search(prefix):
                continue
            value = select(page.value, prefix + name) if name in content else None
            if value is not None and not isinstance(value, dict | list):
                yield Total(_believable(value, prefix + name, page), path=prefix + name)
    for header in _TOTAL_HEADERS:
        if header in page.headers:
            yield Total(_from_header(page, header), header=header)
    if _RANGE.fullmatch(page.headers.get("content-range", "")):
        yield Total(_from_header(page, "content-range"), header="content-range")


def page_size_at(path: str, page: Page) -> int:
    """The server's own page size. Raises JobRejected where it is none: 0 would mean endless pages."""
    value = select(page.value, path)
    size = as_count(value)
    if not size or size > _MOST:
        raise JobRejected(f"the page size at {path} is {repr(value)[:40]}, not a believable one; nothing was fetched")
    return size


def _from_header(page: Page, header: str) -> int:
    text = page.headers.get(header.lower())
    if text is None:
        raise JobRejected(f"the first response has no header {header}, where the total should be")
    # Content-Range: items 0-24/319 carries the total behind the slash (RFC 9110, section 14.4).
    digits = text.rpartition("/")[2].strip()
    value = int(digits) if re.fullmatch(r"[0-9]{1,18}", digits) else text
    return _believable(value, f"header {header}", page)


def _believable(value: Any, place: str, page: Page) -> int:
    if value is None:
        raise JobRejected(
            f"the first response has nothing at {place}, where the total should be; {describe(page.value)}"
        )
    count = as_count(value)
    if count is None or count > _MOST:
        shown = repr(value)[:40]
        raise JobRejected(
            f"the total at {place} is {shown}, not a believable whole number; nothing was fetched. "
            "If the total is elsewhere, say where with paginator.total_path"
        )
    return count
