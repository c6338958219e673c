"""No window holds more than a budget allows, whatever the way of its requests: on a clock of its own."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poller.fetching.rate_budget import SEND_WITHIN, Grant, Ledger, from_row, to_row, turn, window
from poller.specs.model import RateLimit

NOW = 1_800_000_000_000
LIMIT = RateLimit(10, 60)


def granted(ledger: Ledger, grant_id: str) -> int:
    return ledger.held.get(grant_id, (0, 0))[0]


def test_a_budget_is_granted_as_far_as_it_goes():
    first = turn(Ledger(), LIMIT, [], NOW, Grant("a", 7, NOW))

    second = turn(first, LIMIT, [], NOW, Grant("b", 7, NOW))

    assert (granted(second, "a"), granted(second, "b"), second.free(NOW)) == (7, 3, 0)


def test_what_was_answered_is_free_a_window_after_its_answer_and_what_was_not_used_at_once():
    mine = Grant("a", 7, NOW, taken=5, sent=5, answers=[NOW + 300] * 5)
    full = turn(Ledger(), LIMIT, [], NOW, Grant("a", 7, NOW))

    after = turn(full, LIMIT, [mine], NOW + SEND_WITHIN + 1, None)

    assert after.held == {}
    assert after.free(NOW + SEND_WITHIN + 1) == 5
    assert after.free(NOW + 300 + window((10, 60)) - 1) == 5
    assert after.free(NOW + 300 + window((10, 60))) == 10


def test_a_grant_is_settled_once_however_often_it_is_told():
    mine = Grant("a", 2, NOW, taken=2, sent=2, answers=[NOW + 300, NOW + 600])
    first = turn(turn(Ledger(), LIMIT, [], NOW, Grant("a", 2, NOW)), LIMIT, [mine], NOW + 900, None)

    again = turn(first, LIMIT, [mine], NOW + 950, None)

    assert again.spent == first.spent == {NOW + 300: 1, NOW + 600: 1}


def test_a_worker_that_died_holds_its_part_for_a_window_and_two_seconds():
    held = turn(Ledger(), LIMIT, [], NOW, Grant("a", 10, NOW))

    at = held.free_at(NOW + 5)

    assert at == NOW + 2000 + window((10, 60))
    assert (held.free(at - 1), held.free(at)) == (0, 10)
    assert turn(held, LIMIT, [], at, None).held == {}


def test_a_request_that_is_on_its_way_for_long_is_held_for_as_long():
    slow = Grant("a", 1, NOW, taken=1, sent=1)
    held = turn(Ledger(), LIMIT, [], NOW, Grant("a", 1, NOW))

    later = turn(held, LIMIT, [slow], NOW + 30_000, None)

    assert later.held == {"a": (1, NOW + 31_000)}


def test_an_answer_that_comes_when_the_grant_was_forgotten_counts_all_the_same():
    late = NOW + 200_000
    slow = Grant("a", 1, NOW, taken=1, sent=1, answers=[late])

    after = turn(Ledger(), LIMIT, [slow], late, None)

    assert sum(after.spent.values()) == 1


def test_all_limits_that_are_in_use_under_one_name_hold():
    few, many = RateLimit(3, 1), RateLimit(10, 60)
    first = turn(Ledger(), many, [], NOW, Grant("a", 2, NOW))

    second = turn(first, few, [], NOW, Grant("b", 9, NOW))
    third = turn(second, many, [], NOW, Grant("c", 9, NOW))

    assert (granted(second, "b"), granted(third, "c")) == (1, 0)
    assert third.limits == {(10, 60): NOW, (3, 1): NOW}
    assert turn(third, many, [], NOW + 70_000, None).limits == {(10, 60): NOW + 70_000}


def test_a_row_holds_what_the_ledger_says():
    ledger = Ledger({"a": (3, NOW)}, {NOW - 5: 2}, {(10, 60): NOW, (3, 1): NOW - 1})

    assert from_row(to_row(ledger)) == ledger
    assert from_row({}) == Ledger()


def test_a_row_does_not_grow_with_what_was_sent():
    spent = {NOW - 60_000 + 7 * n: 1 for n in range(5000)}

    after = turn(Ledger({}, spent, {(1_000_000, 60): NOW}), RateLimit(1_000_000, 60), [], NOW, None)

    kept = {moment: count for moment, count in spent.items() if moment + window((1, 60)) > NOW}
    assert len(after.spent) <= 400
    assert sum(after.spent.values()) == sum(kept.values())
    assert max(after.spent) == max(kept)
    for at in range(NOW, NOW + 60_000, 997):
        assert after.free(at) <= Ledger({}, kept, after.limits).free(at)


@dataclass
class Worker:
    """Sends whenever it may, with `threads` in flight. `dies_at`: it is gone then, with all that it has."""

    number: int
    threads: int
    dies_at: float
    grants: list[Grant] = field(default_factory=list)
    in_flight: int = 0
    turns: int = 0


class World:
    """Workers with one row, on a clock that jumps from event to event; `way` is how long requests are on their way to
    the API, and `back` how long their answers take."""

    def __init__(
        self, limit: RateLimit, workers: list[Worker], way: Callable[[], int], back: Callable[[], int]
    ) -> None:
        self.limit, self.workers, self.way, self.back = limit, workers, way, back
        self.ledger, self.arrivals = Ledger(), list[int]()
        self.events: list[tuple[int, int, str, Worker, Grant | None]] = []
        self.number = 0

    def at(self, moment: int, what: str, worker: Worker, grant: Grant | None = None) -> None:
        self.number += 1
        heapq.heappush(self.events, (moment, self.number, what, worker, grant))

    def run(self, seconds: int) -> None:
        for worker in self.workers:
            self.at(NOW, "go", worker)
        while self.events:
            now, _, what, worker, grant = heapq.heappop(self.events)
            if now > NOW + seconds * 1000:
                return
            if now >= worker.dies_at:
                continue
            if what == "answer" and grant:
                grant.answers.append(now)
                worker.in_flight -= 1
            self.go(worker, now)

    def go(self, worker: Worker, now: int) -> None:
        while worker.in_flight < worker.threads:
            grant = next((grant for grant in worker.grants if grant.may_be_taken(now)), None)
            if grant is None:
                worker.turns += 1
                wanted = Grant(f"{worker.number}.{worker.turns}", worker.threads - worker.in_flight, now)
                self.ledger = turn(self.ledger, self.limit, worker.grants, now, wanted)
                worker.grants = [grant for grant in worker.grants if not grant.is_done(now)]
                if not (count := granted(self.ledger, wanted.grant_id)):
                    again = min(self.ledger.free_at(now), now + self.limit.seconds * 20)
                    self.at(max(now + 1, again), "go", worker)
                    return
                worker.grants.append(Grant(wanted.grant_id, count, now))
                continue
            grant.taken += 1
            grant.sent += 1
            worker.in_flight += 1
            arrives = now + self.way()
            self.arrivals.append(arrives)
            self.at(arrives + self.back(), "answer", worker, grant)


def most_in_a_window(arrivals: list[int], seconds: int) -> int:
    """Of a window that begins with one of them, and of which its end is no part."""
    ordered, end, most = sorted(arrivals), 0, 0
    for start, first in enumerate(ordered):
        while end < len(ordered) and ordered[end] < first + seconds * 1000:
            end += 1
        most = max(most, end - start)
    return most


@settings(deadline=None, max_examples=40)
@given(
    requests=st.integers(1, 60),
    seconds=st.integers(1, 10),
    crew=st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=8),
    longest=st.sampled_from([1, 20, 300, 950]),
    seed=st.integers(0, 1000),
)
def test_no_sliding_window_ever_holds_more_than_the_budget(requests, seconds, crew, longest, seed):
    chance = random.Random(seed)
    workers = [
        Worker(n, threads, NOW + chance.randrange(1, 3000 * seconds) if dies else NOW * 2)
        for n, (threads, dies) in enumerate(crew)
    ]
    world = World(
        RateLimit(requests, seconds), workers, lambda: chance.randrange(longest), lambda: chance.randrange(longest)
    )

    world.run(5 * seconds)

    assert most_in_a_window(world.arrivals, seconds) <= requests


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_nearly_all_of_it_is_used_while_there_is_work(workers):
    chance = random.Random(7)
    crew = [Worker(n, 4, NOW * 2) for n in range(workers)]
    world = World(RateLimit(40, 10), crew, lambda: chance.randrange(5, 25), lambda: chance.randrange(50))

    world.run(200)

    assert most_in_a_window(world.arrivals, 10) <= 40
    assert len(world.arrivals) >= 0.95 * 40 * 20
