"""Cutting a job into tasks: how many pages there are, how many a task takes, how many run at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from poller.errors import JobRejected
from poller.jobs.model import Geometry, Task
from poller.paging.more_signs import promises_more
from poller.paging.totals import declared_total, find_total, page_size_at
from poller.specs.model import Auto, JobSpec, Offset, PageNumber, Paginator, SinglePage
from poller.text import counted
from poller.values import Page

_TASK_BYTES = 8 * 1024 * 1024  # of raw pages: a worker holds a task in memory
_TASK_SECONDS = 30.0  # of fetching, at the first page's pace: far inside the function's timeout
_MOST_PAGES_PER_TASK = 100
_FINE_PROGRESS = 200  # tasks that a small job is cut into, so that its progress can be seen
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """What PreparePollerJob decided. `records` is the number of records that must arrive, None if unknown."""

    spec: JobSpec
    geometry: Geometry
    records: int | None
    threads: int
    map_concurrency: int


def make_plan(spec: JobSpec, page: Page, page_bytes: int, page_seconds: float, guessed: bool = False) -> Plan:
    """Plan all pages from `page`, the answer to `spec`'s first request. `guessed`: `auto` chose the paginator.

    Raises JobRejected where the totals cannot be believed, pass `maximum_pages`, or are nobody's word but a guess
    that the rest of the response contradicts.
    """
    pages, page_size, records = _extent(spec, page, guessed)
    if guessed or not _is_told(spec.paginator):
        _refuse_contradicted(page, pages)
    spec = replace(spec, data_selector=page.selector, paginator=_with_total_place(spec.paginator, page))
    if pages > spec.maximum_pages:
        raise JobRejected(
            f"the API declares {counted(pages, 'page')} of {counted(page_size, 'record')}, and maximum_pages is "
            f"{spec.maximum_pages:,}; nothing was fetched. Raise maximum_pages, or narrow the request"
        )
    per_task = pages_per_task(pages, page_bytes, page_seconds)
    threads = min(per_task, spec.max_concurrency, _MOST_THREADS)
    per_task -= per_task % threads  # whole rounds: in a round of fewer pages, threads would wait for nothing
    geometry = Geometry(pages, per_task, page_size)
    return Plan(spec, geometry, records, threads, max(1, spec.max_concurrency // threads))


def pages_per_task(pages: int, page_bytes: int, page_seconds: float) -> int:
    """At least 1: few enough for memory, time and visible progress, many enough to cost little."""
    by_bytes = _TASK_BYTES // max(1, page_bytes)
    by_time = int(_TASK_SECONDS / max(0.001, page_seconds))
    return max(1, min(_MOST_PAGES_PER_TASK, by_bytes, by_time, -(-pages // _FINE_PROGRESS)))


def tasks(geometry: Geometry) -> Iterator[Task]:
    """Every task of the plan, in order. The same geometry gives the same ids, so nothing needs to be stored."""
    for index in range(geometry.tasks):
        yield task_at(geometry, index)


def task_at(geometry: Geometry, index: int) -> Task:
    first = index * geometry.pages_per_task
    return Task(f"t{index:08d}", first, min(geometry.pages_per_task, geometry.pages - first))


def first_page(geometry: Geometry, task_id: str) -> int:
    """The index of a task's first page, from its id."""
    return int(task_id[1:]) * geometry.pages_per_task


def _extent(spec: JobSpec, page: Page, guessed: bool) -> tuple[int, int, int | None]:
    """Pages, records a page, and records in all (None if only the number of pages is known)."""
    paginator, rows = spec.paginator, len(page.records)
    match paginator:
        case SinglePage():
            # Who asks for a single page says that it is everything: what it calls its total may be a sum of money.
            found = find_total(page) if guessed else None
            return 1, max(1, rows), found.count if found else None
        case Offset() | PageNumber():
            total = declared_total(paginator, page)
            if isinstance(paginator, Offset) and paginator.limit_path:
                page_size_at(paginator.limit_path, page)
        case Auto():
            raise AssertionError("auto is resolved before planning")
    if total.of_pages:
        _refuse_unless(
            total.count >= 1 or rows == 0, f"{total.place} is {total.count}, but {counted(rows, 'record')} arrived"
        )
        _refuse_unless(
            rows > 0 or total.count <= 1, f"{total.place} is {total.count}, but the first page holds no records"
        )
        # The API counted its pages for the size that was asked for: all pages have to be asked for in that size.
        return max(1, total.count), paginator.limit or max(1, rows), None
    _refuse_unless(
        total.count >= rows, f"{total.place} is {total.count}, but {counted(rows, 'record')} arrived on the first page"
    )
    _refuse_unless(
        rows > 0 or total.count == 0, f"{total.place} is {total.count:,}, but the first page holds no records"
    )
    # The rows that came are the size that the server really serves: one that caps the page size
    # answers a larger limit with fewer, and stepping by the limit would skip the difference.
    size = max(1, rows)
    return max(1, -(-total.count // size)), size, total.count


def _with_total_place(paginator: Paginator, page: Page) -> Paginator:
    """The paginator with the place where the total was found, so that later pages need no search."""
    if not isinstance(paginator, Offset | PageNumber) or _names_total(paginator):
        return paginator
    total = declared_total(paginator, page)
    return replace(paginator, total_path=total.path, total_header=total.header)


def _names_total(paginator: Paginator) -> bool:
    fields = ("total_path", "total_header", "total_pages_path", "total_pages_header")
    return any(getattr(paginator, field, None) for field in fields)


def _is_told(paginator: Paginator) -> bool:
    """Whether the spec itself says how much there is, so that nothing needs to be found in the response."""
    return isinstance(paginator, SinglePage) or _names_total(paginator)


def _refuse_contradicted(page: Page, pages: int) -> None:
    """Raise JobRejected where the response says that there is more than the `pages` that its total makes."""
    find_total(page)  # raises where several totals disagree
    more = ", ".join(promises_more(page, pages))
    if more:
        raise JobRejected(
            f"the API contradicts itself: its total makes {pages:,} page{'s' * (pages > 1)}, but there is more by what "
            f"else it says ({more}); nothing was fetched. Set paginator to offset or page_number and name the total "
            "that counts with total_path or total_header, or to single_page if this is everything"
        )


def _refuse_unless(condition: bool, seen: str) -> None:
    if not condition:
        raise JobRejected(f"the API contradicts itself: {seen}; nothing was fetched")
