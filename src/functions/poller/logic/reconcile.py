"""What happens next to a job, from its row and its counters: fetch again, wait, give up, or end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any

from poller.logic.summary import iso
from poller.models import Counts, Job, JobStatus, TaskRow

IDLE_ROUNDS = 11
"""Rounds of fetching without any progress after which what is still pending is given up. The pauses between them make
that half an hour at least: most outages are over by then."""
PROCESSING_PATIENCE = timedelta(hours=6)
"""How long queued tasks may show no progress. All deliveries of a message take an hour (maxReceiveCount 5 × visibility
timeout of 12 minutes), and the queue is shared: another job's backlog may stand before this one's."""
MOST_VISITS = 300
"""Looks at a job in one execution. Each costs about 10 history events, and 37 when every retry is used up; an execution
has 25,000, of which PreparePollerJob may have used a third before the first look:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
TASKS_FAILED = "TasksFailed"
_LONGEST_WAIT = 60
_LONGEST_PAUSE = 3600
_SHORTEST_REST, _LONGEST_REST = 15, 300  # seconds after a round without progress, doubled each time
_PATIENT_TASKS = 20  # queued tasks for each second of waiting


@dataclass(frozen=True, slots=True)
class Fetch:
    """Plan what has not reached the queue again: all of it, or only as many tasks as run at once (`scouts`).

    Scouts go first after a pause that the API asked for. Every child costs, and the API may ask for the next pause.
    """

    scouts: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in `seconds`."""

    seconds: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Mark every unfinished task FAILED with this error; then end with `stop`, or decide anew where it is None."""

    error: dict[str, Any]
    stop: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The job is over. `notice` is something to know about a success."""

    status: JobStatus
    error: dict[str, Any] | None = None
    notice: dict[str, Any] | None = None


Decision = Fetch | Wait | GiveUp | End


def note_progress(job: Job, counts: Counts, now: datetime) -> Job:
    """`job` with its marks of progress as `counts` shows them: has anything moved since the last look?

    A pause that the API asked for is no idleness: the time without progress begins when it ends.
    """
    mark = counts.payload_saved + 2 * counts.enqueued + 3 * counts.finished + counts.pages
    if mark != job.progress_mark or not job.progress_at:
        job = replace(job, progress_mark=mark, progress_at=now.isoformat(), idle_rounds=0)
    if _pause_ends(job) > datetime.fromisoformat(job.progress_at):
        job = replace(job, progress_at=_pause_ends(job).isoformat(), idle_rounds=0)
    return replace(job, visits=job.visits + 1)


def decide(job: Job, counts: Counts, now: datetime) -> Decision:
    """The next step of `job`, after `note_progress`. A job whose tasks are all finished is for `verdict`."""
    unfinished = job.total - counts.finished
    if job.geometry is None and job.stop is None:
        return End(JobStatus.FAILED, _error("NotPlanned", "the job ended before its plan was made"))
    if job.stop is not None:
        ended = End(JobStatus(job.stop["Status"]), job.stop["Error"])
        return GiveUp(job.stop["Error"], job.stop) if unfinished > 0 else ended
    if exceeds_tolerance(job, counts):
        error = too_many_failures(job, counts)
        stop = {"Status": JobStatus.FAILED.value, "Error": error}
        return GiveUp(error, stop) if unfinished > 0 else End(JobStatus.FAILED, error)
    if unfinished <= 0:
        return End(JobStatus.SUCCEEDED)
    if job.deadline_at and now > datetime.fromisoformat(job.deadline_at):
        return GiveUp(_too_late(job, unfinished))
    idle = now - datetime.fromisoformat(job.progress_at)
    if counts.enqueued + counts.finished < job.total:
        if job.idle_rounds >= IDLE_ROUNDS:
            rounds = f"after {job.idle_rounds} rounds of fetching in {int(idle.total_seconds() // 60)} minutes"
            return GiveUp(_no_progress(job, unfinished, rounds))
        pause = _rests(job.idle_rounds) - idle.total_seconds()
        if pause > 0:
            return Wait(min(_LONGEST_PAUSE, ceil(pause), _until_deadline(job, now)))
        return Fetch(scouts=_was_held_back(job) and job.idle_rounds == 0)
    if idle > PROCESSING_PATIENCE:
        return GiveUp(_no_progress(job, unfinished, f"after {int(idle.total_seconds() // 3600)} hours in the queue"))
    # A long queue, or one that does not move, is not looked at every two seconds: each look costs history events.
    return Wait(min(_LONGEST_WAIT, max(2, unfinished // _PATIENT_TASKS, int(idle.total_seconds() / 2))))


def _rests(rounds: int) -> int:
    """Seconds between the last progress and the round after `rounds` idle ones. Rounds that take long need no rest."""
    return sum(min(_SHORTEST_REST * 2**n, _LONGEST_REST) for n in range(rounds))


def _pause_ends(job: Job) -> datetime:
    return datetime.fromtimestamp(job.not_before, UTC)


def _was_held_back(job: Job) -> bool:
    """Whether nothing has moved since the API asked for a pause."""
    return _pause_ends(job) >= datetime.fromisoformat(job.progress_at)


def _until_deadline(job: Job, now: datetime) -> int:
    """Seconds, at least 1."""
    if not job.deadline_at:
        return _LONGEST_PAUSE
    return max(1, ceil((datetime.fromisoformat(job.deadline_at) - now).total_seconds()) + 1)


def exceeds_tolerance(job: Job, counts: Counts) -> bool:
    """Whether more tasks failed than the spec tolerates. Without a limit, any number is."""
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    return limit is not None and counts.failed * 100 > limit * job.total


def too_many_failures(job: Job, counts: Counts) -> dict[str, Any]:
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    return _error(
        "ToleratedFailuresExceeded",
        f"{counts.failed} of {job.total} tasks failed; tolerated_failure_percentage allows {limit:g} %",
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
        return End(JobStatus.PARTIAL, _error("PaginationLoop", f"{message}; {advice}"))
    if _second_page_overlaps(rows):
        message = "the second page begins with the record that the first one ends with, so others may be missing"
        advice = "if running the job again ends the same, the API counts its records from 1, or its pages overlap"
        return End(JobStatus.PARTIAL, _error("PagesOverlap", f"{message}; {advice}"))
    expected, received = job.records_expected, counts.records
    declared = [row.declared for row in rows if row.declared is not None]
    latest = max(declared, default=expected or 0)
    if expected is None or (received == expected and latest <= expected):
        return End(JobStatus.SUCCEEDED)
    if expected <= received <= latest:
        message = (
            f"the API declared {expected:,} records when the job was planned and {latest:,} while it ran; "
            f"{received:,} arrived. Records may be missing or repeated where others were added: run the job again"
        )
        return End(JobStatus.SUCCEEDED, notice=_error("GrewAfterPlan", message))
    seen = sorted({expected, *declared})
    totals = f"{expected:,}" if len(seen) == 1 else f"between {seen[0]:,} and {seen[-1]:,}"
    return End(JobStatus.PARTIAL, _error("TotalsDisagree", f"the API declared {totals} records and sent {received:,}"))


def _first_repeated(rows: list[TaskRow]) -> str | None:
    """The first task whose first page repeats its neighbour's last. Pages without records have no digest."""
    pairs = ((before, row) for before, row in pairwise(rows) if before.last_digest)
    return next((row.task_id for before, row in pairs if before.last_digest == row.first_digest), None)


def _second_page_overlaps(rows: list[TaskRow]) -> bool:
    """An API that counts from 1 and takes 0 for 1 repeats one record there, and leaves out the last one."""
    if rows and rows[0].pages > 1:
        return rows[0].overlaps
    return len(rows) > 1 and rows[0].last_record == rows[1].first_record != ""


def _first_failure(job: Job, counts: Counts, rows: list[TaskRow]) -> dict[str, Any]:
    message = f"{counts.failed} of {job.total} tasks failed"
    failed = sorted((row.task_id, row.error) for row in rows if row.error)
    if failed:
        task_id, error = failed[0]
        message += f"; the first, {task_id}, with {error['Type']}: {error['Message']}" if error else ""
    return _error(TASKS_FAILED, message)


def _too_late(job: Job, unfinished: int) -> dict[str, Any]:
    message = f"the job's deadline passed with {unfinished} of {job.total} tasks left"
    if _was_held_back(job):
        message += f"; the API kept asking for a pause, at last until {iso(_pause_ends(job))}"
    return _error("DeadlineExceeded", message)


def _no_progress(job: Job, unfinished: int, when: str) -> dict[str, Any]:
    return _error("NoProgress", f"given up {when} without progress; {unfinished} of {job.total} tasks were left")


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"Type": kind, "Message": message}
