"""How much there is, from what the first page says."""

from dataclasses import dataclass

from poller.errors import JobRejected
from poller.paging.envelope import Envelope
from poller.paging.totals import Total
from poller.text import counted


@dataclass(frozen=True, slots=True)
class Extent:
    """Pages, records a page, and the number of records that must arrive (None if only the pages are known).

    `is_declared`: the API said how much there is; otherwise this is the first page, and how it goes on will show.
    """

    pages: int
    page_size: int
    records: int | None
    is_declared: bool = True


def extent_by(total: Total | None, envelope: Envelope, limit: int | None) -> Extent:
    """What `total` makes of the first page. `limit` is the page size that was asked for.

    Raises JobRejected where the two contradict each other.
    """
    if total is None:
        return Extent(1, envelope.rows or limit or 1, None, is_declared=False)
    return _by_pages(total, envelope.rows, limit) if total.of_pages else _by_records(total, envelope.rows)


def _by_pages(total: Total, rows: int, limit: int | None) -> Extent:
    _refuse_unless(total.count >= 1 or rows == 0, f"{_said(total)}, but {counted(rows, 'record')} arrived")
    _refuse_unless(rows > 0 or total.count <= 1, f"{_said(total)}, but the first page holds no records")
    # The API counted its pages for the size that was asked for: all pages have to be asked for in that size.
    return Extent(max(1, total.count), limit or max(1, rows), None)


def _by_records(total: Total, rows: int) -> Extent:
    arrived = f"{counted(rows, 'record')} arrived on the first page"
    _refuse_unless(total.count >= rows, f"{_said(total)}, but {arrived}")
    _refuse_unless(rows > 0 or total.count == 0, f"{_said(total)}, but the first page holds no records")
    # The rows that came are the size that the server really serves: one that caps the page size
    # answers a larger limit with fewer, and stepping by the limit would skip the difference.
    size = max(1, rows)
    pages = max(1, -(-total.count // size))
    # At least so many: what is there may be more, and only the end will show.
    return Extent(pages, size, None if total.is_floor else total.count, is_declared=not total.is_floor)


def _said(total: Total) -> str:
    return f"{total.place} is {total.count:,}"


def _refuse_unless(condition: bool, seen: str) -> None:
    if not condition:
        raise JobRejected(f"the API contradicts itself: {seen}; nothing was fetched")
