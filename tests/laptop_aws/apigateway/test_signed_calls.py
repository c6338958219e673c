import pytest

from tests.support.emulated_apis import ECHO, http_api, operation, url
from tests.support.emulator import Emulator


@pytest.mark.gap
def test_who_does_not_sign_is_refused_whatever_else_is_brought(emulator: Emulator) -> None:
    signed = operation(emulator.function(ECHO), security=[{"signed": []}])
    jobs = url(emulator, emulator.deploy(http_api({"/jobs": {"get": signed}})), "/jobs")

    brought = {"nothing": {}, "a token": {"authorization": "Bearer abc"}, "a word": {"authorization": "please"}}
    statuses = {what: emulator.http("GET", jobs, **headers).status_code for what, headers in brought.items()}

    assert statuses == dict.fromkeys(brought, 403)
    assert emulator.http("GET", jobs, signed=True).status_code == 200


@pytest.mark.gap
def test_other_routes_take_what_is_brought(emulator: Emulator) -> None:
    open_to_all = operation(emulator.function(ECHO))
    jobs = url(emulator, emulator.deploy(http_api({"/jobs": {"get": open_to_all}})), "/jobs")

    assert emulator.http("GET", jobs, authorization="Bearer abc").status_code == 200


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    gateway, function = plain.client("apigatewayv2"), plain.function(ECHO)
    api = gateway.create_api(Name="plain", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(
        ApiId=api, RouteKey="GET /jobs", Target=f"integrations/{integration}", AuthorizationType="AWS_IAM"
    )

    answer = plain.http("GET", url(plain, {"Api": api}, "/jobs"), authorization="Bearer abc")

    assert answer.status_code == 200
