"""Which run of a source a job is, where it is one."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

from poller.specs.cursor_value import CursorValue, later, read_cursor_value
from poller.specs.incremental import Incremental
from poller.specs.model import JobSpec
from poller.text import counted


@dataclass(frozen=True, slots=True)
class SourceRun:
    """The run of the source called `source`.

    It asks for what lies from `start` up to `end`, as the API writes them; None where it does not say. At its end,
    `reached` is the latest value of all its records, "" where they have none. If it SUCCEEDED, the source's cursor
    moves there, unless the source's `memory` is another one by then.
    """

    source: str
    memory: str
    start: str | None = None
    end: str | None = None
    reached: str = ""

    @property
    def is_backfill(self) -> bool:
        """Whether it reads a range that was asked for by hand, which says nothing of what came before or behind."""
        return self.memory == ""

    def narrowed(self, spec: JobSpec) -> JobSpec:
        """The source's spec, asking for what this run is to read."""
        if spec.incremental is None:
            return spec
        values = {"start_param": self.start, "end_param": self.end}
        asked = {name: value for field, name in spec.incremental.params.items() if (value := values[field]) is not None}
        return replace(spec, params={**spec.params, **asked})

    def as_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "SourceRun":
        return cls(**{"memory": "", **stored})


def having_reached(run: SourceRun, values: Iterable[str]) -> SourceRun:
    """`run` with the latest of its tasks' `values`; "" is that of a task without records."""
    read: Iterable[CursorValue | None] = (read_cursor_value(value) for value in values if value)
    latest = reduce(later, read, None)
    return replace(run, reached=latest.text if latest else "")


def missing_cursors(incremental: Incremental, cursorless: int, records: int, task_id: str) -> str:
    """What to say of records without a cursor's value, the first of them in the task `task_id`."""
    what = f"{cursorless:,} of {counted(records, 'record')} have no {incremental.kind} at {incremental.cursor_path}"
    return (
        f"{what}, the first of them in task {task_id}; the source's cursor stays where it is, since such records would "
        "never be asked for again. Correct incremental.cursor_path, or have the API leave them out"
    )
