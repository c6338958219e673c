"""What happens next to a job, from its row and its counters: fetch again, wait, or end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poller.models import Counts, Job, JobStatus, TaskRow

IDLE_ROUNDS = 5
"""Rounds of fetching without any progress after which what is still pending is given up."""
PROCESSING_PATIENCE = timedelta(minutes=45)
"""How long queued tasks may show no progress: longer than all deliveries of a message take together
(maxReceiveCount 5 × visibility timeout of 6 minutes, and the batching windows)."""
TASKS_FAILED = "TasksFailed"
_LONGEST_WAIT = 60


@dataclass(frozen=True, slots=True)
class Fetch:
    """Plan what has not reached the queue again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in `seconds`: the tasks left are with the consumer."""

    seconds: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Mark every unfinished task FAILED with this error, then decide anew."""

    error: dict[str, str]


@dataclass(frozen=True, slots=True)
class End:
    """The job is over."""

    status: JobStatus
    error: dict[str, str] | None = None


Decision = Fetch | Wait | GiveUp | End


def note_progress(job: Job, counts: Counts, now: datetime) -> Job:
    """`job` with its marks of progress as `counts` shows them: has anything moved since the last look?"""
    mark = counts.payload_saved + 2 * counts.enqueued + 3 * counts.finished
    if mark != job.progress_mark or not job.progress_at:
        return replace(job, progress_mark=mark, progress_at=now.isoformat(), idle_rounds=0)
    return replace(job, idle_rounds=job.idle_rounds + 1)


def decide(job: Job, counts: Counts, now: datetime) -> Decision:
    """The next step of `job`. Call `note_progress` first."""
    if job.stop is not None:
        return End(JobStatus(job.stop["Status"]), job.stop["Error"])
    if job.geometry is None:
        return End(JobStatus.FAILED, {"Type": "NotPlanned", "Message": "the job ended before its plan was made"})
    if counts.finished >= job.total:
        return _verdict(job, counts)
    if counts.enqueued + counts.finished < job.total:
        if job.idle_rounds >= IDLE_ROUNDS:
            return GiveUp(_given_up(job, counts, f"after {job.idle_rounds} rounds of fetching without progress"))
        return Fetch()
    if now - datetime.fromisoformat(job.progress_at) > PROCESSING_PATIENCE:
        minutes = int(PROCESSING_PATIENCE.total_seconds() // 60)
        return GiveUp(_given_up(job, counts, f"after {minutes} minutes in the queue without progress"))
    return Wait(min(_LONGEST_WAIT, 2 ** min(job.idle_rounds + 1, 10)))


def explain(error: dict[str, str] | None, rows: Iterable[TaskRow]) -> dict[str, str] | None:
    """`error`, and if it is about failed tasks, what the first of them says."""
    failed = sorted((row for row in rows if row.error), key=lambda row: row.task_id)
    if error is None or error["Type"] != TASKS_FAILED or not failed:
        return error
    first = failed[0]
    why = f"{first.error['Type']}: {first.error['Message']}" if first.error else ""
    return {**error, "Message": f"{error['Message']}; the first, {first.task_id}, with {why}"}


def _given_up(job: Job, counts: Counts, when: str) -> dict[str, str]:
    left = job.total - counts.finished
    return {"Type": "NoProgress", "Message": f"given up {when}; {left} of {job.total} tasks were left"}


def _verdict(job: Job, counts: Counts) -> End:
    if counts.failed:
        message = f"{counts.failed} of {job.total} tasks failed"
        status = JobStatus.PARTIAL if counts.complete else JobStatus.FAILED
        return End(status, {"Type": TASKS_FAILED, "Message": message})
    if job.records_expected is not None and counts.records != job.records_expected:
        message = f"the API declared {job.records_expected:,} records and sent {counts.records:,}"
        return End(JobStatus.PARTIAL, {"Type": "TotalsDisagree", "Message": message})
    return End(JobStatus.SUCCEEDED)
