import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulated_apis import http_api, operation, url
from tests.support.emulated_roles import role_for
from tests.support.emulator import ACCOUNT, REGION, Emulator

ECHO = "def handler(event, context):\n    return event['routeKey']"
DENIED = 500, {"message": "Internal Server Error"}


def guarded(emulator: Emulator) -> str:
    """A function that nobody may invoke yet."""
    function, functions = emulator.function(ECHO), emulator.client("lambda")
    for statement in json.loads(functions.get_policy(FunctionName=function)["Policy"])["Statement"]:
        functions.remove_permission(FunctionName=function, StatementId=statement["Sid"])
    return function


def answers(emulator: Emulator, outputs: dict[str, str], method: str, path: str) -> tuple[int, Any]:
    answer = emulator.http(method, url(emulator, outputs, path), b"{}")
    return answer.status_code, json.loads(answer.text) if answer.text.startswith("{") else answer.text


@pytest.mark.gap
def test_function_answers_the_route_that_its_permission_names(emulator: Emulator) -> None:
    function = guarded(emulator)
    both = {"get": operation(function), "delete": operation(function)}
    outputs = emulator.deploy(http_api({"/jobs/{jobId}": both, "/jobs": both}))
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{outputs['Api']}/*/GET/jobs/*"

    before = answers(emulator, outputs, "GET", "/jobs/1")
    emulator.permit(function, "apigateway", SourceArn=source)

    assert before == DENIED
    assert answers(emulator, outputs, "GET", "/jobs/1") == (200, "GET /jobs/{jobId}")
    assert answers(emulator, outputs, "DELETE", "/jobs/1") == DENIED
    assert answers(emulator, outputs, "GET", "/jobs") == DENIED


@pytest.mark.gap
def test_permission_on_the_function_is_none_on_its_alias(emulator: Emulator) -> None:
    function, functions = emulator.function(ECHO), emulator.client("lambda")
    version = functions.publish_version(FunctionName=function)["Version"]
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    outputs = emulator.deploy(http_api({"/jobs": {"get": operation(f"{function}:live")}}))

    before = answers(emulator, outputs, "GET", "/jobs")
    emulator.permit(f"{function}:live", "apigateway")

    assert before == DENIED
    assert answers(emulator, outputs, "GET", "/jobs") == (200, "GET /jobs")


def putting(role: str, **parameters: str) -> dict[str, Any]:
    integration = {
        "type": "aws_proxy",
        "integrationSubtype": "EventBridge-PutEvents",
        "credentials": role,
        "payloadFormatVersion": "1.0",
        "requestParameters": {"Detail": "$request.body", "DetailType": "Asked", "Source": "api", **parameters},
    }
    return {"post": {"x-amazon-apigateway-integration": integration}}


@pytest.mark.gap
def test_events_are_put_as_far_as_the_credentials_allow(emulator: Emulator) -> None:
    bus = emulator.client("events").create_event_bus(Name=f"b-{uuid4().hex[:8]}")["EventBusArn"]
    condition = {"StringEquals": {"events:source": "api", "events:detail-type": "Asked"}}
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus, "Condition": condition}
    role = role_for(emulator, "apigateway.amazonaws.com", statement)
    untrusting = role_for(emulator, "lambda.amazonaws.com", statement)
    paths = {
        "/allowed": putting(role, EventBusName=bus),
        "/by-name": putting(role, EventBusName=bus.rpartition("/")[2]),
        "/other-bus": putting(role),
        "/other-source": putting(role, EventBusName=bus, Source="other"),
        "/other-kind": putting(role, EventBusName=bus, DetailType="Other"),
        "/untrusting": putting(untrusting, EventBusName=bus),
    }
    outputs = emulator.deploy(http_api(paths))

    seen = {path: answers(emulator, outputs, "POST", path) for path in paths}

    assert [path for path, (status, _) in seen.items() if status == 200] == ["/allowed", "/by-name"]
    assert [seen[path] for path in [*paths][2:]] == [DENIED] * 4


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    function, gateway = guarded(plain), plain.client("apigatewayv2")
    api = gateway.create_api(Name="plain", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="GET /jobs", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)

    assert answers(plain, {"Api": api}, "GET", "/jobs") == (200, "GET /jobs")
