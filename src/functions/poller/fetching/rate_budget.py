"""A budget of requests as its row keeps it: who holds how much of it, and what is free.

A request weighs from the moment it is granted until a window after its answer, for somewhere in between it arrived. So
no window at the API holds more than the limit, however long requests are on their way. All times are milliseconds since
the epoch.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poller.specs.model import RateLimit

SEND_WITHIN = 1000
"""After it was granted a request is sent within this time, or not at all."""
_ARRIVES_WITHIN = 1000  # after that; for workers that died before they could say when the answer came
_STEPS = 200  # of a window: answers are kept as accurately as that
_MAX_SPENT = 400  # moments that a row keeps; older ones are put together
_UNUSED_MS = 60_000  # after so long without use, and a window, a limit is no longer in force

Limit = tuple[int, int]
"""Requests and seconds."""


@dataclass(slots=True)
class Grant:
    """`count` requests that a worker may send from `start` on. So many of its threads have `taken` one each, and `sent`
    it; their `answers` came then."""

    grant_id: str
    count: int
    start: int
    taken: int = 0
    sent: int = 0
    answers: list[int] = field(default_factory=list)

    def may_be_taken(self, now: int) -> bool:
        return self.taken < self.count and self.is_valid(now)

    def is_valid(self, now: int) -> bool:
        return now <= self.start + SEND_WITHIN

    def is_done(self, now: int) -> bool:
        """Whether nothing more will be sent, and all has been answered."""
        return len(self.answers) == self.sent and (self.sent == self.count or not self.is_valid(now))

    @property
    def until(self) -> int:
        """When its requests have arrived at the latest, as far as others know."""
        return self.start + SEND_WITHIN + _ARRIVES_WITHIN


@dataclass(frozen=True, slots=True)
class Ledger:
    """`held` are grants by their ids: how many requests, and until when they may arrive. `spent` is how many others had
    arrived by a moment. `limits` are those in force, and when they were used last: all of them hold."""

    held: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    spent: Mapping[int, int] = field(default_factory=dict)
    limits: Mapping[Limit, int] = field(default_factory=dict)

    def free(self, now: int) -> int:
        """How many requests may be granted."""
        arrivals = self._arrivals()
        return max(0, min(limit[0] - _weight(arrivals, limit, now) for limit in self.limits))

    def free_at(self, now: int) -> int:
        """When the next one may be, if nobody says before that his have arrived earlier."""
        arrivals, at = self._arrivals(), now
        for limit in self.limits:
            over = _weight(arrivals, limit, now) - limit[0]
            for until, count in arrivals:
                if over < 0:
                    break
                if until + window(limit) > now:
                    over, at = over - count, max(at, until + window(limit))
        return at

    def _arrivals(self) -> list[tuple[int, int]]:
        """Until when, and how many, the earliest first."""
        return sorted([*self.spent.items(), *((until, count) for count, until in self.held.values())])


def turn(ledger: Ledger, limit: RateLimit, mine: Iterable[Grant], now: int, wanted: Grant | None) -> Ledger:
    """The ledger after a worker has said what became of its grants, and got `wanted.count` more, or what is free.

    What it said before, and whether that was heard, is of no matter: a grant is settled once.
    """
    own = (limit.requests, limit.seconds)
    limits = {key: used for key, used in ledger.limits.items() if used + _UNUSED_MS + window(key) > now} | {own: now}
    longest = max(window(key) for key in limits)
    held, spent = dict(ledger.held), Counter(ledger.spent)
    for grant in mine:
        was_forgotten = grant.grant_id not in held and grant.until + longest <= now
        if grant.is_done(now):
            if held.pop(grant.grant_id, None) or was_forgotten:
                spent.update(_stepwise(moment, limit.seconds) for moment in grant.answers)
        elif grant.until < now:  # its answer is still to come: so it may not have arrived yet
            held[grant.grant_id] = (grant.sent, now + _ARRIVES_WITHIN)
    held = {key: (count, until) for key, (count, until) in held.items() if until + longest > now}
    kept = {moment: count for moment, count in spent.items() if moment + longest > now}
    after = Ledger(held, _compact(kept), limits)
    count = min(wanted.count, after.free(now)) if wanted else 0
    if wanted is None or count == 0:
        return after
    return Ledger({**held, wanted.grant_id: (count, wanted.until)}, after.spent, limits)


def window(limit: Limit) -> int:
    """Milliseconds; a hundredth more than the limit says, a tenth of a second at most: clocks differ."""
    return limit[1] * 1000 + min(100, limit[1] * 10)


def _weight(arrivals: list[tuple[int, int]], limit: Limit, now: int) -> int:
    return sum(count for until, count in arrivals if until + window(limit) > now)


def _stepwise(moment: int, seconds: int) -> int:
    step = max(1, seconds * 1000 // _STEPS)
    return -(-moment // step) * step


def _compact(spent: Mapping[int, int]) -> Mapping[int, int]:
    """`spent` with no more moments than a row keeps: of two older ones, both count at the later one."""
    moments = sorted(spent)
    if len(moments) <= _MAX_SPENT:
        return spent
    older, newer = moments[: -_MAX_SPENT // 2], moments[-_MAX_SPENT // 2 :]
    step = -(-len(older) * 2 // _MAX_SPENT)
    merged = {group[-1]: sum(spent[moment] for moment in group) for group in _groups(older, step)}
    return merged | {moment: spent[moment] for moment in newer}


def _groups(moments: list[int], size: int) -> list[list[int]]:
    return [moments[start : start + size] for start in range(0, len(moments), size)]


def to_row(ledger: Ledger) -> dict[str, Any]:
    """The attributes of its row."""
    return {
        "Held": {key: [count, until] for key, (count, until) in ledger.held.items()},
        "Spent": {str(moment): count for moment, count in ledger.spent.items()},
        "Limits": {f"{requests}/{seconds}": used for (requests, seconds), used in ledger.limits.items()},
    }


def from_row(row: Mapping[str, Any]) -> Ledger:
    limits = {tuple(map(int, key.split("/"))): used for key, used in row.get("Limits", {}).items()}
    return Ledger(
        {key: (count, until) for key, (count, until) in row.get("Held", {}).items()},
        {int(moment): count for moment, count in row.get("Spent", {}).items()},
        {(requests, seconds): used for (requests, seconds), used in limits.items()},
    )
