"""Records that lack what the spec needs of them."""

from poller.datasets.csv_table import MAX_LEFT_OUT
from poller.errors import ErrorType, Reason
from poller.jobs.model import Counts, Job, TaskRow
from poller.jobs.source_run import missing_cursors


def not_as_asked(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason | None:
    """Which records lack what the spec needs of them."""
    return _cursor_missing(job, counts, rows) or _left_out(rows)


def _left_out(rows: list[TaskRow]) -> Reason | None:
    """Which fields of records came without a column that they could go to."""
    fields = dict.fromkeys(name for row in rows for name in row.left_out)
    if not fields:
        return None
    some, more = list(fields)[:MAX_LEFT_OUT], " and others" if len(fields) >= MAX_LEFT_OUT else ""
    message = (
        f"records have fields that the first page's did not have, and that no column holds: {', '.join(some)}{more}"
    )
    advice = "name all columns in output.columns, or take jsonl, and submit a new job"
    return Reason(ErrorType.FIELDS_LEFT_OUT, f"{message}; {advice}")


def _cursor_missing(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason | None:
    """Which records do not say how new they are, where the next run goes by that."""
    first = next((row for row in rows if row.cursorless), None)
    if first is None or job.spec is None or job.spec.incremental is None:
        return None
    cursorless = sum(row.cursorless for row in rows)
    message = missing_cursors(job.spec.incremental, cursorless, counts.records, first.task_id)
    return Reason(ErrorType.CURSOR_MISSING, message)
