"""What people see while they wait: the progress of a job, or of `up`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from poller_local.render import format_records, format_total
from poller_local.summary import Summary, finished_tasks, is_final

PLAIN_PROGRESS_SECONDS = 5.0


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[Summary], None]]:
    """Gives a callback that draws each summary as a bar; on anything but a terminal it draws nothing."""
    if not console.is_terminal:
        yield lambda _summary: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        # Named colours: the default shades turn grey on a terminal of 16 colours.
        BarColumn(bar_width=None, complete_style="cyan", finished_style="green", pulse_style="cyan"),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("PENDING", total=None, detail="")

        def draw(summary: Summary) -> None:
            # Until the total is final it would only run away: a pulse instead of a bar.
            total = summary["Total"] if summary["TotalIsFinal"] or is_final(summary) else None
            progress.update(
                bar,
                description=summary["Status"],
                total=total,
                completed=finished_tasks(summary),
                detail=_detail(summary),
            )

        yield draw


@contextmanager
def progress_lines(console: Console) -> Iterator[Callable[[Summary], None]]:
    """Like `progress_bar`, but where a bar cannot be drawn a line is written every five seconds."""
    if console.is_terminal:
        with progress_bar(console) as draw:
            yield draw
        return
    due = time.monotonic()

    def write(summary: Summary) -> None:
        nonlocal due
        if is_final(summary) or time.monotonic() < due:
            return
        due = time.monotonic() + PLAIN_PROGRESS_SECONDS
        console.print(Text(f"{summary['Status']}: {_detail(summary)}"), soft_wrap=True)

    yield write


@contextmanager
def step(console: Console, name: str) -> Iterator[None]:
    """Shows one phase of `up`: a spinner while it runs on a terminal, and a line with its time after it."""
    started = time.monotonic()
    if console.is_terminal:
        with console.status(name):
            yield
    else:
        yield
    console.print(Text(f"{name}: {time.monotonic() - started:.1f} s"), soft_wrap=True)


def _detail(summary: Summary) -> str:
    return f"tasks {finished_tasks(summary):,} of {format_total(summary)}, records {format_records(summary, ' of ')}"
