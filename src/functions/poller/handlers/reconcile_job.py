"""ReconcileJob: look at the counters and say what happens next.

The workflow calls it between its steps, and the default bus when an execution of the workflow did not end well.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import MAX_MESSAGE, ErrorType, Reason, RetriablePollerError
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Counts, Job, JobStatus, StopRequest
from poller.jobs.owner import Owner
from poller.jobs.steps import step

_RESERVE_SECONDS = 30.0  # of the function's time, kept for ending the job


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId, ExecutionArn and Failure from the workflow, or an execution's status change.

    Answers with the workflow's next step.
    """
    box = TimeBox.of(context, _RESERVE_SECONDS)
    if event.get("source") == "aws.states":
        return _after_execution(event["detail"], box)
    job_id, execution_arn = event["JobId"], event["ExecutionArn"]
    dependencies.logger.append_keys(job_id=job_id)
    job, counts = dependencies.jobs().snapshot(job_id) or (_never_written(job_id, execution_arn), Counts())
    if job.owner.execution_arn == execution_arn and job.owner.successor:
        return dependencies.reconciler().hand_over(job)  # this call was here before, and may not have come to the start
    if job.owner.current != execution_arn:
        owner = job.owner.execution_arn
        dependencies.logger.info("the job is in the hands of another execution", extra={"owner": owner})
        return step(job_id, "DONE")
    if job.status.is_final:  # this call was here before, as far as the final write at least
        return step(job_id, "DONE", Summary=dependencies.ending().publish(job, counts))
    if job.owner.successor == execution_arn:  # its first step gave up before it could take the job over
        dependencies.jobs().take_over(job, execution_arn)
        job, counts = dependencies.jobs().snapshot(job_id) or (job, counts)
    never_began = not job.is_planned or (job.status is JobStatus.PENDING and event.get("Failure"))
    if never_began and job.stop is None and job.is_readable:  # one that cannot be read ends with that reason
        job = replace(job, stop=StopRequest(JobStatus.FAILED, _failure(event)))
    return dependencies.reconciler().reconcile(job, counts, box)


def _after_execution(detail: dict[str, Any], box: TimeBox) -> dict[str, Any]:
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
    if job.owner.current != execution:
        return step(job.job_id, "DONE")
    if job.status.is_final:  # this event was here before, as far as the final write at least
        return step(job.job_id, "DONE", Summary=dependencies.ending().publish(job, counts))
    error = f" with {detail['error']}" if detail.get("error") else ""
    why = f"the workflow's execution ended as {detail['status']}{error}"
    next_step = dependencies.reconciler().abandon(job, counts, why, box)
    if next_step["NextStep"] != "DONE":
        raise RetriablePollerError("not all tasks could be finished in time; call again")
    return next_step


def _input(detail: dict[str, Any]) -> str | None:
    """The input of the execution that an event tells of. An event leaves out one of more than 248 KB."""
    if detail.get("inputDetails", {}).get("included", True):
        return detail.get("input")
    return dependencies.workflow().input(detail["executionArn"])


def _never_written(job_id: str, execution_arn: str) -> Job:
    """A row for a job whose first step never got as far as writing one."""
    now = datetime.now(UTC)
    expires_at = int(now.timestamp()) + dependencies.settings.retention_days * 86_400
    job = Job(job_id, "default", JobStatus.PENDING, Owner(execution_arn), now, expires_at)
    return dependencies.jobs().claim(job)


def _failure(event: dict[str, Any]) -> Reason:
    """Why the step before gave up, from the workflow's Catch: an error name, and a cause that Lambda wrote as JSON."""
    caught = event.get("Failure") or {}
    try:
        message = json.loads(caught["Cause"])["errorMessage"]
    except (KeyError, TypeError, ValueError):
        message = "the job could not be prepared"
    return Reason(str(caught.get("Error", ErrorType.NOT_PLANNED)), str(message)[:MAX_MESSAGE])
