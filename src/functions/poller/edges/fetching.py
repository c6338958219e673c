"""Asking for one page until it arrives, is refused, or the time is up."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from poller.edges.upstream import Upstream
from poller.errors import RetriablePollerError, TransientUpstreamError, UpstreamUnavailable
from poller.logic.backoff import delay
from poller.logic.responses import read_page
from poller.models import JobSpec, Page, PageRequest, Response


class PageFetcher:
    """Fetches pages of one job. `deadline` is a time.monotonic() value after which nothing new is begun."""

    def __init__(
        self, upstream: Upstream, spec: JobSpec, deadline: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._upstream, self._spec, self._deadline, self._sleep = upstream, spec, deadline, sleep

    def fetch(self, request: PageRequest) -> tuple[Page, Response]:
        """The page, however many attempts it takes.

        Raises what makes another attempt pointless: a PermanentPollerError, UpstreamUnavailable after
        `retry.max_attempts`, or RetriablePollerError when the time box ends first.
        """
        retry = self._spec.retry
        for attempt in range(1, retry.max_attempts + 1):
            try:
                response = self._upstream.send(request)
                now = datetime.now(UTC)
                return read_page(response, self._spec.data_selector, retry.retry_after_headers, now), response
            except TransientUpstreamError as error:
                if attempt == retry.max_attempts:
                    raise UpstreamUnavailable(f"{error.message} ({attempt} attempts)") from None
                self._pause(delay(attempt, retry, error.retry_after, random.random()), error)  # noqa: S311  # jitter
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _pause(self, seconds: float, error: TransientUpstreamError) -> None:
        if time.monotonic() + seconds > self._deadline:
            raise RetriablePollerError(f"{error.message}; the next attempt would begin after this step's time box")
        self._sleep(seconds)
