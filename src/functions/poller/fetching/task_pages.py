"""Asking for a task's pages, several at once, up to the first that has to wait."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

from poller.errors import InvalidPayload, PaginationLoop, PauseRequested, PollerError, RetriablePollerError
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.page_fetcher import PageFetcher
from poller.paging.boundaries import boundary_digests
from poller.paging.envelope import Envelope
from poller.paging.paginators import PageNumber
from poller.specs.model import JobSpec
from poller.specs.page_request import page_request
from poller.values import Page

_MAX_BYTES = 64 * 1024 * 1024  # the plan knew the first page only; later ones may be much larger


@dataclass(frozen=True, slots=True)
class WantedPages:
    """Consecutive pages of one task: those with the indices from `first` to before `end`, of a job's `pages`.

    `digest_before` tells the page that they must not repeat, "" where none is known. `kept_bytes` were stored before.
    `is_counted`: the number of records that must arrive is known, so an empty page needs no suspicion of its own.
    """

    spec: JobSpec
    page_size: int
    first: int
    end: int
    pages: int
    digest_before: str = ""
    kept_bytes: int = 0
    is_counted: bool = True
    threads: int = 1


def fetch_pages(
    wanted: WantedPages, fetcher: PageFetcher
) -> tuple[list[FetchedPage], PauseRequested | RetriablePollerError | None]:
    """The wanted pages, in order and without a gap; and why they are not all, if so.

    Raises the PermanentPollerError of the first page that has one, and PaginationLoop where one repeats its
    neighbour.
    """
    paginator = wanted.spec.known_paginator
    sizes = [wanted.kept_bytes]  # appending is safe from several threads
    pages: list[FetchedPage] = []
    pause = None

    def fetch(index: int) -> FetchedPage:
        try:
            page = fetcher.fetch(page_request(wanted.spec, index, wanted.page_size))[0]
            sizes.append(len(page.line.encode()))
            if sum(sizes) > _MAX_BYTES:
                raise InvalidPayload(f"the pages of this task are larger than {_MAX_BYTES // 2**20} MiB together")
            _refuse_empty(wanted, index, page)
        except PollerError as error:
            error.page = index
            raise
        digest = page.digest if page.records else ""
        declared = paginator.total_now(Envelope(page))
        return FetchedPage(page.line, len(page.records), digest, declared, *boundary_digests(page.records))

    with ThreadPoolExecutor(wanted.threads) as pool:
        try:
            for page in pool.map(fetch, range(wanted.first, wanted.end)):
                pages.append(page)  # one by one: what has arrived before a pause is kept
        except (PauseRequested, RetriablePollerError) as error:
            pause = error
        finally:
            pool.shutdown(cancel_futures=True)
    for index, before, page in _neighbours(wanted.first, wanted.digest_before, pages):
        if page.digest and page.digest == before:
            loop = PaginationLoop(
                f"page {index + 1} repeats the records of an earlier page; the API seems to ignore the page asked for"
            )
            loop.page = index
            raise loop
    return pages, pause


def _refuse_empty(wanted: WantedPages, index: int, page: Page) -> None:
    """Where only the number of pages is known, a page without records is the one sign that some are missing."""
    if page.records or wanted.is_counted or wanted.pages == 1:
        return
    message = f"page {index + 1} of {wanted.pages} holds no records"
    paginator = wanted.spec.paginator
    if index == wanted.pages - 1 and isinstance(paginator, PageNumber) and paginator.base_page > 0:
        message += "; does the API count its pages from 0? set paginator.base_page"
    raise InvalidPayload(message)


def _neighbours(first: int, before: str, pages: list[FetchedPage]) -> Iterator[tuple[int, str, FetchedPage]]:
    """Each page after the job's first, with the digest that it must not repeat."""
    if first > 0 and pages:
        yield first, before, pages[0]
    for index, (page, following) in enumerate(pairwise(pages), start=first + 1):
        yield index, page.digest, following
