"""Asking for one page until it arrives, is refused, or the time is up."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from poller.errors import (
    JobStopped,
    PauseRequested,
    PollerError,
    RetriablePollerError,
    TransientUpstreamError,
    UpstreamUnavailable,
)
from poller.fetching.backoff import delay
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.paging.read import read_page
from poller.specs.model import JobSpec
from poller.text import counted
from poller.values import Page, PageRequest, Response

if TYPE_CHECKING:  # functions that read what was fetched, and fetch nothing, do without requests
    from poller.upstream.client import Upstream

_MAX_INVITATIONS = 100  # to come back, for one page; the time box ends long before, but that is not ours to rely on


class PageFetcher:
    """Fetches pages of one job. Nothing new is begun after the end of `box`."""

    def __init__(
        self,
        upstream: "Upstream",
        spec: JobSpec,
        box: TimeBox,
        throttle: Throttle,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._upstream, self._spec, self._box, self._throttle, self._sleep = upstream, spec, box, throttle, sleep
        self.requests = 0

    def fetch(self, request: PageRequest, failures: int = 0) -> tuple[Page, Response]:
        """The page, however many attempts it takes; `failures` of them were made before.

        A 429 that says when to come back is an invitation, and no failure that counts against `retry.max_attempts`:
        many workers under one rate limit would otherwise fail pages that nothing is wrong with. Other answers that
        say so do count: a server may say so of a page that fails for good.

        Raises what makes another attempt pointless: a PermanentPollerError, UpstreamUnavailable after
        `retry.max_attempts`, RetriablePollerError when the time box ends first, PauseRequested when the API asks for a
        pause that is long or ends after the time box, or JobStopped. The last three know how far it had come.
        """
        retry, invitations, seen = self._spec.retry, 0, ""
        while True:
            try:
                self._throttle.wait(self._box)
                if self._box.is_over:
                    raise RetriablePollerError("this step's time box ended before all its pages were asked for")
            except (PauseRequested, JobStopped, RetriablePollerError) as halt:
                raise _so_far(halt, failures, seen) from None
            self.requests += 1
            response = None
            try:
                response = self._upstream.send(request)
                now = datetime.now(UTC)
                return read_page(response, self._spec.data_selector, retry.retry_after_headers, now), response
            except TransientUpstreamError as error:
                limited = response is not None and response.status == HTTPStatus.TOO_MANY_REQUESTS
                if limited and error.retry_after is not None and invitations < _MAX_INVITATIONS:
                    invitations += 1
                else:
                    failures += 1
                if failures >= retry.max_attempts:
                    tries = counted(invitations + failures, "attempt")
                    raise UpstreamUnavailable(f"{error.message} ({tries})") from None
                seen = error.message
                pause = delay(failures, retry, error.retry_after, random.random())  # noqa: S311  # nosec B311  # jitter
                if error.retry_after is not None:
                    self._throttle.pause_for(pause)
                elif self._box.ends_within(pause):
                    late = RetriablePollerError(f"{seen}; the next attempt would begin after this step's time box")
                    raise _so_far(late, failures, seen) from None
                else:
                    self._sleep(pause)


def _so_far(halt: PollerError, failures: int, seen: str) -> PollerError:
    """`halt`, with what whoever asks for the page next, or gives it up, needs to know."""
    halt.failures, halt.seen = failures, seen
    return halt
