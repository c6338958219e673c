"""DeleteSource: DELETE /sources/{name}. Its schedule goes with it; its jobs and datasets stay."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import no_source
from poller.http_api.responses import respond
from poller.specs.fields import is_name


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """200, or 404 where there is none. A schedule without a source goes all the same."""
    name = event.path_parameters["name"]
    if not is_name(name):
        raise no_source(name)
    source = dependencies.sources().source(name)
    dependencies.schedules().delete(name)  # first: a source whose deletion broke off is still there to be deleted
    if source is None:
        raise no_source(name)
    dependencies.sources().delete(name)
    return respond(200, {"Name": name, "message": f"Source {name} is deleted; its jobs and datasets stay"})
