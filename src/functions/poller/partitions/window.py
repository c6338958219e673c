"""`window`: a partition for each stretch of time, or of numbers, between a start and an end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from poller.errors import JobRejected
from poller.partitions.moments import Writing, next_moment, read_duration, read_moment
from poller.partitions.values import Values, as_text
from poller.partitions.windows import Window, count_of
from poller.readers import Reader, flag, integer, kind_of, one_of, text

_FARTHEST = 10**15


def bound_of(field: str, value: Any) -> str | int:
    """A reader of a time or a number; which it must be, the kind says."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _FARTHEST:
        return value
    if isinstance(value, str) and value:
        return value
    what = "too far" if isinstance(value, int) and not isinstance(value, bool) else kind_of(value)
    raise JobRejected(f"{field} is {what}; it must be a time, or a whole number of up to 15 digits")


@dataclass(frozen=True, slots=True)
class WindowPartition:
    """From `start` to `end` in steps. `end` None: up to now. `inclusive`: both ends of a window are part of it, as the
    API understands them; otherwise only its start is. A window with `most_records` or more is halved."""

    start_param: str
    end_param: str
    start: str | int
    step: str | int
    end: str | int | None = None
    kind: str = "time"
    inclusive: bool = False
    most_records: int | None = None

    TYPE: ClassVar = "window"
    MAY_SHARE: ClassVar = False
    IS_SENT: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {
        "start_param": text,
        "end_param": text,
        "start": bound_of,
        "step": bound_of,
        "end": bound_of,
        "kind": one_of("time", "integer"),
        "inclusive": flag,
        "most_records": integer(1, 10**9),
    }

    @property
    def names(self) -> tuple[str, ...]:
        """What it gives values for."""
        return self.start_param, self.end_param

    def contradiction(self) -> str | None:
        """Fields that exclude each other, as a sentence. Raises JobRejected for one that is not as `kind` wants it."""
        if self.start_param == self.end_param:
            return "start_param and end_param are the same; the API takes one for each end of a window"
        start, step, end = self._read("start", self.start), self._step, None
        if self.end is None and self.kind == "integer":
            return "end is missing; windows of kind integer need it"
        if self.end is not None:
            end = self._read("end", self.end)
            if self._writing("start", self.start).unit != self._writing("end", self.end).unit:
                return "start and end are not written alike; write both as dates, or both as times"
        if end is not None and end + self.inclusive <= start:
            return "end is not after start"
        return None if step > 0 else "step is 0; it must be longer than nothing"

    def count(self, now: datetime | None) -> int | None:
        """How many windows there are; None where that depends on the time."""
        whole = self._whole(now)
        return None if whole is None else count_of(whole, self._step)

    def all_values(self, now: datetime | None) -> Iterator[Values]:
        """The values of each window, in order."""
        whole = self._whole(now)
        return map(self._written, whole.steps(self._step) if whole else ())

    def examples(self) -> Iterator[Values]:
        """The values of a window such as there will be."""
        start = self._read("start", self.start)
        yield self._written(Window(start, start + self._step))

    def halves(self, values: Values) -> tuple[Values, ...]:
        """The values of both halves of a window that has these; none where it cannot be halved."""
        start, end = (self._read(name, values[name]) for name in self.names)
        return tuple(map(self._written, Window(start, end + self.inclusive).halves() or ()))

    def _whole(self, now: datetime | None) -> Window | None:
        start = self._read("start", self.start)
        if self.end is not None:
            return Window(start, self._read("end", self.end) + self.inclusive)
        return Window(start, next_moment(now, self._writing("start", self.start))) if now else None

    @property
    def _step(self) -> int:
        """In units, at least 1. Raises JobRejected."""
        if self.kind == "integer":
            step = self._read("step", self.step)
            if step < 1:
                raise JobRejected("step must be a whole number from 1 on")
            return step
        seconds, unit = read_duration("step", self.step), self._writing("start", self.start).unit
        if seconds % unit:
            raise JobRejected(
                f"step is {as_text(self.step)}, and start is a date: write whole days, or start as a time"
            )
        return seconds // unit

    def _read(self, name: str, value: Any) -> int:
        if self.kind == "time":
            return read_moment(name, value)[0]
        if not isinstance(value, int):
            raise JobRejected(f"{name} is {kind_of(value)}; with kind integer, it must be a whole number")
        return value

    def _writing(self, name: str, value: Any) -> Writing:
        return read_moment(name, value)[1] if self.kind == "time" else Writing(1, int)

    def _written(self, window: Window) -> Values:
        write = self._writing("start", self.start).write
        return {self.start_param: write(window.start), self.end_param: write(window.end - self.inclusive)}
