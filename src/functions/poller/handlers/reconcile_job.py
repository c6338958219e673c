"""ReconcileJob: look at the counters and say what happens next. It alone ends a job."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import resources
from poller.handlers.steps import fetch_step, step
from poller.logic import names, plan
from poller.logic.progress import PROCESSING_MAY_FAIL
from poller.logic.reconcile import Decision, End, Fetch, GiveUp, Wait, decide, explain, note_progress
from poller.logic.summary import summary
from poller.models import Counts, Job, JobStatus, Task, TaskRow, TaskState


@resources.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId, ExecutionArn, and Failure where a step before gave up. Answers with the next step."""
    job_id, execution_arn = event["JobId"], event["ExecutionArn"]
    resources.logger.append_keys(job_id=job_id)
    job, counts = resources.tasks().snapshot(job_id) or (_never_written(event), Counts())
    if job.execution_arn != execution_arn:
        resources.logger.info("the job is in the hands of another execution", extra={"owner": job.execution_arn})
        return step(job_id, "DONE")
    if job.status.is_final:  # this step ran before, as far as the final write at least
        return _announce(job, counts)
    if job.geometry is None and job.stop is None:
        job = replace(job, stop={"Status": JobStatus.FAILED.value, "Error": _failure(event)})
    now = datetime.now(UTC)
    noted = note_progress(job, counts, now)
    decision = decide(noted, counts, now)
    while isinstance(decision, GiveUp):
        _fail_the_rest(noted, decision.error)
        job, counts = resources.tasks().snapshot(job_id) or (job, counts)
        decision = decide(job, counts, now)
    resources.logger.info("decided", extra={"decision": repr(decision), "counts": repr(counts)})
    return _carry_out(decision, job, noted, counts, now)


def _carry_out(decision: Decision, job: Job, noted: Job, counts: Counts, now: datetime) -> dict[str, Any]:
    next_step: dict[str, Any] | None = None
    match decision:
        case Fetch():
            noted = replace(noted, plan_round=job.plan_round + 1)
            next_step = fetch_step(noted, _unqueued(noted))
        case Wait(seconds):
            next_step = step(job.job_id, "WAIT", Seconds=seconds)
        case End(status, error):
            rows = list(resources.tasks().tasks(job.job_id)) if counts.seen else []
            noted = replace(job, status=status, error=explain(error, rows), finished_at=_iso(now))
            if counts.complete:
                _write_manifest(noted, rows)
        case _:
            raise AssertionError("giving up was carried out before")
    if not resources.tasks().save(job, noted):
        # Another call of this step was faster; what it wrote stands.
        standing = resources.tasks().snapshot(job.job_id)
        if standing is None or not standing[0].status.is_final:
            return step(job.job_id, "DONE")  # the job is in the hands of another execution
        return _announce(*standing)
    return next_step or _announce(noted, counts)


def _announce(job: Job, counts: Counts) -> dict[str, Any]:
    detail = summary(job, counts)
    resources.events().state_changed(detail)
    return step(job.job_id, "DONE", Summary=detail)


def _all_tasks(job: Job) -> Iterator[Task]:
    return plan.tasks(job.geometry) if job.geometry else iter(())


def _unqueued(job: Job) -> Iterator[Task]:
    """The planned tasks that have not reached the queue."""
    reached = {row.task_id for row in resources.tasks().tasks(job.job_id) if row.state.rank >= TaskState.ENQUEUED.rank}
    return (task for task in _all_tasks(job) if task.task_id not in reached)


def _fail_the_rest(job: Job, error: dict[str, str]) -> None:
    finished = {row.task_id for row in resources.tasks().tasks(job.job_id) if row.state.rank >= TaskState.FAILED.rank}
    for task in _all_tasks(job):
        if task.task_id not in finished:
            failed = TaskRow(task.task_id, TaskState.FAILED, error=error)
            resources.tasks().advance(job, failed, PROCESSING_MAY_FAIL)


def _write_manifest(job: Job, rows: list[TaskRow]) -> None:
    """Written last, so that its being there says: all that this job brought is listed here."""
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
                "Key": names.dataset_key(job.name, job.job_id, row.task_id),
                "Records": row.records,
                "Size": row.dataset_bytes,
                "Sha256": row.sha256,
            }
            for row in complete
        ],
    }
    key = names.manifest_key(job.name, job.job_id)
    resources.dataset().put(key, json.dumps(manifest, indent=1).encode(), "application/json")


def _never_written(event: dict[str, Any]) -> Job:
    """A row for a job whose first step never got as far as writing one."""
    now = datetime.now(UTC)
    job = Job(
        job_id=event["JobId"],
        name="default",
        status=JobStatus.PENDING,
        execution_arn=event["ExecutionArn"],
        started_at=_iso(now),
        expires_at=int(now.timestamp()) + resources.settings.retention_days * 86_400,
    )
    return resources.tasks().claim(job)


def _failure(event: dict[str, Any]) -> dict[str, str]:
    """Why the step before gave up, from the workflow's Catch: an error name, and a cause that Lambda wrote as JSON."""
    caught = event.get("Failure") or {}
    try:
        message = json.loads(caught["Cause"])["errorMessage"]
    except (KeyError, TypeError, ValueError):
        message = "the job could not be prepared"
    return {"Type": str(caught.get("Error", "NotPlanned")), "Message": str(message)[:1000]}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
