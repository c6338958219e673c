"""Asking for a page, and for what is missing from it."""

from dataclasses import dataclass, replace

from poller.errors import (
    InvalidPayload,
    JobStopped,
    PauseRequested,
    PollerError,
    RetriablePollerError,
    UpstreamRefused,
    UpstreamUnavailable,
)
from poller.fetching.data_end import DataEnd, EndKind, refused_at
from poller.fetching.fetched_page import FetchedPage, hold
from poller.fetching.outage import Circuit
from poller.fetching.page_fetcher import PageFetcher
from poller.paging.envelope import Envelope
from poller.paging.record_key import RecordKey
from poller.specs.model import JobSpec
from poller.specs.page_request import page_request

_MAX_REFILLS = 20  # for one page: a server that sends one record at a time is asked too often


Halt = PauseRequested | RetriablePollerError | UpstreamUnavailable
"""What leaves a page for later."""


class PageHalted(Exception):  # nothing is wrong
    """`halt` came before a page, or when a part of the `page` was there."""

    def __init__(self, halt: Halt, page: FetchedPage | None) -> None:
        super().__init__(halt.message)
        self.halt, self.page = halt, page


def told_end(page: FetchedPage, index: int) -> DataEnd | None:
    """How the data end with page `index`, where response_actions say so."""
    return DataEnd(EndKind.SEEN, f"page {index + 1}: {page.end}") if page.end else None


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where the pages of one job come from: `pages` of `page_size` records are planned, which `key` tells apart."""

    spec: JobSpec
    key: RecordKey
    pages: int
    page_size: int
    fetcher: PageFetcher
    circuit: Circuit

    def fetch(self, index: int, received: int = 0) -> FetchedPage:
        """Page `index` as the API answers, or what of it comes behind its first `received` records.

        Raises what Circuit.fetch raises.
        """
        paginator = self.spec.range_paginator
        envelope = self.circuit.fetch(page_request(self.spec, index, self.page_size, received), index)
        page, is_last = envelope.page, index >= self.pages - 1
        held = hold(page, self.key, is_watched=is_last or len(page.records) < self.page_size)
        if received and not held.records:
            held = replace(held, lines=())  # nothing of the page: what had come is all of it
        if page.ignored:
            return held  # what else it says is not about the data
        return replace(
            held,
            declared=paginator.total_now(envelope),
            more=self._more(envelope, index) if is_last else "",
            says_more=paginator.says_more(envelope),
        )

    def _more(self, envelope: Envelope, index: int) -> str:
        """The first sign that page `index` is not the last one; "" without one. What the spec names decides alone."""
        said = self.spec.range_paginator.says_more(envelope)
        if said is not None:
            return "what the paginator's has_more names" if said else ""
        return next(iter(envelope.goes_on(index)), "")

    def fetch_whole(
        self, index: int, wanted: int, had: int = 0, needed: int | None = None
    ) -> tuple[FetchedPage, DataEnd | None]:
        """Page `index` without its first `had` records, as `complete` makes it whole."""
        return self.complete(self.fetch(index, had), index, wanted, had, needed)

    def complete(
        self, page: FetchedPage, index: int, wanted: int, had: int = 0, needed: int | None = None
    ) -> tuple[FetchedPage, DataEnd | None]:
        """`page`, asked for again where it and the `had` records before it are fewer than `wanted`; and the end of the
        data, if that is where the missing ones should have been.

        A style that counts records asks for exactly the missing ones; one that counts pages, for the same page once
        more. Where the API refuses the missing ones, the data end there; so they do where it fails, and there are as
        many as are `needed`: all that were wanted, unless that is given.
        A halt in the midst of that knows the page as far as it came.
        """
        if page.is_told or self._may_be(page):
            end = told_end(page, index)
        elif self.spec.range_paginator.COUNTS_RECORDS:
            page, end = self._filled(page, index, wanted, had, wanted if needed is None else needed)
        else:
            page, end = self._asked_again(page, index, wanted), None
        self.fetcher.tally.add(pages_arrived=1, records_arrived=page.records)
        return page, end

    def _asked_again(self, page: FetchedPage, index: int, wanted: int) -> FetchedPage:
        if page.records >= wanted:
            return page
        again = self.fetch(index)
        return replace(again, mended=True) if again.records > page.records else page

    def _filled(
        self, page: FetchedPage, index: int, wanted: int, had: int, needed: int
    ) -> tuple[FetchedPage, DataEnd | None]:
        codes = self.spec.range_paginator.end_status_codes
        for _ in range(_MAX_REFILLS):
            received = had + page.records
            if received >= wanted:
                break
            try:
                rest = self.fetch(index, received)
            except UpstreamUnavailable as error:
                if received >= needed:
                    return page, refused_at(index, error, codes)
                raise PageHalted(error, page) from None
            except (PauseRequested, RetriablePollerError) as halt:
                raise PageHalted(halt, page) from None
            except (UpstreamRefused, InvalidPayload) as error:  # what came is a page all the same
                return page, refused_at(index, error, codes)
            if rest.ignored:
                return replace(page, ignored=rest.ignored), None
            if self._may_be(rest):
                break
            if not rest.records:
                place = index * self.page_size + received
                return page, DataEnd(EndKind.SEEN, f"no records came behind the first {place:,}")
            if rest.seen & page.seen or received + rest.records > self.page_size:
                break  # it counts in another way than by the records that it sends: what came is the page
            page = page.with_rest(rest)
            if page.end:
                return page, told_end(page, index)
        return page, None

    def _may_be(self, page: FetchedPage) -> bool:
        """Whether `page` is empty, and may be by the spec."""
        return not page.records and not self.spec.range_paginator.stop_on_empty

    def look_again(self) -> FetchedPage | None:
        """The job's first page, as it is by now; None where it does not come."""
        try:
            return self.fetch(0)
        except JobStopped:
            raise
        except PollerError:
            return None
