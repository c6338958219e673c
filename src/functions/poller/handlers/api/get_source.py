"""GetSource: GET /sources/{name}, a source with its latest runs."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import find_source
from poller.http_api.responses import respond
from poller.sources.shown import detailed


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """200 with the source, or 404."""
    source = find_source(event, dependencies.sources().source)
    return respond(200, detailed(source, dependencies.jobs().known([run.job_id for run in source.runs])))
