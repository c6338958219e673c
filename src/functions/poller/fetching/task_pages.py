"""Asking for a task's planned pages, several at once. A page that does not come keeps none of the others back."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeVar

from poller.errors import (
    AuthFailed,
    InvalidPayload,
    PauseRequested,
    PermanentPollerError,
    RetriablePollerError,
    UpstreamUnavailable,
)
from poller.fetching.data_end import DataEnd
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.loops import mend_loops
from poller.fetching.whole_page import PageHalted, PageSource
from poller.paging.paginators import PageNumber

T = TypeVar("T")

_MAX_BYTES = 32 * 1024 * 1024  # the plan knew the first page only; later ones may be much larger


@dataclass(frozen=True, slots=True)
class WantedPages:
    """Consecutive pages of one task: those with the indices from `first` to before `end`, of a job's `pages`; with
    `is_open`, and those behind them.

    `is_fixed`: another task begins at `end` already, so this one cannot be cut any more. `records` is how many all
    pages of the job must hold, None where that is not known: then an empty page is suspicious. `digest_before` tells
    the page that they must not repeat, `first_digest` the job's first page; "" where none is known. `kept_bytes` were
    stored before, with `had` records of the first page, which spent all its attempts in so many `failed_rounds`.
    """

    first: int
    end: int
    pages: int
    is_open: bool = False
    is_fixed: bool = False
    records: int | None = None
    digest_before: str = ""
    first_digest: str = ""
    kept_bytes: int = 0
    had: int = 0
    failed_rounds: int = 0
    threads: int = 1

    def had_of(self, index: int) -> int:
        """How many records of page `index` are stored."""
        return self.had if index == self.first else 0

    def may_cut(self, index: int) -> bool:
        """Whether page `index` may become a task of its own. One of which records are stored may not."""
        return not self.is_fixed and not self.had_of(index)


Arrived = tuple[FetchedPage, DataEnd | None]
"""A page, and how the data ended with it."""


def fetch_planned(wanted: WantedPages, source: PageSource) -> list[FetchedPages]:
    """The planned pages among the wanted ones, in one piece, or cut where a page does not come.

    The first piece may be empty, and only the last one may have halted. Raises the PermanentPollerError of a page at
    which the task may not be cut.
    """
    pieces, size = [FetchedPages(wanted.first, wanted.digest_before)], wanted.kept_bytes
    fetch = partial(_fetch, wanted, source)
    for arrived in in_order(wanted.threads, fetch, range(wanted.first, wanted.end)):
        piece = pieces[-1]
        match arrived:
            case PageHalted(halt=halt, page=begun):
                piece.halt, piece.begun = halt, begun
            case AuthFailed():  # without credentials no page comes: the rest of the task has failed with it
                pieces.append(FetchedPages(piece.behind, failed=arrived))
                break
            case PermanentPollerError():
                pieces += [FetchedPages(piece.behind, failed=arrived), FetchedPages(piece.behind + 1)]
            case page, end:
                piece.pages.append(page)  # one by one: what has arrived before a pause is kept
                piece.end = end if wanted.is_open else None  # as far as it goes: behind the last page is an end one
                size += page.bytes
        if size > _MAX_BYTES and not wanted.is_fixed and pieces[-1].behind < wanted.end:
            pieces[-1].goes_on_at = pieces[-1].behind
            break
    return _linked(_without_loops(wanted, source, pieces))


def _fetch(wanted: WantedPages, source: PageSource, index: int) -> Arrived | PermanentPollerError:
    """A planned page, or why it does not come where others do not have to wait for it."""
    try:
        size, needed = _records_of(wanted, source, index)
        page, end = source.fetch_whole(index, size, wanted.had_of(index), needed)
        _refuse_empty(wanted, source, index, page)
    except PageHalted as halted:
        if isinstance(halted.halt, UpstreamUnavailable) and wanted.may_cut(index):
            return halted.halt
        raise
    except PermanentPollerError as error:
        error.page = index
        if wanted.may_cut(index):
            return error
        raise
    return page, end


def in_order(threads: int, fetch: Callable[[int], T], indices: Iterable[int]) -> Iterator[T | PageHalted]:
    """What `fetch` makes of the indices, up to the first that has to wait: the last is then why."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(fetch, indices)
        except (PauseRequested, RetriablePollerError, UpstreamUnavailable) as error:
            yield PageHalted(error, None)
        except PageHalted as halted:
            yield halted
        finally:
            pool.shutdown(cancel_futures=True)


def _without_loops(wanted: WantedPages, source: PageSource, pieces: list[FetchedPages]) -> list[FetchedPages]:
    """`pieces` up to the first page that repeats another one, and is refused or the same when asked for again, or that
    has to wait for that.

    What is behind it may be the same over and over: all of it has failed with that page.
    """
    kept = []
    for piece in pieces:
        kept.append(piece)
        loop = mend_loops(source, piece)
        if loop and (wanted.is_fixed or (wanted.had and piece.behind == wanted.first)):
            raise loop
        if loop:
            return [*kept, FetchedPages(piece.behind, failed=loop)]
        if piece.halt:
            return kept
    return kept


def _linked(pieces: list[FetchedPages]) -> list[FetchedPages]:
    """The first of `pieces` and those that are not empty, each of which says where the next one begins."""
    first, *others = pieces
    kept = [first, *(piece for piece in others if piece.pages or piece.failed or piece.halt)]
    for before, after in pairwise(kept):
        before.goes_on_at = after.first
    return kept


def _records_of(wanted: WantedPages, source: PageSource, index: int) -> tuple[int, int]:
    """How many records page `index` is asked for again to have, and how many are needed."""
    size = source.page_size
    if index < wanted.pages - 1:
        return size, size
    needed = 0 if wanted.records is None else max(0, min(size, wanted.records - index * size))
    # Behind the last page's records is where the data end, or where more of them are.
    is_asked_behind = wanted.is_open and source.spec.range_paginator.COUNTS_RECORDS
    return (size if is_asked_behind else needed), (size if wanted.records is None else needed)


def _refuse_empty(wanted: WantedPages, source: PageSource, index: int, page: FetchedPage) -> None:
    """Where only the number of pages is known, a page without records is the one sign that some are missing."""
    paginator = source.spec.range_paginator
    if page.records or page.is_told or wanted.had_of(index) or wanted.records is not None or wanted.pages == 1:
        return
    if not paginator.stop_on_empty:
        return
    message = f"page {index + 1} of {wanted.pages} holds no records"
    if index == wanted.pages - 1 and isinstance(paginator, PageNumber) and paginator.base_page > 0:
        message += "; does the API count its pages from 0? set paginator.base_page"
    raise InvalidPayload(message)
