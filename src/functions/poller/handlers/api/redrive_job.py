"""RedriveJob: POST /jobs/{jobId}/redrive. Runs again what failed, and only that, under the same job id."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import ErrorType
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import find_job
from poller.http_api.responses import HttpError, respond
from poller.jobs.model import Job, JobStatus
from poller.text import iso


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """202, 404, or 409 where there is nothing to run again.

    A fresh execution takes the job over; a SUCCEEDED one, as a PARTIAL job's is, cannot be redriven itself:
    https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    """
    job = find_job(event, dependencies.jobs().job)
    if refusal := _refusal(job):
        raise HttpError(409, f"Job {job.job_id} {refusal}")
    successor = job.owner.successor or job.owner.next_execution(job.job_id)
    if job.owner.successor is None and not _handed_over(job, successor):
        raise HttpError(409, f"Job {job.job_id} is being redriven already")
    dependencies.workflow().start(successor, job.job_id, job.started_at)
    return respond(202, {"JobId": job.job_id, "message": f"Job {job.job_id} runs again what failed"})


def _handed_over(job: Job, successor: str) -> bool:
    """Whether `successor` is to go on with the job: by this call, or by one whose answer was lost."""
    if dependencies.jobs().hand_over(job, successor, _fresh(job)):
        return True
    standing = dependencies.jobs().job(job.job_id)
    return standing is not None and standing.owner.successor == successor


def _refusal(job: Job) -> str | None:
    if not job.is_readable:
        return "was written by another release and cannot be read; submit a new job"
    if job.status is JobStatus.PENDING and job.owner.successor:
        return None  # an earlier call may have ended before it started the execution
    if not job.status.is_final:
        return f"is {job.status}; wait for its end, or cancel it"
    if job.status is JobStatus.SUCCEEDED:
        return "has SUCCEEDED; nothing failed"
    if job.status is JobStatus.PARTIAL and job.error and job.error.type != ErrorType.TASKS_FAILED:
        return "is PARTIAL, but no task failed; submit a new job"
    if not job.is_planned:
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
        "DownSince": None,
        "IdleRounds": 0,
        "ProgressAt": None,
        "Stop": None,
        "Error": None,
        "Notice": None,
        "FinishedAt": None,
    }
