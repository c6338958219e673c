"""How a job ends: every task finished, the manifest written, one status, one event."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from poller.errors import RetriablePollerError, shortened
from poller.handlers import dependencies
from poller.jobs import keys, plan
from poller.jobs.announce import announce
from poller.jobs.model import Counts, Job, JobStatus, Task, TaskRow, TaskState
from poller.jobs.run_concurrently import each
from poller.jobs.summary import iso
from poller.jobs.task_state import PROCESSING_MAY_FAIL
from poller.jobs.verdict import End, named_error, verdict


def fail_the_rest(job: Job, error: dict[str, Any], deadline: float) -> bool:
    """Mark every unfinished task FAILED. False if `deadline` (time.monotonic()) came first."""
    finished, causes = set(), {}
    for row in dependencies.tasks().tasks(job.job_id):
        if row.state.rank >= TaskState.FAILED.rank:
            finished.add(row.task_id)
        elif row.error:
            causes[row.task_id] = row.error

    def fail(task: Task) -> bool:
        if time.monotonic() > deadline:
            return False
        failed = TaskRow(task.task_id, TaskState.FAILED, error=_with_cause(error, causes.get(task.task_id)))
        dependencies.tasks().advance(job, failed, PROCESSING_MAY_FAIL)
        return True

    return each(fail, (task for task in all_tasks(job) if task.task_id not in finished))


def _with_cause(error: dict[str, Any], cause: dict[str, Any] | None) -> dict[str, Any]:
    """Why a task ends, with why it had not come that far by itself, and the page that it had to wait for."""
    if cause is None:
        return error
    return {**cause, **error, "Message": shortened(f"{error['Message']}; last seen: {cause['Message']}")}


def end(job: Job, end: End, counts: Counts) -> dict[str, Any]:
    """End the job, or find that it has ended, and announce it. Returns the summary."""
    rows = list(dependencies.tasks().tasks(job.job_id)) if counts.seen else []
    if end.status is JobStatus.SUCCEEDED:
        end = verdict(job, counts, rows)
    elif end.status is JobStatus.CANCELLED and 0 < job.total == counts.complete:
        end = _cancelled_late(end, verdict(job, counts, rows))
    dependencies.logger.info("ending", extra={"status": end.status.value, "error": end.error, "notice": end.notice})
    now = datetime.now(UTC)
    began = datetime.fromisoformat(job.redriven_at or job.started_at)
    over = replace(
        job,
        status=end.status,
        error=end.error,
        notice=end.notice,
        finished_at=iso(now),
        run_seconds=(job.run_seconds or 0) + max(0, int((now - began).total_seconds())),
        # A successor that never took over has used its name all the same: the next one gets another.
        execution_arn=keys.owner(job.execution_arn, job.successor),
        successor=None,
        executions=job.executions + (job.successor is not None),
    )
    if counts.complete:
        _write_manifest(over, rows)
    if not dependencies.jobs().save(job, over):
        standing = dependencies.jobs().snapshot(job.job_id)
        if standing is None or not standing[0].status.is_final:
            raise RetriablePollerError("the job changed hands while it ended")
        over, counts = standing
    return announce(over, counts)


def _cancelled_late(end: End, otherwise: End) -> End:
    """Cancelled when there was nothing left to cancel: whoever did so may want to know that everything is there."""
    if otherwise.status is not JobStatus.SUCCEEDED:
        return end
    message = "the job was cancelled when every record was in the dataset already; redriven, it ends SUCCEEDED"
    return replace(end, error=named_error("Cancelled", message))


def all_tasks(job: Job) -> Iterator[Task]:
    return plan.tasks(job.geometry) if job.geometry else iter(())


def _write_manifest(job: Job, rows: Iterable[TaskRow]) -> None:
    """Written before the status, after everything else: its being there says that all it lists is there."""
    complete = sorted((row for row in rows if row.state is TaskState.COMPLETE), key=lambda row: row.task_id)
    manifest = {
        "JobId": job.job_id,
        "Name": job.name,
        "Status": job.status.value,
        "Tasks": len(complete),
        "Records": sum(row.records for row in complete),
        "Bytes": sum(row.dataset_bytes for row in complete),
        "Objects": [
            {
                "TaskId": row.task_id,
                "Key": keys.dataset_key(job.name, job.job_id, row.task_id),
                "Records": row.records,
                "Size": row.dataset_bytes,
                "Sha256": row.sha256,
            }
            for row in complete
        ],
    }
    key = keys.manifest_key(job.name, job.job_id)
    dependencies.dataset().put(key, json.dumps(manifest, indent=1).encode(), "application/json")
