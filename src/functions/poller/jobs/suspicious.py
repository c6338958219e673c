"""Which tasks a redrive runs again: those that failed, or that may be to blame where a job is PARTIAL without."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from poller.errors import ErrorType, Reason
from poller.jobs.judge import part_ends
from poller.jobs.model import Job, JobStatus, TaskRow, TaskState
from poller.jobs.plan import Partitions, Ranges
from poller.text import counted


@dataclass(frozen=True, slots=True)
class Suspect:
    """A task to run again, and why. `pages` is how many pages it has, as far as that is known."""

    row: TaskRow
    pages: int
    why: str


def ended_suspiciously(job: Job) -> Reason | None:
    """Why a job in which no task failed is PARTIAL; None for every other job."""
    if job.status is JobStatus.PARTIAL and job.error and job.error.type != ErrorType.TASKS_FAILED:
        return job.error
    return None


def suspects(job: Job, rows: Iterable[TaskRow], reason: Reason | None) -> list[Suspect]:
    """The tasks to run again, in their order: those that failed; else, where `reason` is why the job is PARTIAL, those
    that it speaks of.

    Where nothing narrower can be said, it is all of them: to ask for too much is the safe side. So this may be called
    again when some tasks were put back already.
    """
    rows = sorted((row for row in rows if not row.halves), key=lambda row: row.task_id)
    why = {row.task_id: f"failed: {row.error.type if row.error else 'no reason'}" for row in _failed(rows)}
    if not why and reason is not None:
        why = _suspicious(job, rows, reason)
    return [Suspect(row, _pages(job, row), why[row.task_id]) for row in rows if row.task_id in why]


def in_words(found: list[Suspect]) -> str:
    """`found` as a sentence."""
    if not found:
        return "no task is to be run again; the job is judged anew"
    pages = sum(suspect.pages for suspect in found)
    return f"{counted(len(found), 'task')} with {counted(pages, 'page')} would be run again"


def _failed(rows: list[TaskRow]) -> list[TaskRow]:
    return [row for row in rows if row.state is TaskState.FAILED]


def _suspicious(job: Job, rows: list[TaskRow], reason: Reason) -> dict[str, str]:
    """The tasks that `reason` speaks of; of a job with partitions, those of partitions that are not whole."""
    parts = part_ends(job, rows) if isinstance(job.plan, Partitions) else []
    why: dict[str, str] = {}
    for part in parts:
        if part.end.error:
            why |= _blamed_or_all(list(part.rows), part.end.error)
    return why or _blamed_or_all(rows, reason)


def _blamed_or_all(rows: list[TaskRow], reason: Reason) -> dict[str, str]:
    return _blamed(rows, reason) or {row.task_id: f"may be to blame: {reason.type}" for row in rows}


def _blamed(rows: list[TaskRow], reason: Reason) -> dict[str, str]:
    """The tasks that `reason` speaks of, and what is wrong with them. None: it does not say."""
    match reason.type:
        case ErrorType.TOTALS_DISAGREE:
            short = {row.task_id: _short(row) for row in rows if row.short_page is not None}
            return short and _ends(rows) | short
        case ErrorType.END_NOT_SEEN:
            return _ends(rows)
        case ErrorType.PAGES_OVERLAP:
            return {row.task_id: "its pages overlap" for row in rows[:2]}
        case ErrorType.PAGINATION_LOOP:
            pairs = [(a, b) for a, b in pairwise(rows) if a.last_digest == b.first_digest != ""]
            return {row.task_id: "repeats its neighbour" for pair in pairs for row in pair}
    return {}


def _ends(rows: list[TaskRow]) -> dict[str, str]:
    return {row.task_id: "the end was not seen behind it" for row in rows if row.end is not None}


def _short(row: TaskRow) -> str:
    return "pages of it came short" if row.short_pages > 1 else "a page of it came short"


def _pages(job: Job, row: TaskRow) -> int:
    """At least those that are stored: how many a task of a partition has is known to that partition's plan alone."""
    if not isinstance(job.plan, Ranges):
        return row.pages
    first = job.plan.first_page(row.task_id)
    end = row.goes_on_at or first + job.plan.task_behind(row.task_id, first).pages
    return max(row.pages, end - first)
