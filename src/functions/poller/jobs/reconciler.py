"""Carrying out the next step of a job: plan what is unfinished, wait, give up, or end. It alone ends a job."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from poller.aws.s3 import Bucket
from poller.errors import ErrorType, Reason
from poller.fetching.time_box import TimeBox
from poller.jobs.ending import JobEnding
from poller.jobs.job_store import JobStore
from poller.jobs.known_tasks import known_tasks
from poller.jobs.model import Counts, Job, JobStatus, StopRequest, TaskState
from poller.jobs.next_step import MAX_ITERATIONS, Fetch, GiveUp, Wait, decide, in_words, note_progress
from poller.jobs.plan import Task
from poller.jobs.steps import fetch_step, planned_tasks, step
from poller.jobs.task_store import TaskStore
from poller.jobs.verdict import End, Finished
from poller.jobs.workflow import Workflow

LOOKS = (0.1, 0.1, 0.2, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5)
"""Seconds between looks at a job that the consumer is about to finish. The workflow's own wait costs as much as several
seconds of this function."""
_NEARLY = 100  # tasks on the queue that it may be through with by then


@dataclass(frozen=True, slots=True)
class Reconciler:
    """What looking at a job takes. `log` is a logger's method. Every answer is the workflow's next step."""

    jobs: JobStore
    tasks: TaskStore
    raw_payloads: Bucket
    workflow: Workflow
    ending: JobEnding
    log: Callable[..., None]

    def reconcile(self, job: Job, counts: Counts, box: TimeBox) -> dict[str, Any]:
        """Look at the counters, decide, and do what was decided."""
        owner = job.owner
        job, counts = self._settled(job, counts)
        if job.owner != owner:
            return step(job.job_id, "RECONCILE")  # it changed hands meanwhile: whose it is decides
        now = datetime.now(UTC)
        noted = note_progress(job, counts, now)
        decision = decide(noted, counts, now)
        self.log("decided", extra={"decision": in_words(decision), "counts": asdict(counts)})
        match decision:
            case GiveUp(reason, then):
                if not self.ending.fail_unfinished(job, reason, box):
                    return step(job.job_id, "RECONCILE")
                job, counts = self.jobs.snapshot(job.job_id) or (job, counts)
                if isinstance(then, Finished) and job.stop:
                    then = End(job.stop.status, job.stop.reason)
                return step(job.job_id, "DONE", Summary=self.ending.end(job, then, counts, box))
            case End() | Finished():
                return step(job.job_id, "DONE", Summary=self.ending.end(job, decision, counts, box))
            case Fetch() | Wait() if noted.iterations > MAX_ITERATIONS:
                return self.hand_over(job)
            case Fetch(scouts):
                noted = replace(noted, plan_round=job.plan_round + 1, stalled_rounds=noted.stalled_rounds + 1)
                tasks = islice(self._unqueued(noted), noted.map_concurrency if scouts else None)
                next_step = fetch_step(self.raw_payloads, noted, tasks)
            case Wait(seconds):
                next_step = step(job.job_id, "WAIT", Seconds=seconds)
        if not self.jobs.save(job, noted):
            return step(job.job_id, "RECONCILE")  # the job changed since it was read: look again
        return next_step

    def _settled(self, job: Job, counts: Counts) -> tuple[Job, Counts]:
        """The job and its counters, when the consumer has caught up; or as they are after a few seconds."""
        for pause in LOOKS:
            queued = job.total(counts) - counts.finished
            is_nearly_done = 0 < queued <= min(_NEARLY, counts.enqueued + counts.payload_saved)
            if not is_nearly_done or job.status.is_final or job.stop is not None:
                break
            time.sleep(pause)
            job, counts = self.jobs.snapshot(job.job_id) or (job, counts)
        return job, counts

    def abandon(self, job: Job, counts: Counts, why: str, box: TimeBox) -> dict[str, Any]:
        """End a job whose execution is no more. Every task that is not finished fails with the reason."""
        stop = StopRequest(JobStatus.FAILED, Reason(ErrorType.EXECUTION_ENDED, f"{why}; {_advice(job, why)}"))
        self.jobs.request_stop(job.job_id, stop, job.owner.current)
        job, counts = self.jobs.snapshot(job.job_id) or (job, counts)
        return self.reconcile(job, counts, box)

    def hand_over(self, job: Job) -> dict[str, Any]:
        """Go on in a fresh execution: this one's history is nearly full."""
        successor = job.owner.successor or job.owner.next_execution(job.job_id)
        if job.owner.successor is None and not self.jobs.hand_over(job, successor, {}):
            return step(job.job_id, "RECONCILE")
        self.workflow.start(successor, job.job_id, job.started_at)
        return step(job.job_id, "DONE")

    def _unqueued(self, job: Job) -> Iterator[Task]:
        """The tasks that have not reached the queue: of the planned ones, and of those behind them."""
        rows = list(self.tasks.tasks(job.job_id))
        planned = planned_tasks(self.raw_payloads, job)
        reached = {row.task_id for row in rows if row.state.rank >= TaskState.ENQUEUED.rank}
        return (task for task in known_tasks(job, rows, planned) if task.task_id not in reached)


def _advice(job: Job, why: str) -> str:
    if job.is_planned:
        return "redrive the job to fetch what is missing"
    if why.endswith("States.DataLimitExceeded"):
        return "its spec is larger than a workflow takes: shorten it, and submit the job again"
    return "it had no plan yet: submit the job again"
