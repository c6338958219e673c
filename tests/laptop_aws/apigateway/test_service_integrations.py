import json
from typing import Any

import pytest

from tests.support.emulated_apis import http_api, url
from tests.support.emulator import ROLE, Emulator, eventually


def bus_with_queue(emulator: Emulator) -> tuple[dict[str, Any], str]:
    """Resources of a bus whose events all reach the queue of the returned URL."""
    queue_url, queue_arn = emulator.queue()
    name = queue_arn.rpartition(":")[2]
    rule = {
        "EventBusName": {"Ref": "Bus"},
        "EventPattern": {"version": ["0"]},
        "Targets": [{"Id": "queue", "Arn": queue_arn}],
    }
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}}
    return {"Bus": bus, "Rule": {"Type": "AWS::Events::Rule", "Properties": rule}}, queue_url


def to_bus(**parameters: str) -> dict[str, Any]:
    mapping = {"Detail": "$request.body", "DetailType": "asked", "Source": "api", **parameters}
    integration = {
        "type": "aws_proxy",
        "integrationSubtype": "EventBridge-PutEvents",
        "credentials": ROLE,
        "payloadFormatVersion": "1.0",
        "requestParameters": {"EventBusName": {"Ref": "Bus"}, **mapping},
    }
    return {"post": {"x-amazon-apigateway-integration": integration}}


@pytest.mark.gap
def test_body_becomes_an_event_with_the_answered_id(emulator: Emulator) -> None:
    bus, queue = bus_with_queue(emulator)
    outputs = emulator.deploy(bus | http_api({"/jobs": to_bus()}))

    answer = emulator.http("POST", url(emulator, outputs, "/jobs"), b'{"pages": 3}')

    assert answer.status_code == 200
    result = json.loads(answer.text)
    event = json.loads(eventually(lambda: emulator.received(queue))["Body"])
    assert result == {"FailedEntryCount": 0, "Entries": [{"EventId": event["id"]}]}
    assert (event["detail"], event["detail-type"], event["source"]) == ({"pages": 3}, "asked", "api")


@pytest.mark.gap
def test_parameters_are_mapped_from_the_request(emulator: Emulator) -> None:
    bus, queue = bus_with_queue(emulator)
    mapping = {
        "Detail": "$request.body.job",
        "DetailType": "${request.path.kind} of ${context.stage} by ${request.header.x-caller}",
        "Source": "$request.querystring.from",
        "Resources": '["${context.routeKey}"]',
    }
    outputs = emulator.deploy(bus | http_api({"/{kind}": to_bus(**mapping)}))

    emulator.http("POST", url(emulator, outputs, "/redrive?from=me"), b'{"job": {"a": 1}}', **{"x-caller": "us"})

    event = json.loads(eventually(lambda: emulator.received(queue))["Body"])
    assert event["detail"] == {"a": 1}
    assert event["detail-type"] == "redrive of $default by us"
    assert (event["source"], event["resources"]) == ("me", ["POST /{kind}"])


@pytest.mark.gap
@pytest.mark.parametrize(
    ("body", "code"),
    [(b"[1]", "MalformedDetail"), (b"nonsense", "MalformedDetail"), (b"", "InvalidArgument")],
)
def test_body_that_is_no_event_is_answered_200_without_an_id(emulator: Emulator, body: bytes, code: str) -> None:
    bus, _ = bus_with_queue(emulator)
    outputs = emulator.deploy(bus | http_api({"/jobs": to_bus()}))

    answer = emulator.http("POST", url(emulator, outputs, "/jobs"), body)

    assert answer.status_code == 200
    result = json.loads(answer.text)
    assert result["FailedEntryCount"] == 1
    assert [(entry["ErrorCode"], entry.get("EventId")) for entry in result["Entries"]] == [(code, None)]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    gateway = plain.client("apigatewayv2")
    api = gateway.create_api(Name="plain", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="EventBridge-PutEvents",
        CredentialsArn=ROLE,
        PayloadFormatVersion="1.0",
        RequestParameters={"Detail": "$request.body", "DetailType": "asked", "Source": "api"},
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="POST /jobs", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)

    answer = plain.http("POST", url(plain, {"Api": api}, "/jobs"), b"{}")

    assert answer.status_code == 502
