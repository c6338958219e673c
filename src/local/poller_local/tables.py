"""Tables of jobs, tasks and results: as wide as they need to be, so that an id can always be copied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from poller_local.answers import ResultsPage, Task, s3_location
from poller_local.errors import one_line, printable
from poller_local.render import (
    STYLES,
    format_count,
    format_error,
    format_records,
    format_size,
    format_time,
    format_total,
    status_style,
)
from poller_local.summary import Summary


@dataclass(frozen=True)
class Row:
    """One line of a table, and what stands below it."""

    cells: Sequence[str]
    style: str = ""
    below: str = ""


def show_jobs(console: Console, jobs: Iterable[Summary]) -> None:
    rows = [
        Row(
            (
                one_line(job["JobId"]),
                one_line(job["Name"] or ""),
                job["Status"],
                format_records(job, "/"),
                f"{job['SuccessfullyCompleted']:,}/{format_total(job)}",
                format_time(job["StartedAt"]),
                one_line(job["Url"] or ""),
            ),
            status_style(job),
        )
        for job in jobs
    ]
    _print_table(
        console, ("Job", "Name", "Status", "Records", "Tasks", "Started", "URL"), rows, right=(3, 4), coloured=2
    )


def show_tasks(console: Console, tasks: Iterable[Task]) -> None:
    """Below a task that failed stands a curl line to try it by hand."""
    rows = [
        Row(
            (
                one_line(task["TaskId"]),
                task["State"],
                f"{task['Attempts']:,}",
                f"{task['FirstPage']:,}",
                f"{task['Pages']:,}",
                f"{task['Records']:,}",
                format_size(task["Bytes"]),
                format_error(task["Error"]) if task["Error"] else "",
            ),
            {"FAILED": "bold red", "COMPLETE": "green"}.get(task["State"], "cyan"),
            printable(task["Request"] or ""),
        )
        for task in tasks
    ]
    headings = ("Task", "State", "Attempts", "First page", "Pages", "Records", "Size", "Error")
    _print_table(console, headings, rows, right=range(2, 7), coloured=1)


def show_results(console: Console, pages: Iterable[ResultsPage]) -> None:
    """The objects, and where they lie."""
    rows, places = [], dict[str, None]()
    records = size = 0
    for page in pages:
        places[s3_location(page)] = None
        for item in page["Results"]:
            rows.append(
                Row((one_line(item["Key"]), f"{item['Records']:,}", format_size(item["Size"]), item["Sha256"][:12]))
            )
            records, size = records + item["Records"], size + item["Size"]
    if rows:
        _print_table(console, ("Object", "Records", "Size", "SHA-256"), rows, right=(1, 2))
    found = f"{format_count(len(rows), 'object')}, {format_count(records, 'record')}"
    console.print(Text(f"{found}, {format_size(size)}"), soft_wrap=True)
    for place in places if rows else ():
        console.print(Text(place), soft_wrap=True)


def show_secrets(console: Console, secrets: Iterable[Mapping[str, Any]]) -> None:
    """`secrets` as Secrets Manager lists them: there is nothing of their values in that."""
    rows = [
        Row((one_line(s["Name"]), format_time(s["LastChangedDate"].isoformat()), one_line(s.get("Description") or "")))
        for s in secrets
    ]
    _print_table(console, ("Secret", "Changed", "May be sent to"), rows, right=())


def show_sources(console: Console, sources: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        Row(
            (
                one_line(source["Name"]),
                one_line(source["Schedule"]["Expression"] if source["Schedule"] else "by hand"),
                "paused" if source["Paused"] else "",
                one_line(source["Cursor"]["Value"] if source["Cursor"] else ""),
                one_line(source["LastJobId"] or ""),
                one_line(source["Url"] or ""),
            ),
            "yellow",
        )
        for source in sources
    ]
    _print_table(console, ("Source", "Runs", "", "Cursor", "Last job", "URL"), rows, right=(), coloured=2)


def show_runs(console: Console, runs: Iterable[Mapping[str, Any]]) -> None:
    """Below a run that was skipped stands why."""
    rows = [
        Row(
            (
                format_time(run["DueAt"] or run["At"]),
                "by hand" if run["DueAt"] is None else "schedule",
                one_line(run["Status"] or (run["Outcome"] if run["Outcome"] == "SKIPPED" else "")),
                one_line((run["From"] or "") + (f" to {run['Until']}" if run["Until"] else "")),
                one_line(run["JobId"] or ""),
            ),
            STYLES.get(run["Status"] or "", "yellow"),
            one_line(run["Why"] or ""),
        )
        for run in runs
    ]
    _print_table(console, ("Run", "By", "Status", "From", "Job"), rows, right=(), coloured=2)


def _print_table(
    console: Console, headings: Sequence[str], rows: Sequence[Row], right: Sequence[int], coloured: int = -1
) -> None:
    """Columns two spaces apart, `right` ones aligned right; `coloured` gets its row's style."""
    columns = zip(headings, *(row.cells for row in rows), strict=True)
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    for row in (Row(headings), *rows):
        line = Text()
        for number, (cell, width) in enumerate(zip(row.cells, widths, strict=True)):
            padding = " " * (width - cell_len(cell))
            line.append(padding if number in right else "")
            line.append(cell, row.style if number == coloured else "")
            line.append(("" if number in right else padding) + "  ")
        line.rstrip()
        console.print(line, soft_wrap=True)
        if row.below:
            console.print(Text(f"  {row.below}"), soft_wrap=True)
