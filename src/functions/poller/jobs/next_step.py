"""What happens next to a job, from its row and its counters: fetch again, wait, give up, or end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.summary import iso
from poller.jobs.verdict import End, exceeds_tolerance, named_error, too_many_failures
from poller.text import counted

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


Decision = Fetch | Wait | GiveUp | End


def in_words(decision: Decision) -> str:
    """`decision` as somebody reads it who follows the logs."""
    match decision:
        case Fetch(scouts):
            return "fetch as many tasks as run at once" if scouts else "fetch what is missing"
        case Wait(seconds):
            return f"wait {counted(seconds, 'second')}"
        case GiveUp(error):
            return f"give up what is left: {error['Message']}"
        case End():
            return "end the job"


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
        return End(JobStatus.FAILED, named_error("NotPlanned", "the job ended before its plan was made"))
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
            minutes = counted(int(idle.total_seconds() // 60), "minute")
            rounds = f"after {counted(job.idle_rounds, 'round')} of fetching in {minutes}"
            return GiveUp(_no_progress(job, unfinished, rounds))
        pause = _rests(job.idle_rounds) - idle.total_seconds()
        if pause > 0:
            return Wait(min(_LONGEST_PAUSE, ceil(pause), _until_deadline(job, now)))
        return Fetch(scouts=_was_held_back(job) and job.idle_rounds == 0)
    if idle > PROCESSING_PATIENCE:
        hours = counted(int(idle.total_seconds() // 3600), "hour")
        return GiveUp(_no_progress(job, unfinished, f"after {hours} in the queue"))
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


def _too_late(job: Job, unfinished: int) -> dict[str, Any]:
    message = f"the job's deadline passed with {unfinished:,} of {counted(job.total, 'task')} left"
    if _was_held_back(job):
        message += f"; the API kept asking for a pause, at last until {iso(_pause_ends(job))}"
    return named_error("DeadlineExceeded", message)


def _no_progress(job: Job, unfinished: int, when: str) -> dict[str, Any]:
    left = f"{unfinished:,} of {counted(job.total, 'task')} were left"
    return named_error("NoProgress", f"given up {when} without progress; {left}")
