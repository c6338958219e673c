"""`incremental`: where a source's records say how new they are, and how an API is asked for those behind a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poller.errors import JobRejected
from poller.paging.selector import select
from poller.readers import Reader, integer, kind_of, path_of, shaped, text
from poller.specs.cursor_value import CursorValue, Kind, read_cursor_value
from poller.text import describe, shown
from poller.values import JSON

MAX_LAG_SECONDS = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Incremental:
    """`cursor_path` leads from a record to the value that tells how new it is.

    The first run asks for what is not before `initial_value`, by the parameter `start_param`; later ones for what is
    not before the latest value seen, less `lag_seconds`. `end_param` is for a run that has an end.
    """

    cursor_path: str
    start_param: str
    initial_value: str | int
    end_param: str | None = None
    lag_seconds: int = 0

    @property
    def first(self) -> CursorValue:
        value = read_cursor_value(self.initial_value)
        if value is None:
            raise RuntimeError("initial_value was not checked")
        return value

    @property
    def kind(self) -> Kind:
        return self.first.kind

    @property
    def params(self) -> dict[str, str]:
        """The parameters that runs set, by the fields that name them."""
        named = {"start_param": self.start_param, "end_param": self.end_param}
        return {field: name for field, name in named.items() if name is not None}

    def read(self, value: JSON) -> CursorValue | None:
        """`value`, if it is one of the cursor's kind."""
        found = read_cursor_value(value)
        return found if found is not None and found.kind is self.kind else None

    def value_in(self, record: JSON) -> CursorValue | None:
        """The record's value; None where it has none."""
        return self.read(select(record, self.cursor_path))

    def start_after(self, reached: CursorValue | None) -> CursorValue:
        """Where the run begins that follows one whose latest value was `reached`; None: no run came that far."""
        if reached is None:
            return self.first
        start = reached.before(self.lag_seconds)
        return start if start.order >= self.first.order else self.first


def cursor_value(field: str, value: Any) -> str | int:
    """A reader of a value that a cursor may have."""
    if read_cursor_value(value) is None:
        said = f"'{shown(value)}'" if isinstance(value, str) else kind_of(value)
        raise JobRejected(
            f"{field} is {said}; it must be a time such as 2025-01-01T00:00:00Z, a date such as 2025-01-01, "
            "or a whole number, as the records have it"
        )
    return str(value) if isinstance(value, str) else int(value)


INCREMENTAL_READERS: dict[str, Reader] = {
    "cursor_path": path_of,
    "start_param": text,
    "initial_value": shaped(cursor_value, {"type": ["string", "integer"]}),
    "end_param": text,
    "lag_seconds": integer(0, MAX_LAG_SECONDS),
}


def refuse_shared(incremental: Incremental, others: dict[str, str]) -> None:
    """Raise JobRejected where a parameter that runs set is set elsewhere too: `others` says by what, by its name."""
    start, end = incremental.start_param, incremental.end_param
    if start == end:
        raise JobRejected(f"incremental.start_param and end_param are both {shown(start)}; they must differ")
    for field, name in incremental.params.items():
        if name in others:
            raise JobRejected(
                f"incremental.{field} is {shown(name)}, which {others[name]} sets too; leave one of them out"
            )


def refuse_absent(incremental: Incremental, records: Sequence[JSON]) -> None:
    """Raise JobRejected where no record of the first page has a value of the cursor."""
    if records and all(incremental.value_in(record) is None for record in records):
        raise JobRejected(
            f"incremental.cursor_path {shown(incremental.cursor_path)} leads to no {incremental.kind} in any record of "
            f"the first page, and initial_value is one; correct them (the first record: {describe(records[0])})"
        )
