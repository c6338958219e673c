import pytest

from tests.support.emulated_apis import http_api, operation, url
from tests.support.emulator import Emulator

FAILING = """
def handler(event, context):
    raise ValueError("a secret")
"""


@pytest.mark.gap
def test_caller_of_an_api_learns_nothing_of_the_error(emulator: Emulator) -> None:
    outputs = emulator.deploy(http_api({"/jobs": {"get": operation(emulator.function(FAILING))}}))

    answer = emulator.http("GET", url(emulator, outputs, "/jobs"))

    assert (answer.status_code, answer.text) == (500, '{"message":"Internal Server Error"}')


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    gateway, function = plain.client("apigatewayv2"), plain.function(FAILING)
    outputs = {"Api": gateway.create_api(Name="plain", ProtocolType="HTTP", Target=function)["ApiId"]}
    integration = gateway.create_integration(
        ApiId=outputs["Api"],
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=outputs["Api"], RouteKey="GET /jobs", Target=f"integrations/{integration}")

    answer = plain.http("GET", url(plain, outputs, "/jobs"))

    assert answer.status_code == 502
    assert "a secret" in answer.text
