"""How long one call of a function may begin new things."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Invocation(Protocol):
    """What is needed of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TimeBox:
    """`end` is a time.monotonic() value."""

    end: float

    @classmethod
    def of(cls, context: Invocation, reserve_seconds: float) -> "TimeBox":
        """The function's time, less what is kept for what has begun."""
        return cls(time.monotonic() + context.get_remaining_time_in_millis() / 1000 - reserve_seconds)

    def cut_at(self, moment: datetime) -> "TimeBox":
        """The same, but over at `moment` at the latest."""
        return TimeBox(min(self.end, time.monotonic() + (moment - datetime.now(UTC)).total_seconds()))

    def ends_within(self, seconds: float) -> bool:
        return time.monotonic() + seconds > self.end

    @property
    def is_over(self) -> bool:
        return self.ends_within(0)
