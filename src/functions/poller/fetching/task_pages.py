"""Asking for a task's planned pages, several at once, up to the first that has to wait."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from poller.errors import (
    InvalidPayload,
    PaginationLoop,
    PauseRequested,
    PollerError,
    RetriablePollerError,
    UpstreamUnavailable,
)
from poller.fetching.data_end import DataEnd
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.whole_page import Halt, PageHalted, PageSource
from poller.paging.paginators import PageNumber

_MAX_BYTES = 64 * 1024 * 1024  # the plan knew the first page only; later ones may be much larger


@dataclass(frozen=True, slots=True)
class WantedPages:
    """Consecutive pages of one task: those with the indices from `first` to before `end`, of a job's `pages`; with
    `is_open`, and those behind them.

    `records` is how many all pages of the job must hold, None where that is not known: then an empty page is
    suspicious. `digest_before` tells the page that they must not repeat, `first_digest` the job's first page; "" where
    none is known. `kept_bytes` were stored before, with `had` records of the first page.
    """

    first: int
    end: int
    pages: int
    is_open: bool = False
    records: int | None = None
    digest_before: str = ""
    first_digest: str = ""
    kept_bytes: int = 0
    had: int = 0
    threads: int = 1

    def had_of(self, index: int) -> int:
        """How many records of page `index` are stored."""
        return self.had if index == self.first else 0


@dataclass(slots=True)
class FetchedPages:
    """What came of a task: pages in order and without a gap. `halt` is why they are not all, if so; `begun` is what had
    come of the page behind them.

    `end` is how the data ended, if they did, and `first_again` is the job's first page after that; `goes_on_at` is the
    page at which another task goes on, if this one had enough.
    """

    pages: list[FetchedPage] = field(default_factory=list)
    halt: Halt | None = None
    begun: FetchedPage | None = None
    end: DataEnd | None = None
    goes_on_at: int | None = None
    first_again: FetchedPage | None = None


Arrived = tuple[FetchedPage | None, DataEnd | None]
"""A page, and how the data ended with it or before it."""


def fetch_planned(wanted: WantedPages, source: PageSource) -> FetchedPages:
    """The planned pages among the wanted ones.

    Raises the PermanentPollerError of the first page that has one, and PaginationLoop where one repeats its
    neighbour. UpstreamUnavailable is a halt: the page may come in a later round.
    """
    fetched, sizes = FetchedPages(), [wanted.kept_bytes]  # appending is safe from several threads

    def fetch(index: int) -> Arrived:
        page, end = source.fetch_whole(index, _records_of(wanted, source, index), wanted.had_of(index))
        sizes.append(page.bytes)
        try:
            if sum(sizes) > _MAX_BYTES:
                raise InvalidPayload(f"the pages of this task are larger than {_MAX_BYTES // 2**20} MiB together")
            _refuse_empty(wanted, source, index, page)
        except PollerError as error:
            error.page = index
            raise
        return page, end

    for page, end in in_order(fetched, wanted.threads, fetch, range(wanted.first, wanted.end)):
        if page is not None:
            fetched.pages.append(page)  # one by one: what has arrived before a pause is kept
        fetched.end = end if wanted.is_open else None  # as far as it goes: only behind the last page is an end one
    if fetched.halt:
        fetched.end = None
    _mend_loops(wanted, source, fetched.pages)
    return fetched


def in_order(
    fetched: FetchedPages, threads: int, fetch: Callable[[int], Arrived], indices: Iterable[int]
) -> Iterator[Arrived]:
    """What `fetch` makes of the indices, up to the first that has to wait: `fetched.halt` then says why."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(fetch, indices)
        except (PauseRequested, RetriablePollerError, UpstreamUnavailable) as error:
            fetched.halt = error
        except PageHalted as error:
            fetched.halt, fetched.begun = error.halt, error.page
        finally:
            pool.shutdown(cancel_futures=True)


def _records_of(wanted: WantedPages, source: PageSource, index: int) -> int:
    """How many records page `index` must hold: asked for again where it does not."""
    size = source.page_size
    if index < wanted.pages - 1 or (wanted.is_open and source.spec.known_paginator.COUNTS_RECORDS):
        return size  # behind the last page's records is where the data end, or where more of them are
    return 0 if wanted.records is None else max(0, min(size, wanted.records - index * size))


def _refuse_empty(wanted: WantedPages, source: PageSource, index: int, page: FetchedPage) -> None:
    """Where only the number of pages is known, a page without records is the one sign that some are missing."""
    if page.records or wanted.had_of(index) or wanted.records is not None or wanted.pages == 1:
        return
    message = f"page {index + 1} of {wanted.pages} holds no records"
    paginator = source.spec.paginator
    if index == wanted.pages - 1 and isinstance(paginator, PageNumber) and paginator.base_page > 0:
        message += "; does the API count its pages from 0? set paginator.base_page"
    raise InvalidPayload(message)


def _mend_loops(wanted: WantedPages, source: PageSource, pages: list[FetchedPage]) -> None:
    """Ask once more for pages that repeat their neighbour: a cache may have mixed them up."""
    before = wanted.digest_before
    for place, page in enumerate(pages):
        index = wanted.first + place
        if index > 0 and page.digest and page.digest == before:
            pages[place] = replace(source.fetch(index), mended=True)
            if place and pages[place].digest == before:
                pages[place - 1] = replace(source.fetch(index - 1), mended=True)
                before = pages[place - 1].digest
            if pages[place].digest == before:
                loop = PaginationLoop(
                    f"page {index + 1} repeats the records of an earlier page, also when asked for again; "
                    "the API seems to ignore the page asked for"
                )
                loop.page = index
                raise loop
        before = pages[place].digest
