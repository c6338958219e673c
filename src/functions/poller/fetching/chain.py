"""Walking a chain of pages: each one says where the next begins."""

import hashlib
from dataclasses import dataclass, field, replace

from poller.errors import (
    AddressRefused,
    InvalidPayload,
    JobRejected,
    JobStopped,
    PaginationLoop,
    PauseRequested,
    PermanentPollerError,
    PollerError,
    RetriablePollerError,
    UpstreamRefused,
    UpstreamUnavailable,
)
from poller.fetching.data_end import DataEnd, EndKind
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.outage import Circuit
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.whole_page import told_end
from poller.paging.boundaries import page_digest
from poller.paging.change import Mark
from poller.paging.envelope import Envelope
from poller.paging.record_key import RecordKey
from poller.specs.model import JobSpec
from poller.specs.page_request import request_at
from poller.text import counted
from poller.values import PageRequest

MAX_PAGES = 100
"""Of one task, or as many bytes: a worker holds a task in memory."""
_MAX_BYTES = 8 * 1024 * 1024
_MAY_HAVE_EXPIRED = (
    ". Where a cursor or link has expired, a redrive is refused as well, and a new job begins at the first page"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: before page `index` (0 is the first), which begins at `mark`.

    `digest_before` tells the records of the page before it, "" where none is known. `was_last`: a flag there said that
    it is the last one, although it names a next one. `guard` is the digest of an earlier request, see `_next_guard`.
    """

    index: int = 0
    mark: Mark = None
    digest_before: str = ""
    was_last: bool = False
    guard: str = ""


@dataclass(slots=True)
class Walked:
    """What came of one task of a chain, and the `place` behind it.

    `fetched.halt` or `error` says why the page at that place did not come, if it was asked for.
    """

    fetched: FetchedPages
    place: Place
    error: PermanentPollerError | None = None


@dataclass(frozen=True, slots=True)
class ChainSource:
    """Where the pages of one job come from. `key` tells its records apart, `first_digest` its first page.

    `asked` are the digests of all requests of this call.
    """

    spec: JobSpec
    key: RecordKey
    fetcher: PageFetcher
    circuit: Circuit
    first_digest: str = ""
    asked: set[str] = field(default_factory=set)

    def walk(self, place: Place, until: int | None = None) -> Walked:
        """The pages from `place` on, up to the end of the data, of what one task holds, or of what can be had now; or,
        where that is given, up to the page with the index `until`.

        Raises JobStopped. A page that does not come leaves those before it as they are.
        """
        walked = Walked(FetchedPages(place.index, place.digest_before), place)
        fetched, size = walked.fetched, 0
        while fetched.end is None:
            has_enough = len(fetched.pages) >= MAX_PAGES or size >= _MAX_BYTES
            if walked.place.index == until or (has_enough and not walked.place.was_last and until is None):
                break
            if walked.place.index >= self.spec.maximum_pages:
                cut = f"maximum_pages is {self.spec.maximum_pages:,}, and as many came"
                fetched.end = DataEnd(EndKind.CUT, cut)
                break
            try:
                page, behind = self._step(walked.place)
            except (PauseRequested, RetriablePollerError, UpstreamUnavailable) as halt:
                if isinstance(halt, UpstreamUnavailable):
                    halt.seen = _so_far(walked.place.index) + halt.seen
                fetched.halt = halt
                break
            except PermanentPollerError as error:
                error.page = walked.place.index
                advice = _MAY_HAVE_EXPIRED if error.page and isinstance(error, UpstreamRefused) else ""
                error.retell(_so_far(error.page) + error.message + advice)
                walked.error = error
                break
            if page is not None:
                fetched.pages.append(page)
                size += page.bytes
                self.fetcher.tally.add(pages_arrived=1, records_arrived=page.records)
            if isinstance(behind, DataEnd):
                fetched.end = behind
            else:
                walked.place = behind
        if fetched.end is None:
            fetched.goes_on_at = walked.place.index
        else:
            is_all = place.index == 0 and len(fetched.pages) == 1
            fetched.first_again = fetched.pages[0] if is_all else self._look_again()
        return walked

    def _step(self, place: Place) -> tuple[FetchedPage | None, Place | DataEnd]:
        """The page at `place`, and where it goes on behind it; no page where that is how the end showed."""
        request = request_at(self.spec, place.mark)
        digest = _digest(request)
        if digest in self.asked or digest == place.guard:
            where = self.spec.chain_paginator.place
            return None, self._loop(place, f"{where} leads to a page that was asked for before")
        try:
            envelope, held = self._fetch(request, place.index)
            if self._repeats(held, place) and not place.was_last:  # a cache may have mixed them up
                envelope, held = self._fetch(request, place.index)
                held = replace(held, mended=True)
        except UpstreamRefused as error:
            if place.index and (place.was_last or error.status in self.spec.chain_paginator.end_status_codes):
                return None, DataEnd(EndKind.SEEN, f"page {place.index + 1}: {error.message}")
            raise
        self.asked.add(digest)
        if self._repeats(held, place):
            return None, self._loop(place, "its records are those of an earlier page, also when asked for again")
        if told := told_end(held, place.index):
            return (held if held.records else None), told
        mark, end, more = self._behind(envelope, place.index)
        if end is not None:
            return replace(held, more=more), end
        guard = _next_guard(place, digest)
        return held, Place(place.index + 1, mark, held.digest or place.digest_before, envelope.ends, guard)

    def _repeats(self, page: FetchedPage, place: Place) -> bool:
        return place.index > 0 and page.digest != "" and page.digest in (place.digest_before, self.first_digest)

    def _fetch(self, request: PageRequest, index: int) -> tuple[Envelope, FetchedPage]:
        envelope = self.circuit.fetch(request, index)
        page = envelope.page
        lines, digest = () if page.is_blank else (page.line.encode(),), page_digest(page.records, self.key)
        total = None if page.ignored else total_in(envelope)
        held = FetchedPage(lines, len(page.records), digest, total, ignored=page.ignored, end=page.end)
        return envelope, replace(held, blanked=page.blanked)

    def _loop(self, place: Place, said: str) -> DataEnd:
        """How the data end where a page leads back, if its flag says that it is the last one. Raises PaginationLoop."""
        if place.was_last:
            return DataEnd(EndKind.SEEN, f"a flag says that page {place.index} is the last one")
        raise PaginationLoop(f"the walk would not end: behind page {place.index}, {said}")

    def _behind(self, envelope: Envelope, index: int) -> tuple[Mark, DataEnd | None, str]:
        """The mark of the page behind page `index`; or how the data end there, and the first sign that they do not.

        What the spec names for it decides over everything else.
        """
        paginator, ignored = self.spec.chain_paginator, envelope.page.ignored
        if ignored and paginator.mark_in(envelope.page) is None:  # that it names no next one says nothing
            return None, DataEnd(EndKind.REFUSED if index else EndKind.SEEN, f"page {index + 1}: {ignored}"), ""
        said = None if ignored else paginator.says_more(envelope)
        if said is False:
            return None, DataEnd(EndKind.SEEN, "the flag that the spec names says that there is no more"), ""
        if said is None and not ignored and paginator.stop_on_empty and not envelope.rows:
            return None, DataEnd(EndKind.SEEN, f"page {index + 1} is empty"), ""
        try:
            mark = paginator.mark_in(envelope.page)
        except (AddressRefused, InvalidPayload) as error:  # what came is a page all the same
            return None, DataEnd(EndKind.REFUSED, error.message), paginator.place
        if mark is not None:
            return mark, None, ""
        none = f"page {index + 1} names no next one at {paginator.place}"
        more = ["what the paginator's has_more names"] if said else envelope.unfollowed(index)
        return None, DataEnd(EndKind.REFUSED if more else EndKind.SEEN, none), next(iter(more), "")

    def _look_again(self) -> FetchedPage | None:
        """The job's first page, as it is by now; None where it does not come."""
        try:
            return self._fetch(request_at(self.spec, None), 0)[1]
        except JobStopped:
            raise
        except PollerError:
            return None


def total_in(envelope: Envelope) -> int | None:
    """The total of records that a page declares; None where it declares none to be believed."""
    try:
        total = envelope.total
    except JobRejected:
        return None
    return None if total is None or total.is_floor else total.count


def _so_far(index: int) -> str:
    """How far the walk came, to be said before what is wrong with page `index`."""
    return f"the walk came as far as {counted(index, 'page')}, and the next one does not come: " if index else ""


def _digest(request: PageRequest) -> str:
    asked = f"{request.method} {request.url}\n".encode() + (request.body or b"")
    return hashlib.sha256(asked).hexdigest()[:16]


def _next_guard(place: Place, digest: str) -> str:
    """What requests behind `place` are compared with: that of the page whose number is the last power of two.

    However long a circle of requests is, it passes one of them in the end; so a walk of a million pages needs to
    remember one (R. P. Brent, An improved Monte Carlo factorization algorithm, BIT 20, 1980, section 2).
    """
    return digest if place.index & (place.index - 1) == 0 else place.guard
