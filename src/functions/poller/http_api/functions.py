"""What the Lambda functions behind PollerHttpApi have in common (payload format 2.0)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import event_source
from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.http_api.responses import HttpError

Handle = Callable[[APIGatewayProxyEventV2, LambdaContext], dict[str, Any]]


def api_function(logger: Logger) -> Callable[[Handle], Any]:
    """A Lambda function whose handler gets its request typed, and may raise HttpError."""

    def decorate(handle: Handle) -> Any:
        @wraps(handle)
        def answer(event: APIGatewayProxyEventV2, context: LambdaContext) -> dict[str, Any]:
            try:
                return handle(event, context)
            except HttpError as error:
                return error.response

        typed: Any = event_source(data_class=APIGatewayProxyEventV2)
        return logger.inject_lambda_context(typed(answer), clear_state=True)

    return decorate
