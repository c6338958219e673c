"""What every thread of every worker of a job passes before it asks for a page."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from poller.errors import JobStopped, PauseRequested, UpstreamDown
from poller.fetching.rate_share import SPENT, RateShare
from poller.fetching.time_box import TimeBox

MAX_PAUSE = 10.0
"""Seconds that a function waits when the API asks for a pause; what is longer is the workflow's to wait."""
DOWN = "the API gives no page"
_READ_EVERY = 2.0
_LEAD = 2.0  # seconds that the workflow needs to begin a round; so much earlier it is called back to a rate budget
_SPREAD = 0.5  # of a pause, by which its end differs from thread to thread


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a job may send requests: not once it `is_stopped`, and not before `not_before` (epoch seconds).

    `is_down`: nobody asked for that pause; the API gives no page.
    """

    is_stopped: bool
    not_before: int = 0
    is_down: bool = False


class Throttle:
    """What every thread of every worker of a job passes before it asks for a page.

    `read` gets how the job stands, at most every two seconds; `publish` tells the other workers of a pause. A probe
    has neither: its job has no other workers yet. `share` is that of a rate budget, if the job has one, and `waited`
    gets the seconds for which the workflow is to wait for it.
    """

    def __init__(
        self,
        read: Callable[[], Standing] | None = None,
        publish: Callable[[int], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        share: RateShare | None = None,
        waited: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._read, self._publish, self.sleep, self._share, self._waited = read, publish, sleep, share, waited
        self._lock = threading.Lock()
        self._read_at, self._stopped, self._not_before, self._is_down = float("-inf"), False, 0, False

    def wait(self, box: TimeBox) -> None:
        """Return when the API may be asked.

        Raises JobStopped; or PauseRequested, or UpstreamDown, if that is too far away: later than a function waits, or
        than `box` ends.
        """
        waited_for = 0
        while True:
            with self._lock:
                self._refresh()
                stopped, not_before, is_down = self._stopped, self._not_before, self._is_down
            if stopped:
                raise JobStopped("the job is over, cancelled or past its deadline")
            pause = not_before - time.time()
            if pause <= 0 or not_before == waited_for:
                if self._share is None or not (delay := self._share.delay()):
                    return
                if delay > MAX_PAUSE or box.ends_within(delay):
                    self._waited(self.pause_for(max(0.0, delay - _LEAD)))
                    raise PauseRequested(SPENT, self._not_before)
                self.sleep(min(delay, self._share.patience))
                continue
            if pause > MAX_PAUSE or box.ends_within(pause * (1 + _SPREAD)):
                if is_down:
                    raise UpstreamDown(DOWN, not_before)
                raise PauseRequested("the API asked for a pause", not_before)
            # Not all at once: the first to ask may be sent away again, and the others then need not ask.
            self.sleep(pause * (1 + _SPREAD * random.random()))  # noqa: S311  # nosec B311  # jitter
            waited_for = not_before

    def close(self) -> None:
        """Nothing more is asked for, and all that was has been answered."""
        if self._share:
            self._share.close()

    def pause_for(self, seconds: float) -> int:
        """The API asked for a pause: hold back every worker of the job. By so many seconds more than before."""
        now = time.time()
        not_before = int(now + seconds) + 1  # whole seconds, and never too early
        with self._lock:
            if not_before <= self._not_before:
                return 0
            longer, self._not_before = not_before - max(int(now), self._not_before), not_before
        if self._publish:
            self._publish(not_before)
        return longer

    def hold_down(self, not_before: int) -> None:
        """The API was found to be down: send nothing before `not_before`. Whoever found it tells the other workers."""
        with self._lock:
            self._not_before, self._is_down = max(self._not_before, not_before), True

    def _refresh(self) -> None:
        if self._read is None or time.monotonic() - self._read_at < _READ_EVERY:
            return
        standing = self._read()
        self._read_at = time.monotonic()
        self._stopped = standing.is_stopped
        self._not_before = max(self._not_before, standing.not_before)
        self._is_down = standing.is_down
