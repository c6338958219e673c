"""Where a command writes: what was asked for, and everything on the way there."""

from rich.console import Console
from rich.text import Text


class Screen:
    """`out` is for what was asked for, `err` for everything on the way there."""

    def __init__(self) -> None:
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def say(self, text: str) -> None:
        """One plain line to standard output, neither wrapped nor marked up."""
        self.out.print(Text(text), soft_wrap=True)

    def note(self, text: str) -> None:
        """One plain line to standard error."""
        self.err.print(Text(text), soft_wrap=True)


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        # In a file or a pipe nothing may be cut to the width of a window that is not there.
        console.width = 1000
    return console
