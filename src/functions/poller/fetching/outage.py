"""Whether it is one page that does not come, or the whole API that is down.

When a page has spent its attempts, another page that has come before is asked for, once. If that does not come either,
nothing is wrong with the page: every worker of the job waits, and looks again from time to time, until the job's
deadline. This is a circuit breaker (https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker) whose
state is on the job's row.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from poller.errors import (
    JobStopped,
    PauseRequested,
    PollerError,
    RetriablePollerError,
    UpstreamDown,
    UpstreamUnavailable,
)
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import DOWN, Throttle
from poller.fetching.time_box import TimeBox
from poller.paging.envelope import Envelope
from poller.specs.model import Retry
from poller.text import counted
from poller.values import PageRequest

MAX_ROUNDS = 3
"""Rounds of fetching in which a page may spend all its attempts while the API gives others."""
_MIN_PAUSE, _MAX_PAUSE = 60, 300


def pause_seconds(down_for: int) -> int:
    """How long to wait before the next look at an API that has been down for so many seconds."""
    return min(_MAX_PAUSE, max(_MIN_PAUSE, down_for))


def failed_for_good(error: UpstreamUnavailable, rounds: int, retry: Retry) -> UpstreamUnavailable:
    """`error`, told of all rounds in which the page did not come."""
    attempts = counted(rounds * retry.max_attempts, "attempt")
    error.retell(f"{error.seen} ({attempts} in {counted(rounds, 'round')})")
    return error


@dataclass(frozen=True, slots=True)
class Circuit:
    """Open while the API is down: since `down_since` (epoch seconds), or not if that is 0.

    `first_page` and `second_page` are requests for pages that tell how the API is; a job of one page has one twice.
    `publish` tells the other workers until when to wait, and since when the API is down; `recovered` that it is not.
    `came` is a page that has come already, with what asked for it: it is not asked for again, once.
    """

    fetcher: PageFetcher
    throttle: Throttle
    box: TimeBox
    first_page: PageRequest
    second_page: PageRequest
    down_since: int
    publish: Callable[[int, int], None]
    recovered: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    came: list[tuple[PageRequest, Envelope]] = field(default_factory=list)

    def fetch(self, request: PageRequest, index: int) -> Envelope:
        """The page `index`. Raises what PageFetcher.fetch raises, with the page to blame; and UpstreamDown where it is
        not the page's fault."""
        if self.came and self.came[0][0] == request:
            return self.came.pop()[1]
        try:
            return self.fetcher.fetch(request)[0]
        except PollerError as error:
            error.page = index
            if isinstance(error, UpstreamUnavailable):
                self.judge(error)
            raise

    def judge(self, error: UpstreamUnavailable) -> None:
        """Return where the API gives other pages than the one that `error` tells of.

        Raises UpstreamDown or another halt where it cannot be the page's fault, or cannot be said yet.
        """
        try:
            self._look(self.second_page if error.page == 0 else self.first_page)
        except (PauseRequested, RetriablePollerError, JobStopped) as halt:
            halt.seen, halt.page = error.message, error.page
            raise halt from None

    def look_again(self) -> None:
        """Ask an API that was down whether it still is, before any page is asked for. Raises what `judge` raises."""
        if self.down_since:
            try:
                self._look(self.first_page)
            except UpstreamDown as halt:
                halt.page = 0
                raise
            self.recovered()

    def _look(self, request: PageRequest) -> None:
        """One thread at a time: what it finds, all others need not ask."""
        with self.lock:
            self.throttle.wait(self.box)
            if self.box.is_over:
                raise RetriablePollerError("this step's time box ended before it was clear whether the API is down")
            trouble = self.fetcher.trouble(request)
            if trouble is None or trouble.is_limit:  # who asks others to wait is there
                return
            now = int(time.time())
            since = self.down_since or now
            not_before = now + pause_seconds(now - since)
            self.throttle.hold_down(not_before)
            self.fetcher.tally.add(waited=not_before - now)
            self.publish(not_before, since)
        down = UpstreamDown(DOWN, not_before)
        down.seen = trouble.message
        raise down
