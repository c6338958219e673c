"""Arithmetic of windows: a stretch of whole numbers, cut into steps and halves without a gap and without an overlap.

Times are counted in units, days or seconds, from the epoch: how they are written stays with `moments`.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """The numbers from `start` to before `end`."""

    start: int
    end: int

    def __len__(self) -> int:
        """How many numbers."""
        return self.end - self.start

    def steps(self, step: int) -> Iterator["Window"]:
        """This window in windows of `step` numbers, the last of which may be shorter."""
        starts = range(self.start, self.end, step)
        return (Window(start, min(start + step, self.end)) for start in starts)

    def halves(self) -> tuple["Window", "Window"] | None:
        """Both halves; None where there is one number only."""
        middle = (self.start + self.end) // 2
        if middle == self.start:
            return None
        return Window(self.start, middle), Window(middle, self.end)


def count_of(window: Window, step: int) -> int:
    """How many windows `steps` makes."""
    return max(0, -(-(window.end - window.start) // step))
