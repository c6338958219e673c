"""PreviewJob: POST /jobs/preview. What a job of this spec would find, and take. Stores nothing, and starts nothing."""

from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import PauseRequested, PermanentPollerError, PollerError, RetriablePollerError
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import json_body
from poller.http_api.responses import HttpError, respond
from poller.jobs.first_plan import first_plan
from poller.jobs.preview import preview
from poller.specs.parse import accept_job_spec

# Of the function's time, kept for the last request: the client of these gives up sooner than that of jobs.
_RESERVE_SECONDS = dependencies.QUICK_SECONDS + 1


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, context: LambdaContext) -> dict[str, Any]:
    """The body is a job spec. 200, or 400 with what a job of it would be REJECTED with."""
    raw = json_body(event)
    try:
        spec = accept_job_spec(raw)
        share, sender = dependencies.quickly_paced(spec)
        with closing(Throttle(share=share)) as throttle:
            fetcher_of = partial(PageFetcher, sender, box=TimeBox.of(context, _RESERVE_SECONDS), throttle=throttle)
            found = first_plan(spec, fetcher_of, dependencies.logger.info, datetime.now(UTC))
    except PermanentPollerError as error:
        raise _refusal(error, error.message) from None
    except (PauseRequested, RetriablePollerError) as error:
        said = error.seen or "no answer came"
        raise _refusal(error, f"the first page did not come within the time of a preview: {said}") from None
    return respond(200, preview(found, raw))


def _refusal(error: PollerError, message: str) -> HttpError:
    return HttpError(400, message, {"Type": type(error).__name__, "Message": message})
