"""Which fingerprints occur more than once, beside a plain count of them."""

from array import array
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.datasets import repeats
from poller.datasets.repeats import MAX_KNOWN, Repeat, Repeats, Share, find_repeats, in_order, joined
from tests.support.builders import examples

HIGHEST = 2**64 - 1
numbers = st.sampled_from([0, 1, 2**63, 2**63 - 1, HIGHEST, HIGHEST - 1]) | st.integers(0, HIGHEST)
jobs = st.lists(st.lists(st.one_of(st.integers(0, 9), numbers), max_size=12), max_size=6)


def found_in(tasks, shares=1):
    pieces = []
    for part in Share().cut(shares):
        pieces += find_repeats([in_order(array("Q", task), part) for task in tasks], part)
    return joined(pieces)


@examples
@given(jobs, st.integers(1, 5), st.integers(1, 8))
def test_what_is_found_is_what_a_count_finds(tasks, shares, at_once):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(repeats, "_RANGE", at_once)
        found = found_in(tasks, shares=shares)

    count = Counter(value for task in tasks for value in task)
    several = sorted(value for value, times in count.items() if times > 1)
    assert (found.records, found.distinct, found.values) == (count.total(), len(count), len(several))
    assert found.known == tuple(
        Repeat(value, count[value], tuple(n for n, task in enumerate(tasks) if value in task))
        for value in several[:MAX_KNOWN]
    )
    assert found.tasks == {n for n, task in enumerate(tasks) if any(count[value] > 1 for value in task)}


def test_of_many_repeats_the_first_are_known_and_all_are_counted():
    tasks = [range(100), range(50, 150), range(200, 210)]

    found = found_in(tasks)

    assert (found.records, found.distinct, found.values) == (210, 160, 50)
    assert [repeat.value for repeat in found.known] == list(range(50, 50 + MAX_KNOWN))
    assert found.tasks == {0, 1}


def test_of_several_pieces_no_more_are_known_than_of_one():
    pieces = [Repeats(4, 2, 2, (Repeat(n, 2, (n,)), Repeat(n + 1, 2, (n,))), frozenset({n})) for n in range(0, 40, 2)]

    found = joined(pieces)

    assert (found.records, found.distinct, found.values) == (80, 40, 40)
    assert [repeat.value for repeat in found.known] == list(range(MAX_KNOWN))
    assert found.tasks == set(range(0, 40, 2))


def test_where_there_is_nothing_nothing_repeats():
    assert joined([]) == joined(find_repeats([], Share())) == Repeats()


@pytest.mark.parametrize("shares", [1, 2, 3, 7, 64, 1000])
def test_every_fingerprint_is_in_exactly_one_share(shares):
    edges = {2**64 * number // shares + near for number in range(shares + 1) for near in (-1, 0, 1)}
    values = sorted(value for value in edges if 0 <= value <= HIGHEST)

    parts = [share.of(array("Q", values)) for share in Share().cut(shares)]

    assert [value for part in parts for value in part] == values
    assert all(len(part) > 0 for part in parts)


def test_a_share_is_cut_into_shares_of_its_own():
    half = Share(1, 2)

    thirds = list(half.cut(3))

    assert thirds == [Share(3, 6), Share(4, 6), Share(5, 6)]


@pytest.mark.parametrize("number", [0, 1])
def test_only_what_is_in_the_share_is_ordered(number):
    ordered = in_order(array("Q", [HIGHEST, 5, 2**63, 3]), Share(number, 2))

    assert list(ordered) == [[3, 5], [2**63, HIGHEST]][number]


def test_so_many_are_looked_at_together(monkeypatch):
    monkeypatch.setattr(repeats, "_RANGE", 10)
    tasks = [array("Q", range(10)), array("Q", range(9))]

    pieces = list(find_repeats(tasks, Share()))

    assert len(pieces) == 2
