"""PutSource: PUT /sources/{name}, saves a job spec with its schedule."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import JobRejected
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import json_body
from poller.http_api.responses import HttpError, respond
from poller.sources.definition import Definition, defined, read_definition
from poller.sources.model import Source
from poller.sources.shown import detailed
from poller.specs.fields import job_name


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """201 for a new source, 200 for one that was there, or 400 naming the field.

    The schedule comes first: what EventBridge Scheduler refuses changes nothing. One whose source was not saved calls
    for nothing, and the next PUT or DELETE takes it along.
    """
    try:
        name = job_name("the source's name", event.path_parameters["name"])
        source = _put(name, read_definition(name, json_body(event)))
    except JobRejected as error:
        raise HttpError(400, error.message) from error
    runs = dependencies.jobs().known([run.job_id for run in source.runs])
    return respond(201 if source.version == 1 else 200, detailed(source, runs))


def _put(name: str, definition: Definition) -> Source:
    memory, now = str(uuid4()), datetime.now(UTC)

    def put(standing: Source | None) -> Source:
        source = defined(name, standing, definition, memory, now)
        dependencies.schedules().apply(source)
        return source

    written = dependencies.sources().change(name, put)
    if written is None:
        raise RuntimeError("a definition is always written")
    return written
