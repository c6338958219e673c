"""A world in which a handler can be killed after any of its calls to the outside.

Outside means AWS, the partner's API and the workflow service. Killed means gone: nothing of the handler runs after
the call, as when a worker is shut down. The call itself has had its effect.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """Not an Exception: a handler that is killed cannot catch it."""


@dataclass
class Invocation:
    """One run of a handler, and the calls to the outside that it made."""

    name: str
    calls: list[str] = field(default_factory=list)


class Killer:
    """Notes the outside calls of each invocation; kills the one at `target[0]` after `target[1]` calls."""

    def __init__(self) -> None:
        self.target: tuple[int, int] | None = None
        self.invocations: list[Invocation] = []
        self._running = False

    def invoke(self, handler: Callable[[], Any], name: str) -> Any:
        """Run a handler as its caller would: once more if it was killed."""
        try:
            return self._once(handler, name)
        except Killed:
            self.target = None
            return self._once(handler, f"{name} again")

    def _once(self, handler: Callable[[], Any], name: str) -> Any:
        self.invocations.append(Invocation(name))
        self._running = True
        try:
            return handler()
        finally:
            self._running = False

    def after_call(self, name: str) -> None:
        if not self._running:
            return
        calls = self.invocations[-1].calls
        calls.append(name)
        if self.target == (len(self.invocations) - 1, len(calls)):
            self._running = False
            raise Killed
