"""CancelJob: DELETE /jobs/{jobId}. No request is sent any more, and every task ends."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import ErrorType, Reason
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import find_job
from poller.http_api.responses import HttpError, respond
from poller.jobs.model import JobStatus, StopRequest

_STOP = StopRequest(JobStatus.CANCELLED, Reason(ErrorType.CANCELLED, "the job was cancelled; redrive it to go on"))


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """202, 404, or 409 if the job is over."""
    job = find_job(event, dependencies.jobs().job)
    if job.status.is_final:
        raise HttpError(409, f"Job {job.job_id} is already {job.status}")
    dependencies.jobs().request_stop(job.job_id, _STOP)
    # Workers see the stop request before their next page. The stopped execution's status change calls
    # ReconcileJob, which ends the job: no wait in the workflow has to pass first.
    dependencies.workflow().stop(job.owner.current, "the job was cancelled")
    return respond(202, {"JobId": job.job_id, "message": f"Job {job.job_id} is being cancelled"})
