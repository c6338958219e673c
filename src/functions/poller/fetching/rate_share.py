"""A worker's share of a rate budget: what it may send now, for all its threads.

The budget is a row of PollerTasksTable that all who share it change in turn, each on condition that nobody did so
meanwhile. A worker takes as much as its threads wait for, and somewhat ahead, so the table is not asked for each
request. What it says of its answers goes with the next turn.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from poller.aws.dynamodb import Table
from poller.errors import PauseRequested, RetriablePollerError
from poller.fetching.rate_budget import Grant, Ledger, from_row, to_row, turn
from poller.specs.model import RateLimit
from poller.values import PageRequest, Response, Sign, SigningSender

SPENT = "the rate budget is spent for now"
MAX_WAIT = 10.0
"""Seconds that a function waits for its share; what is longer is the workflow's to wait."""
_SORT = "#RATE"
_ATTEMPTS = 40
_KEPT_SECONDS = 86_400  # longer than the window, without use
_AHEAD = 20  # at most this part of a budget is taken ahead


class RateShare:
    """`job_id` names the budget where `limit` does not. `waited` gets whole seconds in which no thread could go on."""

    def __init__(
        self,
        table: Table,
        limit: RateLimit,
        job_id: str,
        waited: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table, self._limit, self._waited, self._clock = table, limit, waited, clock
        self._partition = f"RATE#{limit.name}" if limit.name else job_id
        self._turns, self._lock, self._mine = threading.Lock(), threading.Lock(), threading.local()
        self._grants: list[Grant] = []
        self._sent: deque[int] = deque()
        self._blocked: set[int] = set()
        self._waits_since, self._waited_for = 0.0, 0.0
        self._ask_at, self._free_at = 0, 0
        self._ledger, self._version = Ledger(), -1

    @property
    def patience(self) -> float:
        """Seconds between two looks at a budget that is spent: somebody may have given some of it back."""
        return max(0.02, self._limit.seconds / 50)

    def delay(self) -> float:
        """0 if this thread may send a request now; else in how many seconds it may ask again."""
        if self._take():
            return 0.0
        with self._turns:
            if self._take():
                return 0.0
            now = self._now()
            if now >= self._ask_at:
                self._turn(self._wanted(now))
                if self._take():
                    return 0.0
                now = self._now()
                self._ask_at = min(self._free_at, now + int(self.patience * 1000))
            jitter = random.random() * self.patience / 4  # noqa: S311  # nosec B311
            return max(0.001, (self._free_at - now) / 1000) + jitter

    def pass_on(self) -> None:
        """This thread sends a request now: the one that it may send, or else one that it has to wait for.

        Raises PauseRequested where that takes too long.
        """
        while not self._send():
            if delay := self.delay():
                if delay > MAX_WAIT:
                    raise PauseRequested(SPENT, int(self._clock() + delay))
                time.sleep(min(delay, self.patience))

    def answered(self) -> None:
        """What this thread sent has been answered, or never will be."""
        now = self._now()
        with self._lock:
            for grant in self._on_their_way:
                grant.answers.append(now)
            self._on_their_way.clear()

    def close(self) -> None:
        """Say what became of all that was granted. Nothing is on its way any more.

        Where that cannot be written, others take it for granted for some seconds more.
        """
        with self._turns, suppress(BotoCoreError, ClientError, RetriablePollerError):
            with self._lock:
                for grant in self._grants:
                    grant.count = grant.sent = len(grant.answers)
            if self._grants:
                self._turn(0)

    @property
    def _ticket(self) -> Grant | None:
        return getattr(self._mine, "ticket", None)

    @property
    def _on_their_way(self) -> list[Grant]:
        if not hasattr(self._mine, "sent"):
            self._mine.sent = []
        return self._mine.sent  # type: ignore[no-any-return]  # a threading.local has no types

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _take(self) -> bool:
        """Whether this thread has something of what was granted."""
        with self._lock:
            now = self._now()
            if self._ticket and self._ticket.is_valid(now):
                return True
            grant = next((grant for grant in self._grants if grant.may_be_taken(now)), None)
            if grant is None:
                self._wait_begins()
                return False
            grant.taken += 1
            self._mine.ticket = grant
            whole = self._wait_ends()
        if whole:
            self._waited(whole)
        return True

    def _send(self) -> bool:
        """Whether what this thread has is still good; then it is sent now."""
        with self._lock:
            grant, self._mine.ticket = self._ticket, None
            if grant is None or not grant.is_valid(self._now()):
                return False
            grant.sent += 1
            self._on_their_way.append(grant)
            self._sent.append(self._now())
            return True

    def _wait_begins(self) -> None:
        if not self._blocked:
            self._waits_since = self._clock()
        self._blocked.add(threading.get_ident())

    def _wait_ends(self) -> int:
        """Whole seconds that were waited and not told yet. Time counts once, however many threads waited."""
        if self._blocked:
            now = self._clock()
            self._waited_for += now - self._waits_since
            self._waits_since = now
            self._blocked.discard(threading.get_ident())
        whole = int(self._waited_for)
        self._waited_for -= whole
        return whole

    def _wanted(self, now: int) -> int:
        """What the threads wait for, or what was sent in the last second, if that is more."""
        while self._sent and self._sent[0] < now - 1000:
            self._sent.popleft()
        ahead = min(len(self._sent), max(1, self._limit.requests // _AHEAD))
        return max(len(self._blocked), ahead)

    def _turn(self, wanted: int) -> None:
        """Take as much as is free of what is `wanted`, and say what became of earlier grants."""
        for attempt in range(_ATTEMPTS):
            if self._version < 0:
                row = self._table.get(self._partition, _SORT) or {}
                self._ledger, self._version = from_row(row), row.get("Version", 0)
            with self._lock:
                now = self._now()
                new = Grant(uuid4().hex[:12], wanted, now)
                after = turn(self._ledger, self._limit, self._grants, now, new if wanted else None)
                done = [grant for grant in self._grants if grant.is_done(now)]
            granted = after.held.get(new.grant_id, (0, 0))[0]
            if self._writes_nothing(after) or self._write(after, now):
                self._free_at = after.free_at(now)
                with self._lock:
                    self._grants = [grant for grant in self._grants if grant not in done]
                    if granted:
                        self._grants.append(Grant(new.grant_id, granted, now))
                if not granted:
                    self._version = -1  # what others change meanwhile is to be seen
                return
            self._version = -1
            self._table.pause(min(attempt, 3))
        raise RetriablePollerError("the rate budget could not be changed: too many others do so")

    def _writes_nothing(self, after: Ledger) -> bool:
        return after.held == self._ledger.held and after.spent == self._ledger.spent

    def _write(self, after: Ledger, now: int) -> bool:
        expires = now // 1000 + self._limit.seconds + _KEPT_SECONDS
        change = {**to_row(after), "Version": self._version + 1, "ExpiresAt": expires}
        condition = "#Version = :seen" if self._version else "attribute_not_exists(#Version)"
        values = {":seen": self._version} if self._version else {}
        if not self._table.update(self._partition, _SORT, change, condition, values):
            return False
        self._ledger, self._version = after, self._version + 1
        return True


class PacedUpstream:
    """Sends requests within a rate budget, each redirect among them, and says when they have been answered."""

    def __init__(self, upstream: SigningSender, share: RateShare) -> None:
        self._upstream, self._share = upstream, share

    def send(self, request: PageRequest, sign: Sign | None = None) -> Response:
        """As `Upstream.send`. Raises PauseRequested too, before anything is sent."""

        def at_the_last_moment(asked: PageRequest) -> PageRequest:
            signed = sign(asked) if sign else asked
            self._share.pass_on()
            return signed

        try:
            return self._upstream.send(request, at_the_last_moment)
        finally:
            self._share.answered()
