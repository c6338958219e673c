"""GetJob: GET /jobs/{jobId}, the summary of a job."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import find_job
from poller.http_api.responses import respond
from poller.jobs.summary import summarize


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """200 with the summary, or 404."""
    return respond(200, summarize(*find_job(event, dependencies.jobs().snapshot)))
