"""Figure 9: how much of a rate budget is used while there is work, by workers that share it; it is never passed."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from threading import Lock
from typing import Any

from benchmarks.report import Figure
from poller.fetching.pause import Throttle
from poller.fetching.rate_share import PacedUpstream, RateShare
from poller.fetching.time_box import TimeBox
from poller.specs.model import RateLimit
from poller.upstream.client import Upstream
from poller.values import PageRequest
from tests.support.counted_api import CountedApi, counted_api

_LIMIT, _WINDOWS, _ANSWER_SECONDS, _CALL_SECONDS = RateLimit(50, 5, "bench"), 4, 0.1, 0.005


class _Row:
    """Stands in for the table: one row, conditional writes, and the time that a call to DynamoDB takes."""

    def __init__(self) -> None:
        self._row: dict[str, Any] = {}
        self._lock = Lock()

    def get(self, _partition: str, _sort: str) -> dict[str, Any]:
        time.sleep(_CALL_SECONDS)
        return self._row

    def update(self, _p: str, _s: str, change: dict[str, Any], _condition: str, values: dict[str, Any]) -> bool:
        time.sleep(_CALL_SECONDS)
        with self._lock:
            if self._row.get("Version", 0) != values.get(":seen", 0):
                return False
            self._row = change
            return True

    def pause(self, attempt: int) -> None:
        time.sleep(_CALL_SECONDS * (attempt + 1))


def measure() -> Iterator[Figure]:
    for workers, threads, jobs in ((1, 8, 1), (4, 4, 1), (16, 2, 1), (4, 4, 2)):
        with counted_api(CountedApi(seconds=_ANSWER_SECONDS)) as api:
            until = time.monotonic() + _WINDOWS * _LIMIT.seconds
            table = _Row()
            with ThreadPoolExecutor(workers * jobs) as pool:
                crew = [RateShare(table, _LIMIT, "job") for _ in range(workers * jobs)]  # type: ignore[arg-type]
                list(pool.map(lambda share: _work(share, api, threads, until), crew))  # noqa: B023
        if (most := api.most_in(_LIMIT.seconds)) > _LIMIT.requests:
            raise AssertionError(f"a window held {most} requests, and may hold {_LIMIT.requests}")
        # From the first request to the one that as many whole budgets later could have been sent at the earliest.
        came = sorted(api.arrivals)
        budgets = (len(came) - 1) // _LIMIT.requests
        used = budgets * _LIMIT.seconds / (came[budgets * _LIMIT.requests] - came[0])
        said = f"{jobs} jobs, " if jobs > 1 else ""
        setting = f"{said}{workers} workers of {threads} threads, answers after up to {_ANSWER_SECONDS:g} s"
        yield Figure("rate budget in use", 100 * used, "%", setting, least=95)


def _work(share: RateShare, api: CountedApi, threads: int, until: float) -> None:
    throttle, sender = Throttle(share=share), PacedUpstream(Upstream("bench", allow_loopback=True), share)

    def thread(_: int) -> None:
        while time.monotonic() < until:
            throttle.wait(TimeBox(inf))
            sender.send(PageRequest("GET", api.url, {}))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(thread, range(threads)))
    throttle.close()
