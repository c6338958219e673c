"""Which of a job's fingerprints occur more than once.

Numbers are looked at range by range of what they can be, since Python's own take ten times the memory of an array's:
https://docs.python.org/3/library/array.html. A share of all ranges can be looked at by itself, where all of a job's
fingerprints are too many for one worker's memory.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise

MAX_KNOWN = 21
"""Fingerprints that are told one by one."""
_RANGE = 500_000  # fingerprints that are looked at together: 60 MB
_SPACE = 2**64


@dataclass(frozen=True, slots=True)
class Share:
    """One of the `shares` that all possible fingerprints are cut into. The first has the number 0."""

    number: int = 0
    shares: int = 1

    def cut(self, parts: int) -> "Iterable[Share]":
        """The same as several shares, in order."""
        return (Share(self.number * parts + part, self.shares * parts) for part in range(parts))

    def of(self, ordered: "array[int]") -> "array[int]":
        """Those of the ordered fingerprints that are in it."""
        begin, end = (_SPACE * number // self.shares for number in (self.number, self.number + 1))
        return ordered[bisect_left(ordered, begin) : bisect_left(ordered, end)]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A fingerprint that occurs so many `times`, in the tasks with these numbers, in order."""

    value: int
    times: int
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Repeats:
    """What there is among `records` fingerprints: `distinct` ones, of which so many `values` occur more than once.

    `known` are the first MAX_KNOWN of these. `tasks` are the numbers of all tasks that hold one.
    """

    records: int = 0
    distinct: int = 0
    values: int = 0
    known: tuple[Repeat, ...] = ()
    tasks: frozenset[int] = frozenset()


def renumbered(found: Repeats, numbers: Sequence[int]) -> Repeats:
    """`found` among some of all tasks, whose numbers among them all are `numbers`."""
    known = tuple(replace(repeat, tasks=tuple(numbers[n] for n in repeat.tasks)) for repeat in found.known)
    return replace(found, known=known, tasks=frozenset(numbers[n] for n in found.tasks))


def in_order(fingerprints: "array[int]", share: Share) -> "array[int]":
    """Those that are in `share`, the least first."""
    return share.of(array("Q", sorted(fingerprints)))


def find_repeats(tasks: "Sequence[array[int]]", share: Share) -> "Iterable[Repeats]":
    """What is repeated among the ordered fingerprints of `tasks`, all of them in `share`, in pieces to be `joined`.

    A task's number is its place.
    """
    ranges = sum(map(len, tasks)) // _RANGE + 1
    return (_find([part.of(task) for task in tasks]) for part in share.cut(ranges))


def joined(pieces: Iterable[Repeats]) -> Repeats:
    found = list(pieces)
    return Repeats(
        sum(piece.records for piece in found),
        sum(piece.distinct for piece in found),
        sum(piece.values for piece in found),
        tuple(islice(chain.from_iterable(piece.known for piece in found), MAX_KNOWN)),
        frozenset().union(*(piece.tasks for piece in found)),
    )


def _find(tasks: "Sequence[array[int]]") -> Repeats:
    together = array("Q")
    for task in tasks:
        together.extend(task)
    distinct = len(set(together))
    if distinct == len(together):
        return Repeats(distinct, distinct)
    values = sorted(together)
    repeated = {value for value, following in pairwise(values) if value == following}
    return Repeats(
        len(values),
        distinct,
        len(repeated),
        tuple(_repeat(value, tasks) for value in sorted(repeated)[:MAX_KNOWN]),
        frozenset(number for number, task in enumerate(tasks) if not repeated.isdisjoint(task)),
    )


def _repeat(value: int, tasks: "Sequence[array[int]]") -> Repeat:
    times = {number: _times(value, task) for number, task in enumerate(tasks)}
    return Repeat(value, sum(times.values()), tuple(number for number, count in times.items() if count))


def _times(value: int, ordered: "array[int]") -> int:
    return bisect_left(ordered, value + 1) - bisect_left(ordered, value)
