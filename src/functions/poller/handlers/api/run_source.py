"""RunSource: POST /sources/{name}/runs, begins a run now."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import JobRejected
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import json_body, no_source
from poller.http_api.responses import HttpError, respond
from poller.sources.runner import StillGoing
from poller.sources.runs import read_range
from poller.specs.fields import is_name
from poller.text import shown


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """202 with the job's id, 400, 404, or 409 while the run before still goes. The body may have from and until."""
    name = event.path_parameters["name"]
    asked = _asked(json_body(event))
    try:
        range_of = lambda spec: read_range(spec, asked.get("from"), asked.get("until"))  # noqa: E731
        run = dependencies.runner().by_hand(name, range_of) if is_name(name) else None
    except JobRejected as error:
        raise HttpError(400, error.message) from error
    except StillGoing as error:
        message = f"Source {name} still has a run: job {error.job_id}. Wait for its end, or cancel it"
        raise HttpError(409, message) from error
    if run is None:
        raise no_source(name)
    body = {"JobId": run.job_id, "Source": name, "From": run.start, "Until": run.end}
    return respond(202, {**body, "message": f"Job {run.job_id} begins"})


def _asked(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise HttpError(400, 'the body must be an object such as {"from": "2025-01-01T00:00:00Z"}, or be left out')
    if unknown := next((field for field in body if field not in ("from", "until")), None):
        raise HttpError(400, f"{shown(unknown)} is not a field of a run; it has from and until")
    return body
