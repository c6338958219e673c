"""A world in which a handler can be killed after any of its calls to the outside.

Outside means AWS, the partner's API and the workflow service. Killed means gone: nothing of the handler runs after
the call, as when a worker is shut down. The call itself has had its effect.
"""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """Not an Exception: a handler that is killed cannot catch it."""


class Killer:
    """Counts the outside calls of each invocation, and kills invocation `invocation` after its `call`-th."""

    def __init__(self) -> None:
        self.target: tuple[int, int] | None = None
        self.calls: list[tuple[str, int]] = []
        self._running = False

    def invoke(self, handler: Callable[[], Any], name: str) -> Any:
        """Run a handler as its caller would: once more if it was killed."""
        try:
            return self._once(handler, name)
        except Killed:
            self.target = None
            return self._once(handler, f"{name} again")

    def _once(self, handler: Callable[[], Any], name: str) -> Any:
        self.calls.append((name, 0))
        self._running = True
        try:
            return handler()
        finally:
            self._running = False

    def after_call(self) -> None:
        if not self._running:
            return
        name, count = self.calls[-1]
        self.calls[-1] = (name, count + 1)
        if self.target == (len(self.calls) - 1, count + 1):
            self._running = False
            raise Killed
