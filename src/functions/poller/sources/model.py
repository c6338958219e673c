"""Sources and their runs as values."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from poller.specs.cursor_value import CursorValue, read_cursor_value

_MAX_RUNS = 10
"""Of each outcome, that a source remembers."""


class Overlap(StrEnum):
    """What happens to a run that is due while the one before it still goes."""

    SKIP = "skip"
    ALLOW = "allow"


class Outcome(StrEnum):
    """What became of a run that was due, or asked for."""

    BEGUN = "BEGUN"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a source is due, in EventBridge Scheduler's words. Each run comes within so many minutes (0: at once)."""

    expression: str
    timezone: str = "UTC"
    flexible_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `due` is the time for which the schedule called it, None where somebody asked for it.

    `start` and `end` are what it reads from and up to; a backfill reads a range and moves no cursor. `why` says why it
    was SKIPPED; then no job has its `job_id`.
    """

    job_id: str
    at: datetime
    outcome: Outcome
    due: str | None = None
    start: str | None = None
    end: str | None = None
    is_backfill: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The latest value that a run reached, and the job that moved the cursor there."""

    value: str
    job_id: str
    moved_at: datetime

    @property
    def read(self) -> CursorValue | None:
        return read_cursor_value(self.value)


@dataclass(frozen=True, slots=True)
class Source:
    """`spec` is the job spec as it was sent, with a name.

    `memory` is another one once the cursor has been set anew: runs that began before do not move it. `current` is the
    job of the run that began last, `last_due` the latest time that the schedule called for. `runs` are newest first.
    `version` counts writes.
    """

    name: str
    spec: dict[str, Any]
    memory: str
    created_at: datetime
    changed_at: datetime
    schedule: Schedule | None = None
    overlap: Overlap = Overlap.SKIP
    paused: bool = False
    cursor: Cursor | None = None
    current: str | None = None
    last_due: str | None = None
    runs: tuple[Run, ...] = ()
    version: int = 0

    def run_of(self, job_id: str | None) -> Run | None:
        return next((run for run in self.runs if run.job_id == job_id), None)

    def with_run(self, run: Run) -> "Source":
        """`self` with one run more, which is the current one unless it was skipped."""
        counts = dict.fromkeys(Outcome, 0)
        kept = []
        for each in (run, *self.runs):
            counts[each.outcome] += 1
            kept += [each] if counts[each.outcome] <= _MAX_RUNS else []
        due = max(filter(None, (self.last_due, run.due)), default=None)
        current = run.job_id if run.outcome is Outcome.BEGUN else self.current
        return replace(self, runs=tuple(kept), last_due=due, current=current)
