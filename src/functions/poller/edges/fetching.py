"""Asking for one page until it arrives, is refused, or the time is up."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from poller.edges.upstream import Upstream
from poller.errors import HeldBack, JobStopped, RetriablePollerError, TransientUpstreamError, UpstreamUnavailable
from poller.logic.backoff import delay
from poller.logic.responses import read_page
from poller.models import Job, Page, PageRequest, Response
from poller.specs import JobSpec

LONGEST_PAUSE = 10.0
"""Seconds that a function waits when the API asks for a pause; what is longer is the workflow's to wait."""
_LOOK_EVERY = 2.0
_SPREAD = 0.5  # of a pause, by which its end differs from thread to thread
_MOST_INVITATIONS = 100  # to come back, for one page; the time box ends long before, but that is not ours to rely on


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


class PageFetcher:
    """Fetches pages of one job. `deadline` is a time.monotonic() value after which nothing new is begun."""

    def __init__(
        self,
        upstream: Upstream,
        spec: JobSpec,
        deadline: float,
        gate: Gate,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._upstream, self._spec, self._deadline, self._gate, self._sleep = upstream, spec, deadline, gate, sleep
        self.requests = 0

    def fetch(self, request: PageRequest) -> tuple[Page, Response]:
        """The page, however many attempts it takes.

        A 429 that says when to come back is an invitation, and no failure that counts against `retry.max_attempts`:
        many workers under one rate limit would otherwise fail pages that nothing is wrong with. Other answers that
        say so do count: a server may say so of a page that fails for good.

        Raises what makes another attempt pointless: a PermanentPollerError, UpstreamUnavailable after
        `retry.max_attempts`, RetriablePollerError when the time box ends first, HeldBack when the API asks for a
        pause that is long or ends after the time box, or JobStopped.
        """
        retry, failures, invitations = self._spec.retry, 0, 0
        while True:
            self._gate.wait(self._deadline)
            if time.monotonic() > self._deadline:
                raise RetriablePollerError("this step's time box ended before all its pages were asked for")
            self.requests += 1
            response = None
            try:
                response = self._upstream.send(request)
                now = datetime.now(UTC)
                return read_page(response, self._spec.data_selector, retry.retry_after_headers, now), response
            except TransientUpstreamError as error:
                limited = response is not None and response.status == HTTPStatus.TOO_MANY_REQUESTS
                if limited and error.retry_after is not None and invitations < _MOST_INVITATIONS:
                    invitations += 1
                else:
                    failures += 1
                if failures == retry.max_attempts:
                    raise UpstreamUnavailable(f"{error.message} ({invitations + failures} attempts)") from None
                pause = delay(failures, retry, error.retry_after, random.random())  # noqa: S311  # nosec B311  # jitter
                if error.retry_after is not None:
                    self._gate.close_for(pause)
                elif time.monotonic() + pause > self._deadline:
                    message = f"{error.message}; the next attempt would begin after this step's time box"
                    raise RetriablePollerError(message) from None
                else:
                    self._sleep(pause)
