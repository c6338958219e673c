import threading
from types import SimpleNamespace

import pytest

from poller.fetching import tally
from poller.fetching.tally import Tally


def test_what_is_counted_is_reported_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [100.0], list[dict[str, int]]()
    monkeypatch.setattr(tally, "time", SimpleNamespace(monotonic=lambda: now[0]))
    counted = Tally(told.append)

    counted.add(requests=1)
    counted.add(requests=1, pages_arrived=1)
    before = list(told)
    now[0] += 1
    counted.add(records_arrived=10)
    counted.add(requests=1)
    counted.report()
    counted.report()

    assert before == []
    assert told == [{"requests": 2, "pages_arrived": 1, "records_arrived": 10}, {"requests": 1}]
    assert counted.requests == 3


def test_nothing_is_lost_between_threads() -> None:
    told: list[dict[str, int]] = []
    counted = Tally(told.append)

    def count() -> None:
        for _ in range(500):
            counted.add(requests=1)
            counted.report()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(news["requests"] for news in told) == counted.requests == 4000


def test_what_nobody_wants_to_know_is_counted_all_the_same() -> None:
    counted = Tally()

    counted.add(requests=2)
    counted.report()

    assert counted.requests == 2
