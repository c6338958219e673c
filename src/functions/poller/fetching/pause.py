"""What every thread of every worker of a job passes before it asks for a page."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from poller.errors import HeldBack, JobStopped
from poller.jobs.model import Job

LONGEST_PAUSE = 10.0
"""Seconds that a function waits when the API asks for a pause; what is longer is the workflow's to wait."""


_LOOK_EVERY = 2.0


_SPREAD = 0.5  # of a pause, by which its end differs from thread to thread


class Gate:
    """What every thread of every worker of a job passes before it asks for a page.

    `read` gets the job's row, at most every two seconds; `hold_back` publishes a pause to the other workers. A probe
    has neither: its job has no other workers yet.
    """

    def __init__(
        self,
        read: Callable[[], Job | None] | None = None,
        hold_back: Callable[[int], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read, self._hold_back, self._sleep = read, hold_back, sleep
        self._lock = threading.Lock()
        self._looked, self._stopped, self._not_before = float("-inf"), False, 0

    def wait(self, until: float = float("inf")) -> None:
        """Return when the API may be asked.

        Raises JobStopped, or HeldBack if that is too far away: later than a function waits, or than `until`, a
        time.monotonic() value.
        """
        waited_for = 0
        while True:
            with self._lock:
                self._look()
                stopped, not_before = self._stopped, self._not_before
            if stopped:
                raise JobStopped("the job is over, cancelled or past its deadline")
            pause = not_before - time.time()
            if pause <= 0 or not_before == waited_for:
                return
            if pause > LONGEST_PAUSE or time.monotonic() + pause * (1 + _SPREAD) > until:
                raise HeldBack("the API asked for a pause", not_before)
            # Not all at once: the first to ask may be sent away again, and the others then need not ask.
            self._sleep(pause * (1 + _SPREAD * random.random()))  # noqa: S311  # nosec B311  # jitter
            waited_for = not_before

    def close_for(self, seconds: float) -> None:
        """The API asked for a pause: hold back every worker of the job."""
        not_before = int(time.time() + seconds) + 1  # whole seconds, and never too early
        with self._lock:
            if not_before <= self._not_before:
                return
            self._not_before = not_before
        if self._hold_back:
            self._hold_back(not_before)

    def _look(self) -> None:
        if self._read is None or time.monotonic() - self._looked < _LOOK_EVERY:
            return
        job = self._read()
        self._looked = time.monotonic()
        self._stopped = job is None or is_stopped(job, datetime.now(UTC))
        self._not_before = max(self._not_before, job.not_before if job else 0)


def is_stopped(job: Job, now: datetime) -> bool:
    """Whether no more requests may be sent for the job."""
    return job.status.is_final or job.stop is not None or (job.deadline_at != "" and now.isoformat() > job.deadline_at)
