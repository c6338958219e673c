"""First-class integrations of an HTTP API: a route that calls an AWS service without a Lambda.

AWS: an AWS_PROXY integration with an ``integrationSubtype`` maps request parameters and calls the
service's API; the caller sees the API's own answer.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
A mapping is a static value, a ``$request...``, ``$context...`` or ``$stageVariables...`` expression,
or text with several of them as ``${...}``:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html

MiniStack takes every AWS_PROXY integration for a Lambda function and answers 502. Here its
``_invoke_lambda_proxy`` is wrapped. What the integration's role has to allow is checked in `integration_roles`.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ministack.services import apigateway, eventbridge

SEARCHED_CHARACTERS = 100 * 1024

Resolve = Callable[[str], str | None]
Response = tuple[int, dict[str, str], bytes]
Permission = tuple[str, str, dict[str, str]]


def put_events(parameters: dict[str, str]) -> Response:
    """EventBridge-PutEvents 1.0: one entry, made of the mapped parameters."""
    entry: dict[str, Any] = {key: value for key, value in parameters.items() if key != "Region"}
    if "Resources" in entry:
        entry["Resources"] = json.loads(entry["Resources"])
    response: Response = eventbridge._put_events({"Entries": [entry]})
    return response


def put_events_permission(parameters: dict[str, str]) -> Permission:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html"""
    bus = parameters.get("EventBusName") or "default"
    if not bus.startswith("arn:"):
        bus = f"arn:aws:events:{apigateway.get_region()}:{apigateway.get_account_id()}:event-bus/{bus}"
    keys = {"events:source": parameters.get("Source", ""), "events:detail-type": parameters.get("DetailType", "")}
    return "events:PutEvents", bus, keys


class Subtype(NamedTuple):
    """`permission`: the action, resource and condition keys that the integration's role has to allow."""

    call: Callable[[dict[str, str]], Response]
    required: tuple[str, ...]
    permission: Callable[[dict[str, str]], Permission]


SUBTYPES = {
    "EventBridge-PutEvents": Subtype(put_events, ("Detail", "DetailType", "Source"), put_events_permission),
}


def mapped(parameters: dict[str, str], resolve: Resolve) -> dict[str, str]:
    """The integration's parameters for one request; what the request does not have is left out."""
    values = {key: _value(str(expression), resolve) for key, expression in parameters.items()}
    return {key: value for key, value in values.items() if value is not None}


def _value(expression: str, resolve: Resolve) -> str | None:
    if expression.startswith("$") and not expression.startswith("${"):
        return resolve(expression)
    return re.sub(r"\$\{([^}]+)\}", lambda found: resolve(f"${found[1]}") or "", expression)


def from_body(body: str, path: str) -> str | None:
    """``$request.body`` is the body as it came; ``$request.body.a.b`` is that member's value.

    Where a member is asked for, API Gateway reads the first 100 KB of the body only.
    """
    if not path:
        return body
    try:
        value = json.loads(body[:SEARCHED_CHARACTERS])
        for name in path.removeprefix(".").split("."):
            value = value[name]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _resolver(*request) -> Resolve:
    """How expressions of one request get their values."""
    api_id, stage, path, method, headers, body, query, route_key, path_params, caller = request
    text = (body or b"").decode("utf-8", "replace")
    sources = {
        "request_headers": headers,
        "request_query": query or {},
        "path_params": path_params or {},
        "stage_vars": apigateway._get_stage_variables(api_id, stage),
        "context_vars": {
            "accountId": apigateway.get_account_id(),
            "apiId": api_id,
            "authorizer.jwt.claims": caller.get("authorizer_claims") or {},
            "httpMethod": method,
            "identity.sourceIp": "127.0.0.1",
            "path": path,
            "request.path": path,
            "requestId": apigateway.new_uuid(),
            "routeKey": route_key,
            "stage": stage,
        },
    }

    def resolve(expression: str) -> str | None:
        if re.match(r"\$request\.body(\.|$)", expression):
            return from_body(text, expression.removeprefix("$request.body"))
        value = apigateway._resolve_mapping_atom(expression, **sources)
        return None if value is None else str(value)

    return resolve


def call(integration: dict[str, Any], parameters: dict[str, str]) -> Response:
    """Call the service that the integration names."""
    return SUBTYPES[integration["integrationSubtype"]].call(parameters)


def install() -> None:
    invoke_lambda = apigateway._invoke_lambda_proxy

    async def invoke(integration, *request, **caller):
        subtype = integration.get("integrationSubtype")
        if not subtype:
            return await invoke_lambda(integration, *request, **caller)
        if subtype not in SUBTYPES:
            answer = json.dumps({"message": f"{subtype} is not known to this emulator"}).encode()
            return 501, {"Content-Type": "application/json"}, answer
        resolve = _resolver(*request, caller)
        parameters = mapped(integration.get("requestParameters") or {}, resolve)
        status, _, answer = call(integration, parameters)
        return status, {"Content-Type": "application/json"}, answer

    apigateway._invoke_lambda_proxy = invoke
