"""How a job ends whose tasks are all finished."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from poller.errors import ErrorType, Reason
from poller.jobs.model import Counts, Job, JobStatus, TaskRow
from poller.text import counted


@dataclass(frozen=True, slots=True)
class End:
    """The job is over. `notice` is something to know about a success."""

    status: JobStatus
    error: Reason | None = None
    notice: Reason | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Every task is finished, and `verdict` says how the job ends."""


def exceeds_tolerance(job: Job, counts: Counts) -> bool:
    """Whether more tasks failed than the spec tolerates. Without a limit, any number is."""
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    return limit is not None and counts.failed * 100 > limit * job.total


def too_many_failures(job: Job, counts: Counts) -> Reason:
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    return Reason(
        ErrorType.TOLERATED_FAILURES_EXCEEDED,
        f"{counts.failed:,} of {counted(job.total, 'task')} failed; tolerated_failure_percentage allows {limit:g} %",
    )


def verdict(job: Job, counts: Counts, rows: Iterable[TaskRow]) -> End:
    """How a job ends whose tasks are all finished and that nothing stopped."""
    rows = sorted(rows, key=lambda row: row.task_id)
    if counts.failed:
        status = JobStatus.PARTIAL if counts.complete else JobStatus.FAILED
        return End(status, _first_failure(job, counts, rows))
    if repeated := _first_repeated(rows):
        message = f"task {repeated} begins with the records that the task before it ends with"
        advice = "the API seems to ignore the page asked for: correct the paginator and submit a new job"
        return End(JobStatus.PARTIAL, Reason(ErrorType.PAGINATION_LOOP, f"{message}; {advice}"))
    if _second_page_overlaps(rows):
        message = "the second page begins with the record that the first one ends with, so others may be missing"
        advice = "if running the job again ends the same, the API counts its records from 1, or its pages overlap"
        return End(JobStatus.PARTIAL, Reason(ErrorType.PAGES_OVERLAP, f"{message}; {advice}"))
    expected, received = job.records_expected, counts.records
    declared = [row.declared for row in rows if row.declared is not None]
    latest = max(declared, default=expected or 0)
    if expected is None or (received == expected and latest <= expected):
        return End(JobStatus.SUCCEEDED)
    if expected <= received <= latest:
        message = (
            f"the API declared {counted(expected, 'record')} when the job was planned and {latest:,} while it ran; "
            f"{received:,} arrived. Records may be missing or repeated where others were added: run the job again"
        )
        return End(JobStatus.SUCCEEDED, notice=Reason(ErrorType.GREW_AFTER_PLAN, message))
    seen = sorted({expected, *declared})
    totals = counted(expected, "record") if len(seen) == 1 else f"between {seen[0]:,} and {counted(seen[-1], 'record')}"
    return End(JobStatus.PARTIAL, Reason(ErrorType.TOTALS_DISAGREE, f"the API declared {totals} and sent {received:,}"))


def _first_repeated(rows: list[TaskRow]) -> str | None:
    """The first task whose first page repeats its neighbour's last. Pages without records have no digest."""
    pairs = ((before, row) for before, row in pairwise(rows) if before.last_digest)
    return next((row.task_id for before, row in pairs if before.last_digest == row.first_digest), None)


def _second_page_overlaps(rows: list[TaskRow]) -> bool:
    """An API that counts from 1 and takes 0 for 1 repeats one record there, and leaves out the last one."""
    if rows and rows[0].pages > 1:
        return rows[0].overlaps
    return len(rows) > 1 and rows[0].last_record == rows[1].first_record != ""


def _first_failure(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason:
    message = f"{counts.failed:,} of {counted(job.total, 'task')} failed"
    first = next((row for row in rows if row.error), None)
    if first and first.error:
        message += f"; the first, {first.task_id}, with {first.error.type}: {first.error.message}"
    return Reason(ErrorType.TASKS_FAILED, message)
