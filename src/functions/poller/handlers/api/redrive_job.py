"""RedriveJob: POST /jobs/{jobId}/redrive. Runs again what failed, and only that, under the same job id."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.answers import answer, not_found
from poller.jobs import keys
from poller.jobs.model import Job, JobStatus
from poller.jobs.summary import iso
from poller.jobs.verdict import TASKS_FAILED


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request. 202, 404, or 409 where there is nothing to run again.

    A fresh execution takes the job over; a SUCCEEDED one, as a PARTIAL job's is, cannot be redriven itself:
    https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    """
    job_id = event["pathParameters"]["jobId"]
    job = dependencies.jobs().job(job_id) if keys.is_id(job_id) else None
    if job is None:
        return not_found(job_id)
    if refusal := _refusal(job):
        return answer(409, {"message": f"Job {job_id} {refusal}"})
    successor = job.successor or keys.next_execution(job.execution_arn, job_id, job.executions)
    if job.successor is None and not _handed_over(job, successor):
        return answer(409, {"message": f"Job {job_id} is being redriven already"})
    dependencies.workflow().start(successor, job_id, job.started_at)
    return answer(202, {"JobId": job_id, "message": f"Job {job_id} runs again what failed"})


def _handed_over(job: Job, successor: str) -> bool:
    """Whether `successor` is to go on with the job: by this call, or by one whose answer was lost."""
    if dependencies.jobs().hand_over(job, successor, _fresh(job)):
        return True
    standing = dependencies.jobs().job(job.job_id)
    return standing is not None and standing.successor == successor


def _refusal(job: Job) -> str | None:
    if job.status is JobStatus.PENDING and job.successor:
        return None  # an earlier call may have ended before it started the execution
    if not job.status.is_final:
        return f"is {job.status}; wait for its end, or cancel it"
    if job.status is JobStatus.SUCCEEDED:
        return "has SUCCEEDED; nothing failed"
    if job.status is JobStatus.PARTIAL and job.error and job.error["Type"] != TASKS_FAILED:
        return "is PARTIAL, but no task failed; submit a new job"
    if job.geometry is None:
        return f"was {job.status} before it was planned; submit a new job"
    if time.time() + job.planned[0].deadline_seconds > job.expires_at:
        return "is about to expire with all its rows; submit a new job"
    return None


def _fresh(job: Job) -> dict[str, Any]:
    """The attributes with which a job begins again. Its counters and tasks stay as they are."""
    now = datetime.now(UTC)
    return {
        "Status": JobStatus.PENDING.value,
        "RedrivenAt": iso(now),
        "DeadlineAt": (now + timedelta(seconds=job.planned[0].deadline_seconds)).isoformat(),
        "NotBefore": 0,
        "IdleRounds": 0,
        "ProgressAt": None,
        "Stop": None,
        "Error": None,
        "Notice": None,
        "FinishedAt": None,
    }
