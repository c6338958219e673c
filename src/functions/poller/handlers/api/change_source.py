"""ChangeSource: PATCH /sources/{name}. Pauses a source or has it go on, or sets its cursor anew."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import JobRejected
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import json_body, no_source
from poller.http_api.responses import HttpError, respond
from poller.sources.changes import Change, changed, read_change
from poller.sources.model import Source
from poller.sources.shown import detailed
from poller.specs.fields import is_name


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """200 with the source as it is now, 400, or 404."""
    name = event.path_parameters["name"]
    try:
        change = read_change(json_body(event))
        source = _apply(name, change) if is_name(name) else None
    except JobRejected as error:
        raise HttpError(400, error.message) from error
    if source is None:
        raise no_source(name)
    return respond(200, detailed(source, dependencies.jobs().known([run.job_id for run in source.runs])))


def _apply(name: str, change: Change) -> Source | None:
    memory, now = str(uuid4()), datetime.now(UTC)

    def apply(standing: Source | None) -> Source | None:
        if standing is None:
            return None
        source = changed(standing, change, memory, now)
        if source.schedule and source.paused != standing.paused:
            dependencies.schedules().apply(source)
        return source

    return dependencies.sources().change(name, apply)
