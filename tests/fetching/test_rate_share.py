"""Workers that share a rate budget: the API that they ask never counts more than it allows."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poller.errors import PauseRequested, RetriablePollerError
from poller.fetching import rate_share
from poller.fetching.pause import Throttle
from poller.fetching.rate_share import PacedUpstream, RateShare
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.specs.model import RateLimit
from poller.upstream.client import Upstream
from poller.values import PageRequest
from tests.support.counted_api import CountedApi, counted_api

FOREVER = TimeBox(inf)


@pytest.fixture
def api() -> Iterator[CountedApi]:
    with counted_api(CountedApi(seconds=0.05)) as api:
        yield api


def share_of(limit: RateLimit, job_id: str = "job", **more: Any) -> RateShare:
    return RateShare(dependencies.table(), limit, job_id, **more)


def work(share: RateShare, api: CountedApi, threads: int, arrivals: int) -> int:
    """What a worker does with so many threads, until so many requests have arrived; how many it sent."""
    throttle, sender = Throttle(share=share), PacedUpstream(Upstream("test", allow_loopback=True), share)

    def thread(_: int) -> int:
        sent = 0
        while len(api.arrivals) < arrivals:
            throttle.wait(FOREVER)
            assert sender.send(PageRequest("GET", api.url, {})).status == 200
            sent += 1
        return sent

    with ThreadPoolExecutor(threads) as pool:
        sent = sum(pool.map(thread, range(threads)))
    throttle.close()
    return sent


def row(name: str) -> dict[str, Any]:
    return dependencies.table().get(name, "#RATE") or {}


@pytest.mark.parametrize(("workers", "threads"), [(1, 4), (4, 2), (16, 1)])
def test_no_window_holds_more_however_many_share_it(aws: None, api: CountedApi, workers: int, threads: int) -> None:
    with ThreadPoolExecutor(workers) as pool:
        shares = [share_of(RateLimit(20, 1)) for _ in range(workers)]
        sent = sum(pool.map(lambda share: work(share, api, threads, 45), shares))

    assert api.most_in(1) <= 20
    assert sent == len(api.arrivals) >= 45


def test_two_jobs_that_give_one_name_share_a_budget(aws: None, api: CountedApi) -> None:
    limit = RateLimit(20, 1, "example-api")

    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda job: work(share_of(limit, job), api, 4, 45), ["one", "two"]))

    assert api.most_in(1) <= 20
    assert sum(sent) == len(api.arrivals)
    assert row("RATE#example-api")["Limits"].keys() == {"20/1"}
    assert row("one") == row("two") == {}


def test_what_is_on_its_way_when_all_are_done_is_told(aws: None, api: CountedApi) -> None:
    work(share_of(RateLimit(5, 60)), api, 1, 2)

    kept = row("job")

    assert kept["Held"] == {}
    assert sum(kept["Spent"].values()) == len(api.arrivals)
    assert kept["ExpiresAt"] > time.time() + 60


def test_each_redirect_is_a_request(aws: None, api: CountedApi) -> None:
    api.redirects = 1
    share = share_of(RateLimit(5, 60))

    work(share, api, 1, 1)

    assert len(api.arrivals) == 2
    assert sum(row("job")["Spent"].values()) == len(api.arrivals)


def test_a_budget_that_is_spent_for_long_is_left_to_the_workflow(aws: None, api: CountedApi) -> None:
    told: list[int] = []
    published: list[int] = []
    share = share_of(RateLimit(2, 60), waited=told.append)
    throttle = Throttle(publish=published.append, share=share, waited=told.append)
    sender = PacedUpstream(Upstream("test", allow_loopback=True), share)
    for _ in range(2):
        throttle.wait(FOREVER)
        sender.send(PageRequest("GET", api.url, {}))

    with pytest.raises(PauseRequested) as held:
        throttle.wait(FOREVER)

    assert held.value.message == "the rate budget is spent for now"
    assert published == [held.value.not_before]
    assert 55 < held.value.not_before - time.time() < 63
    assert sum(told) >= 55


def test_a_request_that_leads_on_where_the_budget_is_spent_waits_too(aws: None, api: CountedApi) -> None:
    api.redirects = 1
    share = share_of(RateLimit(1, 60))
    throttle, sender = Throttle(share=share), PacedUpstream(Upstream("test", allow_loopback=True), share)
    throttle.wait(FOREVER)

    with pytest.raises(PauseRequested):
        sender.send(PageRequest("GET", api.url, {}))

    assert len(api.arrivals) == 1


def test_time_that_was_waited_counts_once_for_all_threads(aws: None, api: CountedApi) -> None:
    told: list[int] = []
    began = time.monotonic()

    work(share_of(RateLimit(2, 3), waited=told.append), api, 4, 3)

    assert 1 <= sum(told) <= time.monotonic() - began


def test_what_was_not_sent_in_time_is_free_again(aws: None) -> None:
    now = [1_800_000_000.0]
    slow, other = (share_of(RateLimit(2, 60), clock=lambda: now[0]) for _ in range(2))
    assert slow.delay() == 0

    now[0] += 1.5
    slow.close()

    assert other.delay() == 0
    assert row("job")["Spent"] == {}


def test_what_was_granted_long_ago_is_not_sent(aws: None) -> None:
    now = [1_800_000_000.0]
    share = share_of(RateLimit(1, 60), clock=lambda: now[0])
    assert share.delay() == 0
    before = row("job")["Held"]

    now[0] += 1.5
    share.pass_on()

    assert len(row("job")["Held"]) == 1
    assert row("job")["Held"].keys() != before.keys()


def test_a_worker_that_dies_costs_its_part_for_a_window(aws: None) -> None:
    now = [1_800_000_000.0]
    dead, other = (share_of(RateLimit(1, 60), clock=lambda: now[0]) for _ in range(2))
    assert dead.delay() == 0

    now[0] += 1
    assert 60 < other.delay() < 63

    now[0] += 62
    assert other.delay() == 0


def test_a_row_that_others_change_all_the_time_is_tried_again_later(aws: None, monkeypatch: Any) -> None:
    table = dependencies.table()
    monkeypatch.setattr(table, "update", lambda *_: False)
    monkeypatch.setattr(table, "pause", lambda _: None)

    with pytest.raises(RetriablePollerError, match="too many others"):
        share_of(RateLimit(1, 60)).delay()


def test_where_the_answers_cannot_be_told_the_task_is_none_the_worse(aws: None, monkeypatch: Any) -> None:
    share = share_of(RateLimit(1, 60))
    assert share.delay() == 0
    monkeypatch.setattr(dependencies.table(), "update", _throttled)

    share.close()

    assert row("job")["Held"]


def _throttled(*_: Any) -> bool:
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "UpdateItem")


def test_a_lost_answer_of_the_table_grants_nothing_twice(aws: None, monkeypatch: Any) -> None:
    table = dependencies.table()
    whole, is_lost = table.update, [True]

    def update(*args: Any) -> bool:
        written = whole(*args)
        return written and not (is_lost and is_lost.pop())

    monkeypatch.setattr(table, "update", update)
    monkeypatch.setattr(table, "pause", lambda _: None)

    share = share_of(RateLimit(3, 60))

    assert share.delay() == 0
    assert sum(count for count, _ in row("job")["Held"].values()) <= 3


def test_threads_take_what_one_of_them_got(aws: None, monkeypatch: Any) -> None:
    share, table = share_of(RateLimit(100, 60)), dependencies.table()
    whole, asked = table.update, list[str]()
    monkeypatch.setattr(table, "update", lambda *args: (asked.append(args[0]), whole(*args))[1])
    ready = threading.Barrier(8)

    def thread(_: int) -> float:
        ready.wait()
        return share.delay()

    with ThreadPoolExecutor(8) as pool:
        delays = list(pool.map(thread, range(8)))

    assert delays == [0] * 8
    assert 1 <= len(asked) <= 8
    assert rate_share.MAX_WAIT == 10
