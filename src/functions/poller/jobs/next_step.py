"""What happens next to a job, from its row and its counters: fetch again, wait, give up, or end."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from poller.errors import ErrorType, Reason
from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.verdict import End, Finished, exceeds_tolerance, too_many_failures
from poller.text import counted, iso

MAX_STALLED_ROUNDS = 11
"""Rounds of fetching without any progress after which what is still pending is given up. The pauses between them make
that half an hour at least: most outages are over by then."""
PROCESSING_PATIENCE = timedelta(hours=6)
"""How long queued tasks may show no progress. All deliveries of a message take an hour (maxReceiveCount 5 × visibility
timeout of 12 minutes), and the queue is shared: another job's backlog may stand before this one's."""
MAX_ITERATIONS = 300
"""Looks at a job in one execution. Each costs about 10 history events, and 37 when every retry is used up; an execution
has 25,000, of which PreparePollerJob may have used a third before the first look:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_MAX_WAIT = 60
_MAX_PAUSE = 3600
_MIN_REST, _MAX_REST = 15, 300  # seconds after a round without progress, doubled each time
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
    """Mark every unfinished task FAILED with this reason. `then`: how the job ends."""

    reason: Reason
    then: End | Finished


Decision = Fetch | Wait | GiveUp | End | Finished


def in_words(decision: Decision) -> str:
    """`decision` as somebody reads it who follows the logs."""
    match decision:
        case Fetch(scouts):
            return "fetch as many tasks as run at once" if scouts else "fetch what is missing"
        case Wait(seconds):
            return f"wait {counted(seconds, 'second')}"
        case GiveUp(reason):
            return f"give up what is left: {reason.message}"
        case End() | Finished():
            return "end the job"


def note_progress(job: Job, counts: Counts, now: datetime) -> Job:
    """`job` with its marks of progress as `counts` shows them: has anything moved since the last look?

    A pause that the API asked for is no idleness: the time without progress begins when it ends.
    """
    mark = counts.payload_saved + 2 * counts.enqueued + 3 * counts.finished + counts.pages
    if mark != job.progress_mark or job.progress_at is None:
        job = replace(job, progress_mark=mark, progress_at=now, stalled_rounds=0)
    if _pause_ends(job) > _progress_at(job):
        job = replace(job, progress_at=_pause_ends(job), stalled_rounds=0)
    return replace(job, iterations=job.iterations + 1)


def decide(job: Job, counts: Counts, now: datetime) -> Decision:
    """The next step of `job`, after `note_progress`. A job whose tasks are all finished is for `verdict`."""
    unfinished = job.total(counts) - counts.finished
    if ending := _early_end(job, counts):
        return GiveUp(ending.error, ending) if unfinished > 0 and ending.error else ending
    if unfinished <= 0:
        return Finished()
    if job.deadline_at and now > job.deadline_at:
        return GiveUp(_too_late(job, counts), Finished())
    idle = now - _progress_at(job)
    if counts.enqueued + counts.finished < job.total(counts):
        if job.stalled_rounds >= MAX_STALLED_ROUNDS:
            minutes = counted(int(idle.total_seconds() // 60), "minute")
            rounds = f"after {counted(job.stalled_rounds, 'round')} of fetching in {minutes}"
            return GiveUp(_no_progress(job, counts, rounds), Finished())
        pause = _rests(job.stalled_rounds) - idle.total_seconds()
        if pause > 0:
            return Wait(min(_MAX_PAUSE, ceil(pause), _until_deadline(job, now)))
        return Fetch(scouts=_was_held_back(job) and job.stalled_rounds == 0)
    if idle > PROCESSING_PATIENCE:
        hours = counted(int(idle.total_seconds() // 3600), "hour")
        return GiveUp(_no_progress(job, counts, f"after {hours} in the queue"), Finished())
    # A long queue, or one that does not move, is not looked at every two seconds: each look costs history events.
    return Wait(min(_MAX_WAIT, max(2, unfinished // _PATIENT_TASKS, int(idle.total_seconds() / 2))))


def _early_end(job: Job, counts: Counts) -> End | None:
    """How the job ends whatever its tasks do; None where they decide."""
    if job.stop is not None:
        return End(job.stop.status, job.stop.reason)
    if not job.is_readable:
        return End(JobStatus.FAILED, job.error)
    if not job.is_planned:
        return End(JobStatus.FAILED, Reason(ErrorType.NOT_PLANNED, "the job ended before its plan was made"))
    if exceeds_tolerance(job, counts):
        return End(JobStatus.FAILED, too_many_failures(job, counts))
    return None


def _rests(rounds: int) -> int:
    """Seconds between the last progress and the round after `rounds` idle ones. Rounds that take long need no rest."""
    return sum(min(_MIN_REST * 2**n, _MAX_REST) for n in range(rounds))


def _progress_at(job: Job) -> datetime:
    return job.progress_at or job.started_at


def _pause_ends(job: Job) -> datetime:
    return datetime.fromtimestamp(job.not_before, UTC)


def _was_held_back(job: Job) -> bool:
    """Whether nothing has moved since the API asked for a pause."""
    return _pause_ends(job) >= _progress_at(job)


def _until_deadline(job: Job, now: datetime) -> int:
    """Seconds, at least 1."""
    if not job.deadline_at:
        return _MAX_PAUSE
    return max(1, ceil((job.deadline_at - now).total_seconds()) + 1)


def _too_late(job: Job, counts: Counts) -> Reason:
    total = job.total(counts)
    unfinished = total - counts.finished
    message = f"the job's deadline passed with {unfinished:,} of {counted(total, 'task')} left"
    if job.down_since:
        message += f"; the API has given no page since {iso(datetime.fromtimestamp(job.down_since, UTC))}"
    elif _was_held_back(job):
        is_limited = job.spec is not None and job.spec.rate_limit is not None
        who = "its rate budget or the API" if is_limited else "the API"
        message += f"; {who} kept asking for a pause, at last until {iso(_pause_ends(job))}"
    return Reason(ErrorType.DEADLINE_EXCEEDED, message)


def _no_progress(job: Job, counts: Counts, when: str) -> Reason:
    total = job.total(counts)
    unfinished = total - counts.finished
    left = f"{unfinished:,} of {counted(total, 'task')} were left"
    message = f"given up {when} without progress; {left}"
    return Reason(ErrorType.NO_PROGRESS, message)
