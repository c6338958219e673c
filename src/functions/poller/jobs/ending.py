"""How a job ends: every task finished, the manifest written, one status, one event."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from poller.aws.s3 import Bucket
from poller.errors import ErrorType, Reason, RetriablePollerError, shortened
from poller.fetching.time_box import TimeBox
from poller.jobs import keys
from poller.jobs.events import JobEvents
from poller.jobs.job_store import JobStore
from poller.jobs.judge import judge
from poller.jobs.known_tasks import known_tasks
from poller.jobs.latest import name_latest
from poller.jobs.model import Counts, Job, JobStatus, TaskRow, TaskState
from poller.jobs.owner import Owner
from poller.jobs.plan import Task
from poller.jobs.run_concurrently import run_concurrently
from poller.jobs.source_run import SourceRun, having_reached
from poller.jobs.steps import planned_tasks
from poller.jobs.task_state import PROCESSING_MAY_FAIL
from poller.jobs.task_store import TaskStore
from poller.jobs.uniqueness import UniquenessCheck
from poller.jobs.verdict import End, Finished
from poller.specs.output import Jsonl


@dataclass(frozen=True, slots=True)
class JobEnding:
    """What ending a job takes. `move_cursor` is told of runs of sources that SUCCEEDED; `log` is a logger's method."""

    jobs: JobStore
    tasks: TaskStore
    dataset: Bucket
    raw_payloads: Bucket
    events: JobEvents
    move_cursor: Callable[[SourceRun, str], None]
    log: Callable[..., None]

    def fail_unfinished(self, job: Job, reason: Reason, box: TimeBox) -> bool:
        """Mark every unfinished task FAILED. False if the time box ended first."""
        rows = list(self.tasks.tasks(job.job_id))
        finished, causes = set(), {}
        for row in rows:
            if row.state.rank >= TaskState.FAILED.rank:
                finished.add(row.task_id)
            elif row.error:
                causes[row.task_id] = row.error

        def fail(task: Task) -> bool:
            if box.is_over:
                return False
            why = _with_cause(reason, causes.get(task.task_id))
            lost = max(1, task.pages)
            failed = TaskRow(task.task_id, TaskState.FAILED, error=why, lost=lost, partition=task.partition)
            self.tasks.transition(job, failed, PROCESSING_MAY_FAIL)
            return True

        planned = planned_tasks(self.raw_payloads, job)
        return run_concurrently(
            fail, (task for task in known_tasks(job, rows, planned) if task.task_id not in finished)
        )

    def end(self, job: Job, ending: End | Finished, counts: Counts, box: TimeBox) -> dict[str, Any]:
        """End the job, or find that it has ended, and announce it. Returns the summary."""
        rows = sorted(self.tasks.tasks(job.job_id), key=lambda row: row.task_id) if counts.seen else []
        proof = None
        if isinstance(ending, Finished):
            check = UniquenessCheck(self.raw_payloads, self.dataset, job, box)
            ending, proof = judge(job, counts, rows, check.check(rows) if counts.complete > 0 else None)
        elif ending.status is JobStatus.CANCELLED and 0 < job.total(counts) == counts.complete:
            ending = _cancelled_late(ending, judge(job, counts, rows, None)[0])
        # Not the messages: they may show keys of records.
        shown = {name: reason.type for name in ("error", "notice") if (reason := getattr(ending, name))}
        self.log("ending", extra={"status": ending.status.value, **shown})
        now, began = datetime.now(UTC), job.redriven_at or job.started_at
        over = replace(
            job,
            status=ending.status,
            error=ending.error,
            notice=ending.notice,
            proof=proof.as_dict() if proof else None,
            finished_at=now,
            run_seconds=(job.run_seconds or 0) + max(0, int((now - began).total_seconds())),
            # A successor that never took over has used its name all the same: the next one gets another.
            source=job.source and having_reached(job.source, (row.reached for row in rows)),
            owner=Owner(job.owner.current, job.owner.executions + (job.owner.successor is not None)),
        )
        if counts.complete or job.redriven_at:  # an earlier run's manifest may list what is no more
            self._write_manifest(over, rows)
        if not self.jobs.save(job, over):
            standing = self.jobs.snapshot(job.job_id)
            if standing is None or not standing[0].status.is_final:
                raise RetriablePollerError("the job changed hands while it ended")
            return self.events.announce(*standing)
        summary = self.publish(over, counts)
        if over.status is JobStatus.SUCCEEDED:
            self._remove_fingerprints(over, rows)
        return summary

    def publish(self, job: Job, counts: Counts) -> dict[str, Any]:
        """Make known how a job ended: what follows from its status, which is written. Returns the summary.

        May happen more than once, with the same effect.
        """
        if job.status is JobStatus.SUCCEEDED:
            name_latest(self.dataset, job, counts)
            if job.source is not None:
                self.move_cursor(job.source, job.job_id)
        return self.events.announce(job, counts)

    def _remove_fingerprints(self, job: Job, rows: Iterable[TaskRow]) -> None:
        """They have shown what they were made for. Of a job that can be redriven they stay until the bucket's lifecycle
        removes them, as they do where this fails."""
        try:
            self.raw_payloads.delete_all(
                keys.proof_key(job.job_id, row.task_id, row.sha256) for row in rows if row.records
            )
        except (BotoCoreError, ClientError) as error:
            self.log("fingerprints are left", extra={"error": str(error)})

    def _write_manifest(self, job: Job, rows: Iterable[TaskRow]) -> None:
        """Written before the status, after everything else: its being there says that all it lists is there."""
        complete = [row for row in rows if row.state is TaskState.COMPLETE and not row.halves]
        output = job.spec.output if job.spec else Jsonl()
        manifest = {
            "JobId": job.job_id,
            "Name": job.name,
            "Status": job.status.value,
            "Format": output.TYPE,
            "Tasks": len(complete),
            "Records": sum(row.records for row in complete),
            "Bytes": sum(row.dataset_bytes for row in complete),
            "Proof": job.proof,
            "Objects": [
                {
                    "TaskId": row.task_id,
                    "Key": keys.dataset_key(job.name, job.job_id, row.task_id, output.SUFFIX),
                    "Records": row.records,
                    "Size": row.dataset_bytes,
                    "Sha256": row.sha256,
                    **({"Partition": row.partition} if row.partition is not None else {}),
                }
                for row in complete
            ],
        }
        key = keys.manifest_key(job.name, job.job_id)
        self.dataset.put(key, json.dumps(manifest, indent=1).encode(), "application/json")


def _with_cause(reason: Reason, cause: Reason | None) -> Reason:
    """Why a task ends, with why it had not come that far by itself, and the page that it had to wait for."""
    if cause is None:
        return reason
    return Reason(reason.type, shortened(f"{reason.message}; last seen: {cause.message}"), cause.page)


def _cancelled_late(ending: End, otherwise: End) -> End:
    """Cancelled when there was nothing left to cancel: whoever did so may want to know that everything is there."""
    if otherwise.status is not JobStatus.SUCCEEDED:
        return ending
    message = "the job was cancelled when every record was in the dataset already; redriven, it ends SUCCEEDED"
    return replace(ending, error=Reason(ErrorType.CANCELLED, message))
