"""ReconcileJob: look at the counters and say what happens next. It alone ends a job.

The workflow calls it between its steps, and the default bus when an execution of the workflow did not end well.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import RetriablePollerError
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.announce import announce
from poller.jobs.end import all_tasks, end, fail_the_rest
from poller.jobs.model import Counts, Job, JobStatus, Task, TaskState
from poller.jobs.next_step import MOST_VISITS, Fetch, GiveUp, Wait, decide, in_words, note_progress
from poller.jobs.steps import fetch_step, step
from poller.jobs.summary import iso
from poller.jobs.verdict import End

_RESERVE_SECONDS = 30.0  # of the function's time, kept for ending the job


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId, ExecutionArn and Failure from the workflow, or an execution's status change.

    Answers with the workflow's next step.
    """
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    if event.get("source") == "aws.states":
        return _after_execution(event["detail"], deadline)
    job_id, execution_arn = event["JobId"], event["ExecutionArn"]
    dependencies.logger.append_keys(job_id=job_id)
    job, counts = dependencies.jobs().snapshot(job_id) or (_never_written(job_id, execution_arn), Counts())
    if job.execution_arn == execution_arn and job.successor:
        return _hand_over(job)  # this call was here before, and may not have come as far as the start
    if keys.owner(job.execution_arn, job.successor) != execution_arn:
        dependencies.logger.info("the job is in the hands of another execution", extra={"owner": job.execution_arn})
        return step(job_id, "DONE")
    if job.status.is_final:  # this call was here before, as far as the final write at least
        return step(job_id, "DONE", Summary=announce(job, counts))
    if job.successor == execution_arn:  # its first step gave up before it could take the job over
        dependencies.jobs().take_over(job, execution_arn)
        job, counts = dependencies.jobs().snapshot(job_id) or (job, counts)
    never_began = job.geometry is None or (job.status is JobStatus.PENDING and event.get("Failure"))
    if never_began and job.stop is None:
        job = replace(job, stop={"Status": JobStatus.FAILED.value, "Error": _failure(event)})
    return _next(job, counts, deadline)


def abandon(job: Job, counts: Counts, reason: str, deadline: float) -> dict[str, Any]:
    """End a job whose execution is no more. Every task that is not finished fails with the reason."""
    error = {"Type": "ExecutionEnded", "Message": f"{reason}; {_advice(job, reason)}"}
    stop = {"Status": JobStatus.FAILED.value, "Error": error}
    dependencies.jobs().request_stop(job.job_id, stop, keys.owner(job.execution_arn, job.successor))
    job, counts = dependencies.jobs().snapshot(job.job_id) or (job, counts)
    return _next(job, counts, deadline)


def _after_execution(detail: dict[str, Any], deadline: float) -> dict[str, Any]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""
    execution = detail["executionArn"]
    request = json.loads(_input(detail) or "{}")
    job_id = request.get("id")
    found = dependencies.jobs().snapshot(job_id) if keys.is_id(job_id) else None
    if found is None and keys.is_id(job_id) and request.get("detail"):
        # No step got as far as writing the job. A successor's input has no detail: its job was there, and has expired.
        found = _never_written(job_id, execution), Counts()
    if found is None:
        dependencies.logger.warning("an execution ended without a job", extra={"execution": execution})
        return step(str(job_id), "DONE")
    job, counts = found
    dependencies.logger.append_keys(job_id=job_id)
    if keys.owner(job.execution_arn, job.successor) != execution:
        return step(job.job_id, "DONE")
    if job.status.is_final:  # this event was here before, as far as the final write at least
        return step(job.job_id, "DONE", Summary=announce(job, counts))
    error = f" with {detail['error']}" if detail.get("error") else ""
    answer = abandon(job, counts, f"the workflow's execution ended as {detail['status']}{error}", deadline)
    if answer["NextStep"] != "DONE":
        raise RetriablePollerError("not all tasks could be finished in time; call again")
    return answer


def _input(detail: dict[str, Any]) -> str | None:
    """The input of the execution that an event tells of. An event leaves out one of more than 248 KB."""
    if detail.get("inputDetails", {}).get("included", True):
        return detail.get("input")
    return dependencies.workflow().input(detail["executionArn"])


def _advice(job: Job, reason: str) -> str:
    if job.geometry:
        return "redrive the job to fetch what is missing"
    if reason.endswith("States.DataLimitExceeded"):
        return "its spec is larger than a workflow takes: shorten it, and submit the job again"
    return "it had no plan yet: submit the job again"


def _next(job: Job, counts: Counts, deadline: float) -> dict[str, Any]:
    now = datetime.now(UTC)
    noted = note_progress(job, counts, now)
    decision = decide(noted, counts, now)
    dependencies.logger.info("decided", extra={"decision": in_words(decision), "counts": asdict(counts)})
    match decision:
        case GiveUp(error, stop):
            if not fail_the_rest(job, error, deadline):
                return step(job.job_id, "RECONCILE")
            job, counts = dependencies.jobs().snapshot(job.job_id) or (job, counts)
            stop = stop or job.stop
            ending = End(JobStatus(stop["Status"]), stop["Error"]) if stop else End(JobStatus.SUCCEEDED)
            return step(job.job_id, "DONE", Summary=end(job, ending, counts))
        case End() as ending:
            return step(job.job_id, "DONE", Summary=end(job, ending, counts))
        case Fetch() | Wait() if noted.visits > MOST_VISITS:
            return _hand_over(job)
        case Fetch(scouts):
            noted = replace(noted, plan_round=job.plan_round + 1, idle_rounds=noted.idle_rounds + 1)
            next_step = fetch_step(noted, islice(_unqueued(noted), noted.map_concurrency if scouts else None))
        case Wait(seconds):
            next_step = step(job.job_id, "WAIT", Seconds=seconds)
    if not dependencies.jobs().save(job, noted):
        return step(job.job_id, "RECONCILE")  # the job changed since it was read: look again
    return next_step


def _hand_over(job: Job) -> dict[str, Any]:
    """Go on in a fresh execution: this one's history is nearly full."""
    successor = job.successor or keys.next_execution(job.execution_arn, job.job_id, job.executions)
    if job.successor is None and not dependencies.jobs().hand_over(job, successor, {}):
        return step(job.job_id, "RECONCILE")
    dependencies.workflow().start(successor, job.job_id, job.started_at)
    return step(job.job_id, "DONE")


def _unqueued(job: Job) -> Iterator[Task]:
    """The planned tasks that have not reached the queue."""
    reached = {
        row.task_id for row in dependencies.tasks().tasks(job.job_id) if row.state.rank >= TaskState.ENQUEUED.rank
    }
    return (task for task in all_tasks(job) if task.task_id not in reached)


def _never_written(job_id: str, execution_arn: str) -> Job:
    """A row for a job whose first step never got as far as writing one."""
    now = datetime.now(UTC)
    expires_at = int(now.timestamp()) + dependencies.settings.retention_days * 86_400
    return dependencies.jobs().claim(Job(job_id, "default", JobStatus.PENDING, execution_arn, iso(now), expires_at))


def _failure(event: dict[str, Any]) -> dict[str, str]:
    """Why the step before gave up, from the workflow's Catch: an error name, and a cause that Lambda wrote as JSON."""
    caught = event.get("Failure") or {}
    try:
        message = json.loads(caught["Cause"])["errorMessage"]
    except (KeyError, TypeError, ValueError):
        message = "the job could not be prepared"
    return {"Type": str(caught.get("Error", "NotPlanned")), "Message": str(message)[:1000]}
