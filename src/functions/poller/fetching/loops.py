"""Pages that repeat their neighbour."""

from dataclasses import replace

from poller.errors import (
    PaginationLoop,
    PauseRequested,
    PermanentPollerError,
    RetriablePollerError,
    UpstreamUnavailable,
)
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.whole_page import PageSource


def mend_loops(source: PageSource, piece: FetchedPages) -> PermanentPollerError | None:
    """Ask once more for pages that repeat their neighbour: a cache may have mixed them up.

    Where one still does, or is refused, `piece` is cut before it, and the error tells of it. Where one has to wait,
    `piece` halts before it.
    """
    before = piece.digest_before
    for place, page in enumerate(piece.pages):
        index = piece.first + place
        if index > 0 and page.digest and page.digest == before:
            try:
                is_mended = _mend(source, piece, place, before)
            except (PauseRequested, RetriablePollerError, UpstreamUnavailable) as halt:
                _cut(piece, place)
                piece.halt = halt
                return None
            except PermanentPollerError as error:
                _cut(piece, place)
                error.page = index
                return error
            if not is_mended:
                _cut(piece, place)
                loop = PaginationLoop(
                    f"page {index + 1} repeats the records of an earlier page, also when asked for again; "
                    "the API seems to ignore the page asked for"
                )
                loop.page = index
                return loop
        before = piece.pages[place].digest
    return None


def _mend(source: PageSource, piece: FetchedPages, place: int, before: str) -> bool:
    """Whether the page at `place` and the one before it differ, when first the one and then the other came again."""
    index = piece.first + place
    piece.pages[place] = replace(source.fetch(index), mended=True)
    if place and piece.pages[place].digest == before:
        piece.pages[place - 1] = replace(source.fetch(index - 1), mended=True)
        before = piece.pages[place - 1].digest
    return piece.pages[place].digest != before


def _cut(piece: FetchedPages, place: int) -> None:
    """Take the page at `place` and what is behind it from `piece`."""
    del piece.pages[place:]
    piece.halt = piece.begun = piece.end = piece.goes_on_at = None
