"""Going on behind the planned pages, page after page, to where the data end."""

from poller.errors import InvalidPayload, PauseRequested, RetriablePollerError, UpstreamRefused, UpstreamUnavailable
from poller.fetching.data_end import DataEnd, EndKind, refused_at
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.outage import MAX_ROUNDS
from poller.fetching.task_pages import WantedPages, in_order
from poller.fetching.whole_page import PageHalted, PageSource, told_end
from poller.text import counted

_PAGES = 100  # behind the planned ones, or as many bytes: a worker holds a task in memory
_BYTES = 8 * 1024 * 1024
_MAX_IGNORED = 10  # pages in a row that response_actions ignore: behind the data, an API may answer so for ever
_SAID_NO = DataEnd(EndKind.SEEN, "the flag that the spec names says that there is no more")


def walk_on(wanted: WantedPages, source: PageSource, fetched: FetchedPages) -> None:
    """Add the pages behind the planned ones to `fetched`, up to the end of the data or of what one task holds.

    As long as pages come, more of them are asked for at once: one, two, four, up to `wanted.threads`.
    """
    _find_end(wanted, source, fetched)
    if fetched.end is not None:
        is_all = fetched.first == 0 and len(fetched.pages) == 1 and not wanted.had
        fetched.first_again = fetched.pages[0] if is_all else source.look_again()


def _find_end(wanted: WantedPages, source: PageSource, fetched: FetchedPages) -> None:
    step, planned = 1, len(fetched.pages)
    while fetched.halt is None and fetched.end is None and fetched.goes_on_at is None:
        if fetched.pages and fetched.pages[-1].says_more is False:
            fetched.end = _SAID_NO
            return
        at = fetched.behind
        if at >= source.spec.maximum_pages:
            fetched.end = DataEnd(EndKind.CUT, f"maximum_pages is {source.spec.maximum_pages:,}, and as many came")
            return
        walked = fetched.pages[planned:]
        if len(walked) >= _PAGES or sum(page.bytes for page in walked) >= _BYTES:
            fetched.goes_on_at = at
            return
        indices = range(at, min(at + step, source.spec.maximum_pages))
        for arrived in in_order(wanted.threads, lambda index: _ask(wanted, source, index), indices):
            if isinstance(arrived, PageHalted):
                fetched.halt, fetched.begun = arrived.halt, arrived.page
                break
            page, end = arrived
            if page is not None and page.records and (repeated := _repeats(page, wanted, fetched)):
                fetched.end = repeated
                break
            if page is not None:
                fetched.pages.append(page)
                end = _SAID_NO if page.says_more is False else end
            if end is not None:
                fetched.end = end
                break
            fetched.end = _ignored_for_good(fetched, planned)
            if fetched.end is not None:
                break
        step = min(2 * step, wanted.threads)


def _ask(wanted: WantedPages, source: PageSource, index: int) -> tuple[FetchedPage | None, DataEnd | None]:
    """Page `index`, or how its absence showed."""
    size, paginator = source.page_size, source.spec.range_paginator
    is_all = wanted.records is not None and index * size >= wanted.records
    try:
        had = wanted.had_of(index)
        page = source.fetch(index, had)
        if page.ignored:
            return (None, DataEnd(EndKind.REFUSED, f"page {index + 1}: {page.ignored}")) if is_all else (page, None)
        if page.end and not page.records:
            return None, told_end(page, index)
        is_end = not page.records and (paginator.stop_on_empty or (is_all and not page.says_more))
        if is_end and not is_all:  # nothing else says that this is the end
            page = _ask_again(source, index, had, page)
            is_end = not page.records
        if is_end:
            return (page if had else None), DataEnd(EndKind.SEEN, f"page {index + 1} is empty")
        return source.complete(page, index, size if paginator.COUNTS_RECORDS else 0, had)
    except (UpstreamRefused, UpstreamUnavailable, InvalidPayload) as error:
        if isinstance(error, UpstreamUnavailable) and not is_all and wanted.failed_rounds + 1 < MAX_ROUNDS:
            raise  # nothing says that the data end here: it is asked for in later rounds
        return None, refused_at(index, error, paginator.end_status_codes)


def _ask_again(source: PageSource, index: int, had: int, empty: FetchedPage) -> FetchedPage:
    try:
        return source.fetch(index, had)
    except (PauseRequested, RetriablePollerError):
        return empty


def _ignored_for_good(fetched: FetchedPages, planned: int) -> DataEnd | None:
    """How the data end where so many pages in a row were ignored: before those. None where they were not."""
    last = fetched.pages[planned:][-_MAX_IGNORED:]
    if len(last) < _MAX_IGNORED or not all(page.ignored for page in last):
        return None
    said = f"{counted(len(last), 'page')} in a row were ignored, up to page {fetched.behind}: {last[-1].ignored}"
    del fetched.pages[-_MAX_IGNORED:]
    return DataEnd(EndKind.REFUSED, said)


def _repeats(page: FetchedPage, wanted: WantedPages, fetched: FetchedPages) -> DataEnd | None:
    """How the data end where `page` repeats what came before it; None where it brings something new."""
    before = fetched.pages
    last = before[-1].digest if before else fetched.digest_before
    if page.digest and page.digest == wanted.first_digest:
        if fetched.behind == 1:  # it may be all there is, or the API ignores the page asked for
            return DataEnd(EndKind.REFUSED, "asked for the second page, it sends the first one again")
        return DataEnd(EndKind.SEEN, "behind the last page came the first one again")
    if page.digest and (page.digest == last or any(page.seen <= earlier.seen for earlier in before[-2:])):
        return DataEnd(EndKind.SEEN, "behind the last page came the last one again")
    return None
