"""RedriveJob: POST /jobs/{jobId}/redrive. Runs again what failed, or may be to blame, under the same job id."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import ErrorType
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import find_job, one_of
from poller.http_api.responses import HttpError, respond
from poller.jobs.model import Job, JobStatus
from poller.jobs.suspicious import Suspect, ended_suspiciously, in_words, suspects
from poller.text import iso

_MAX_REASONS = 50


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """202; 200 with `dry_run=true`, which shows what would be run again; 404, or 409 where there is nothing to do.

    A fresh execution takes the job over; a SUCCEEDED one, as a PARTIAL job's is, cannot be redriven itself:
    https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    """
    job = find_job(event, dependencies.jobs().job)
    if refusal := _refusal(job):
        raise HttpError(409, f"Job {job.job_id} {refusal}")
    if one_of(event, "dry_run", ("true", "false")) == "true":
        return respond(200, _shown(job))
    successor = job.owner.successor or job.owner.next_execution(job.job_id)
    if job.owner.successor is None and not _handed_over(job, successor):
        raise HttpError(409, f"Job {job.job_id} is being redriven already")
    dependencies.workflow().start(successor, job.job_id, job.started_at)
    return respond(202, {"JobId": job.job_id, "message": f"Job {job.job_id} runs again"})


def _shown(job: Job) -> dict[str, Any]:
    """What a redrive would run again. Tasks whose raw pages are still there are only processed again."""
    found = suspects(job, dependencies.tasks().tasks(job.job_id), ended_suspiciously(job))
    reasons: dict[str, list[Suspect]] = {}
    for suspect in found:
        reasons.setdefault(suspect.why, []).append(suspect)
    return {
        "JobId": job.job_id,
        "Tasks": len(found),
        "Pages": sum(suspect.pages for suspect in found),
        "Reasons": [
            {"Why": why, "Tasks": len(alike), "FirstTask": alike[0].row.task_id}
            for why, alike in islice(reasons.items(), _MAX_REASONS)
        ],
        "message": f"Job {job.job_id}: {in_words(found)}",
    }


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
    if job.error and job.error.type == ErrorType.FIELDS_LEFT_OUT:
        return f"would be the same again: {job.error.message}"
    if not job.is_planned:
        return f"was {job.status} before it was planned; submit a new job"
    if time.time() + job.resolved_spec.deadline_seconds > job.expires_at:
        return "is about to expire with all its rows; submit a new job"
    return None


def _fresh(job: Job) -> dict[str, Any]:
    """The attributes with which a job begins again. Its counters and tasks stay as they are."""
    now = datetime.now(UTC)
    return {
        "Status": JobStatus.PENDING.value,
        "RedrivenAt": iso(now),
        "DeadlineAt": (now + timedelta(seconds=job.resolved_spec.deadline_seconds)).isoformat(),
        "NotBefore": 0,
        "DownSince": None,
        "IdleRounds": 0,
        "ProgressAt": None,
        "RedrivenFor": reason.as_dict() if (reason := ended_suspiciously(job)) else None,
        "Stop": None,
        "Error": None,
        "Notice": None,
        "FinishedAt": None,
    }
