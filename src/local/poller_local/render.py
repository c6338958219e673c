"""What people see: the summary, the progress of a job or of `up`, the list of results."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from poller_local.downloads import ResultObject, s3_location
from poller_local.errors import one_line
from poller_local.summary import Summary, finished_tasks, is_final

STYLES = {"SUCCEEDED": "bold green", "PARTIAL": "bold yellow", "RUNNING": "cyan", "PENDING": "cyan"}
PLAIN_PROGRESS_SECONDS = 5.0


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


def show_summary(console: Console, summary: Summary) -> None:
    for label, value, style in summary_lines(summary):
        console.print(Text(f"{label:<9}").append(value, style), soft_wrap=True)


def summary_lines(summary: Summary) -> list[tuple[str, str, str]]:
    """The summary as (label, value, style), worst news first."""
    failed, status = summary["FailedToComplete"], summary["Status"]
    error = summary["Error"]
    lines = [("Job", summary["JobId"], ""), ("Status", status, STYLES.get(status, "bold red"))]
    if summary["Name"]:
        lines.insert(1, ("Name", one_line(summary["Name"]), ""))
    if error:
        lines.append(("Error", one_line(f"{error.get('Type')}: {error.get('Message')}"), "bold red"))
    tasks = f"{summary['SuccessfullyCompleted']:,} of {_total(summary)} complete"
    lines.append(("Tasks", f"{tasks}, {failed:,} failed" if failed else tasks, "red" if failed else ""))
    lines.append(("Pages", f"{summary['Pages']:,}", ""))
    lines.append(("Records", _records(summary), ""))
    lines.append(("Size", format_size(summary["Bytes"]), ""))
    seconds = _seconds(summary)
    if seconds is not None:
        lines.append(("Time", f"{seconds:,.1f} s", ""))
    return lines


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
                detail=f"{finished_tasks(summary):,} of {_total(summary)} tasks, {_records(summary)} records",
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
        tasks = f"{finished_tasks(summary):,} of {_total(summary)} tasks"
        console.print(Text(f"{summary['Status']}: {tasks}, {_records(summary)} records"), soft_wrap=True)

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


def show_results(console: Console, results: Iterable[ResultObject]) -> None:
    """A table of the objects, and where they lie."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Object", overflow="fold")
    for heading in ("Records", "Size"):
        table.add_column(heading, justify="right")
    table.add_column("SHA-256")
    objects, places = 0, dict[str, None]()
    records = size = 0
    for item in results:
        table.add_row(Text(item["Key"]), f"{item['Records']:,}", format_size(item["Size"]), item["Sha256"][:12])
        objects, records, size = objects + 1, records + item["Records"], size + item["Size"]
        places[s3_location(item)] = None
    if objects:
        console.print(table)
    console.print(Text(f"{objects:,} objects, {records:,} records, {format_size(size)}"), soft_wrap=True)
    for place in places:
        console.print(Text(place), soft_wrap=True)


def format_size(size: int) -> str:
    """Bytes for people, in decimal units."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        # In a file or a pipe nothing may be cut to the width of a window that is not there.
        console.width = 1000
    return console


def _total(summary: Summary) -> str:
    return f"{summary['Total']:,}" if summary["TotalIsFinal"] or is_final(summary) else "?"


def _records(summary: Summary) -> str:
    expected = summary["RecordsExpected"]
    received = f"{summary['RecordsReceived']:,}"
    return received if expected is None else f"{received} of {expected:,}"


def _seconds(summary: Summary) -> float | None:
    if not summary["StartedAt"] or not summary["FinishedAt"]:
        return None
    return (
        datetime.fromisoformat(summary["FinishedAt"]) - datetime.fromisoformat(summary["StartedAt"])
    ).total_seconds()
