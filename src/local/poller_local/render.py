"""The summary of a job for people, and how they read sizes, counts and times."""

import json
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from poller_local.errors import one_line
from poller_local.proof import is_complete, proof_in_words
from poller_local.summary import JobError, Summary, is_final

STYLES = {
    "SUCCEEDED": "bold green",
    "PARTIAL": "bold yellow",
    "CANCELLED": "bold yellow",
    "RUNNING": "cyan",
    "PENDING": "cyan",
}


def show_summary(console: Console, summary: Summary) -> None:
    for label, value, style in summary_lines(summary):
        console.print(Text(f"{label:<9}").append(value, style), soft_wrap=True)


def next_command(summary: Summary) -> str | None:
    """What somebody who has seen the job's end does next; None where there is nothing to do with this job."""
    job_id = one_line(summary["JobId"])
    if summary["FailedToComplete"]:
        return f"See what failed with: poller tasks {job_id} --state FAILED"
    if summary["Status"] == "CANCELLED" and summary["Total"]:
        return f"Go on with it: poller redrive {job_id} --wait"
    if summary["SuccessfullyCompleted"]:
        folder = f"{one_line(summary['Name'] or 'default')}/{job_id}"
        return f"Copy the dataset with: poller results {job_id} --download {folder}"
    return None


def summary_lines(summary: Summary) -> list[tuple[str, str, str]]:
    """The summary as (label, value, style), worst news first."""
    failed, status, proof = summary["FailedToComplete"], summary["Status"], proof_in_words(summary)
    lines = [("Job", summary["JobId"], ""), ("Status", status, status_style(summary))]
    if summary["Name"]:
        lines.insert(1, ("Name", one_line(summary["Name"]), ""))
    if summary["Url"]:
        lines.insert(-1, ("URL", one_line(summary["Url"]), ""))
    if summary["Error"]:
        said, spec = split_advice(format_error(summary["Error"]))
        lines.append(("Error", said, "bold red"))
        if spec:
            lines.append(("Try", spec, "bold"))
    if summary["Notice"]:
        lines.append(("Notice", format_error(summary["Notice"]), "bold yellow"))
    if since := summary.get("DownSince"):
        lines.append(("API down", f"since {format_time(since)}; the job waits, and goes on by itself", "bold yellow"))
    if proof:
        lines.append(("Proof", proof, "green" if is_complete(summary) else "yellow"))
    if detected := summary.get("Detected"):
        spec = json.dumps(detected["Spec"], ensure_ascii=False)
        lines.append(("Detected", one_line(f"{detected['Evidence']}; to pin it: {spec}"), ""))
    if summary["DuplicateOf"]:
        lines.append(("Repeats", f"{one_line(summary['DuplicateOf'])}, which has the same client token", "yellow"))
    tasks = f"{summary['SuccessfullyCompleted']:,} of {format_total(summary)} complete"
    lines.append(("Tasks", f"{tasks}, {failed:,} failed" if failed else tasks, "red" if failed else ""))
    lines.append(("Pages", f"{summary['Pages']:,}", ""))
    lines.append(("Records", format_records(summary, " of "), ""))
    lines.append(("Size", format_size(summary["Bytes"]), ""))
    if requests := summary.get("Requests"):
        lines.append(("Requests", f"{requests:,}{format_trouble(summary)}", ""))
    seconds = _seconds(summary)
    if seconds is not None:
        lines.append(("Time", f"{seconds:,.1f} s", ""))
    return lines


def status_style(summary: Summary) -> str:
    """The colour of a job's status. A success with a Notice is none to pass over."""
    status = summary["Status"]
    return "bold yellow" if summary["Notice"] and status == "SUCCEEDED" else STYLES.get(status, "bold red")


def format_error(error: JobError) -> str:
    return one_line(f"{error.get('Type')}: {error.get('Message')}")


def split_advice(message: str) -> tuple[str, str]:
    """A message, and the spec that it ends with, on a line of its own to be copied; "" where it has none."""
    said, _, spec = message.rpartition("; perhaps ")
    return (said, spec) if said and spec.startswith('{"paginator"') else (message, "")


def format_total(summary: Summary) -> str:
    """How many tasks there are, `?` until that is known."""
    return f"{summary['Total']:,}" if summary["TotalIsFinal"] or is_final(summary) else "?"


def format_records(summary: Summary, separator: str) -> str:
    """Records received or on their way to it and, where the API declared a total, expected."""
    expected = summary["RecordsExpected"]
    received = f"{summary.get('RecordsArrived') or summary['RecordsReceived']:,}"
    return received if expected is None else f"{received}{separator}{expected:,}"


def format_trouble(summary: Summary) -> str:
    """What the requests of a job met, like ", 12 retried, waited 3 s"; empty if that was nothing."""
    retried, waited = summary.get("Retried") or 0, summary.get("WaitedSeconds") or 0
    return (f", {retried:,} retried" if retried else "") + (f", waited {waited:,.0f} s" if waited >= 1 else "")


def format_time(time: str | None) -> str:
    """A time of the API, to the second and in UTC."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if time else ""


def format_count(number: int, noun: str) -> str:
    """`1 object`, `2,000 objects`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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


def _seconds(summary: Summary) -> float | None:
    """How long the job ran. The days that it lay there before a redrive are none of it."""
    if summary["FinishedAt"] and summary["RunSeconds"] is not None:
        return float(summary["RunSeconds"])
    if not summary["StartedAt"] or not summary["FinishedAt"]:
        return None
    return (
        datetime.fromisoformat(summary["FinishedAt"]) - datetime.fromisoformat(summary["StartedAt"])
    ).total_seconds()
