"""How far a task's records reach, by the values that tell how new each is."""

from poller.specs.cursor_value import CursorValue, later
from poller.specs.incremental import Incremental
from poller.values import JSON


class HighWater:
    """The latest value of the records that were added; None before the first. So many of them are `cursorless`.

    Without `incremental` there is nothing to look at.
    """

    def __init__(self, incremental: Incremental | None) -> None:
        self._incremental = incremental
        self._latest: CursorValue | None = None
        self.cursorless = 0

    def add(self, record: JSON) -> None:
        if self._incremental is None:
            return
        value = self._incremental.value_in(record)
        self._latest = later(self._latest, value)
        self.cursorless += value is None

    @property
    def reached(self) -> str:
        """The latest value as the API wrote it, "" where there is none."""
        return self._latest.text if self._latest else ""
