"""What people see while they wait: the progress of a job, or of `up`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from poller_local.render import format_count, format_records, format_total, format_trouble
from poller_local.summary import Summary, finished_tasks, is_final

PLAIN_PROGRESS_SECONDS = 5.0

Show = Callable[[Summary], None]


@contextmanager
def job_progress(console: Console, clock: Callable[[], float] = time.monotonic) -> Iterator[Show]:
    """Gives a callback that shows each summary: as a bar on a terminal, else as a line every five seconds."""
    if not console.is_terminal:
        yield _lines(console, clock)
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
            done, total = _share(summary)
            progress.update(bar, description=summary["Status"], total=total, completed=done, detail=_in_words(summary))

        yield draw


def _lines(console: Console, clock: Callable[[], float]) -> Show:
    """Writes no line for a job of less than five seconds."""
    due = clock() + PLAIN_PROGRESS_SECONDS

    def write(summary: Summary) -> None:
        nonlocal due
        if is_final(summary) or clock() < due:
            return
        due = clock() + PLAIN_PROGRESS_SECONDS
        console.print(Text(f"{summary['Status']}: {_in_words(summary)}"), soft_wrap=True)

    return write


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


def _share(summary: Summary) -> tuple[int, int | None]:
    """How much is done, and of how much: pages where the stack counts them as they arrive, else tasks.

    Until the total is final it would only run away: then it is None, and the bar pulses.
    """
    arrived, planned = summary.get("PagesArrived"), summary.get("PagesPlanned")
    if arrived is not None and planned:
        return arrived, max(arrived, planned)
    return finished_tasks(summary), summary["Total"] if summary["TotalIsFinal"] or is_final(summary) else None


def _in_words(summary: Summary) -> str:
    """Like "pages 640 of 1,000, records 64,000 of 100,000, 652 requests, 12 retried, waited 3 s"."""
    records = f"records {format_records(summary, ' of ')}"
    arrived, planned = summary.get("PagesArrived"), summary.get("PagesPlanned")
    if arrived is None:
        words = f"tasks {finished_tasks(summary):,} of {format_total(summary)}, {records}"
    else:
        words = f"pages {arrived:,}{f' of {planned:,}' if planned else ''}, {records}"
    if requests := summary.get("Requests"):
        words += f", {format_count(requests, 'request')}{format_trouble(summary)}"
    return words
