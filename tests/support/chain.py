"""The real chain from a request to a page, without the waiting."""

import time

from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.specs.model import JobSpec, Retry
from poller.upstream.client import Upstream
from poller.values import PageRequest

AGENT = "api-poller/test (+https://example.com/contact)"


def get(url: str, **headers: str) -> PageRequest:
    return PageRequest("GET", url, {"Accept": "application/json", **headers})


def local(total_seconds: float = 30.0, ca_file: str | None = None) -> Upstream:
    """An Upstream with the settings of a laptop."""
    return Upstream(AGENT, allow_loopback=True, total_seconds=total_seconds, ca_file=ca_file)


def fetcher(upstream: Upstream, attempts: int = 3, pauses: list[float] | None = None) -> PageFetcher:
    """A PageFetcher that notes in `pauses` how long it would have waited."""
    taken = [] if pauses is None else pauses
    spec = JobSpec("https://api.example.com/", retry=Retry(max_attempts=attempts))
    return PageFetcher(upstream, spec, TimeBox(time.monotonic() + 60), Throttle(sleep=taken.append))
