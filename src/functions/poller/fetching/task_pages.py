"""Asking for a task's pages, several at once, up to the first that has to wait."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from poller.datasets.records import ends
from poller.errors import HeldBack, InvalidPayload, PaginationLoop, PollerError, RetriablePollerError
from poller.fetching.page_fetcher import PageFetcher
from poller.jobs.model import Job, Task, TaskRow
from poller.paging.page_request import page_request
from poller.paging.totals import total_now
from poller.specs.model import PageNumber
from poller.values import Page

_MOST_BYTES = 64 * 1024 * 1024  # the plan knew the first page only; later ones may be much larger


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What a task holds of a page until it is stored. The page as parsed takes up to ten times the memory.

    `line` is its text, `records` their number. `digest` is "" where there are none: two empty pages are no repetition.
    `declared` is the total of records that the API declared on it, None where it did not. `first` and `last` tell its
    outermost records from others.
    """

    line: str
    records: int
    digest: str
    declared: int | None
    first: str = ""
    last: str = ""


def fetch_pages(
    job: Job, task: Task, kept: TaskRow, fetcher: PageFetcher
) -> tuple[list[FetchedPage], HeldBack | RetriablePollerError | None]:
    """The task's pages after the first `kept.pages`, in order and without a gap; and why they are not all, if so.

    Raises the PermanentPollerError of the first page that has one, and PaginationLoop where one repeats its
    neighbour or the job's first page.
    """
    spec, shape = job.planned
    sizes = [kept.bytes]  # appending is safe from several threads
    pages: list[FetchedPage] = []
    pause = None

    def fetch(index: int) -> FetchedPage:
        try:
            page = fetcher.fetch(page_request(spec, index, shape.page_size))[0]
            sizes.append(len(page.line.encode()))
            if sum(sizes) > _MOST_BYTES:
                raise InvalidPayload(f"the pages of this task are larger than {_MOST_BYTES // 2**20} MiB together")
            _refuse_empty(job, index, page)
        except PollerError as error:
            error.page = index
            raise
        digest = page.digest if page.records else ""
        return FetchedPage(page.line, len(page.records), digest, total_now(spec.paginator, page), *ends(page.records))

    first = task.first_page + kept.pages
    with ThreadPoolExecutor(job.threads) as pool:
        try:
            for page in pool.map(fetch, range(first, task.first_page + task.pages)):
                pages.append(page)  # one by one: what has arrived before a pause is kept
        except (HeldBack, RetriablePollerError) as error:
            pause = error
        finally:
            pool.shutdown(cancel_futures=True)
    for index, before, page in _neighbours(first, kept.last_digest if kept.pages else job.first_page_digest, pages):
        if page.digest and page.digest == before:
            loop = PaginationLoop(
                f"page {index + 1} repeats the records of an earlier page; the API seems to ignore the page asked for"
            )
            loop.page = index
            raise loop
    return pages, pause


def _refuse_empty(job: Job, index: int, page: Page) -> None:
    """Where only the number of pages is known, a page without records is the one sign that some are missing."""
    spec, shape = job.planned
    if page.records or job.records_expected is not None or shape.pages == 1:
        return
    message = f"page {index + 1} of {shape.pages} holds no records"
    if index == shape.pages - 1 and isinstance(spec.paginator, PageNumber) and spec.paginator.base_page > 0:
        message += "; does the API count its pages from 0? set paginator.base_page"
    raise InvalidPayload(message)


def _neighbours(first: int, before: str, pages: list[FetchedPage]) -> Iterator[tuple[int, str, FetchedPage]]:
    """Each page after the job's first, with the digest that it must not repeat."""
    if first > 0 and pages:
        yield first, before, pages[0]
    for index, (page, following) in enumerate(pairwise(pages), start=first + 1):
        yield index, page.digest, following
