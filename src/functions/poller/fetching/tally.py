"""What a worker has asked for and got so far, for those who follow its job."""

import threading
import time
from collections import Counter
from collections.abc import Callable

_EVERY = 1.0  # seconds between two reports


class Tally:
    """Counts `requests`, how many of them were `retried`, seconds `waited` because the API asked for it or was down,
    `pages_arrived` and `records_arrived`.

    `report` gets what was counted since it was last called. It may be called from any thread that counts.
    """

    def __init__(self, report: Callable[[dict[str, int]], None] | None = None) -> None:
        self._report, self._lock = report, threading.Lock()
        self._total: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self._due = time.monotonic() + _EVERY

    @property
    def requests(self) -> int:
        return self._total["requests"]

    def add(self, **amounts: int) -> None:
        """Count, and report if that is due."""
        with self._lock:
            self._total.update(amounts)
            is_due = time.monotonic() >= self._due
        if is_due:
            self.report()

    def wait(self, seconds: int) -> None:
        """Count seconds in which nothing could be asked for."""
        self.add(waited=seconds)

    def report(self) -> None:
        """Say what has come since the last report, if anything has."""
        with self._lock:
            news = dict(self._total - self._reported)
            self._reported = self._total.copy()
            self._due = time.monotonic() + _EVERY
        if news and self._report:
            self._report(news)
