"""ListSources: GET /sources, all sources by name."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import decode_next, encode_next, limit_of
from poller.http_api.responses import respond
from poller.sources.shown import listed

_MAX_LIMIT = 50


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """`event` has limit (1 to 50) and next. 200, or 400."""
    limit, start = limit_of(event, _MAX_LIMIT), decode_next(event, "[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
    found, after = dependencies.sources().page(limit, start[0] if start else None)
    return respond(200, {"Sources": list(map(listed, found)), "Next": encode_next((after,) if after else None)})
