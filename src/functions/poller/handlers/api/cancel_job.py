"""CancelJob: DELETE /jobs/{jobId}. No request is sent any more, and every task ends."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.answers import answer, not_found
from poller.jobs import keys
from poller.jobs.model import JobStatus

_STOP = {
    "Status": JobStatus.CANCELLED.value,
    "Error": {"Type": "Cancelled", "Message": "the job was cancelled; redrive it to go on"},
}


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request. 202, 404, or 409 if the job is over."""
    job_id = event["pathParameters"]["jobId"]
    job = dependencies.jobs().job(job_id) if keys.is_id(job_id) else None
    if job is None:
        return not_found(job_id)
    if job.status.is_final:
        return answer(409, {"message": f"Job {job_id} is already {job.status}"})
    dependencies.jobs().request_stop(job_id, _STOP)
    # Workers see the verdict before their next request. The stopped execution's status change calls
    # ReconcileJob, which ends the job: no wait in the workflow has to pass first.
    dependencies.workflow().stop(keys.owner(job.execution_arn, job.successor), "the job was cancelled")
    return answer(202, {"JobId": job_id, "message": f"Job {job_id} is being cancelled"})
