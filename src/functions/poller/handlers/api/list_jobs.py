"""ListJobs: GET /jobs, the summaries of all jobs, newest first."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import decode_next, encode_next, limit_of, name_of, one_of
from poller.http_api.responses import respond
from poller.jobs.model import JobStatus
from poller.jobs.summary import summarize

_MAX_LIMIT = 50


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """`event` has name, status, limit (1 to 50) and next. 200 with summaries, or 400."""
    limit, start = limit_of(event, _MAX_LIMIT), decode_next(event, "[A-Za-z0-9-]{1,64}", "[0-9TZ:.+-]{10,40}")
    name, status = name_of(event), one_of(event, "status", JobStatus)
    found, after = dependencies.jobs().newest(limit, (start[0], start[1]) if start else None, name, status)
    return respond(200, {"Jobs": [summarize(*pair) for pair in found], "Next": encode_next(after)})
