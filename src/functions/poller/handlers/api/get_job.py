"""GetJob: GET /jobs/{jobId}, the summary of a job."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.answers import answer, not_found
from poller.jobs import keys
from poller.jobs.summary import summary


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request. 200 with the summary, or 404."""
    job_id = event["pathParameters"]["jobId"]
    found = dependencies.jobs().snapshot(job_id) if keys.is_id(job_id) else None
    return answer(200, summary(*found)) if found else not_found(job_id)
