import json
from typing import Any

import pytest

from tests.support.emulated_apis import ECHO, INTEGRATION, http_api, invocation, operation, url
from tests.support.emulator import ROLE, Emulator, StackFailed


def with_integration(**changes: Any) -> dict[str, Any]:
    changed = invocation("f") | changes
    return {INTEGRATION: {key: value for key, value in changed.items() if value is not None}}


@pytest.fixture(scope="module")
def echo(emulator: Emulator) -> str:
    return emulator.function(ECHO)


@pytest.mark.gap
def test_operation_becomes_a_route_to_its_function(emulator: Emulator, echo: str) -> None:
    outputs = emulator.deploy(http_api({"/jobs/{jobId}": {"get": operation(echo)}}))

    answer = emulator.http("GET", url(emulator, outputs, "/jobs/1"))

    assert (answer.status_code, answer.text) == (200, f"GET /jobs/{{jobId}} {echo}")
    api = emulator.client("apigatewayv2").get_api(ApiId=outputs["Api"])
    assert api["Name"] == "Imported"


@pytest.mark.gap
def test_alias_and_any_method_and_default_route(emulator: Emulator, echo: str) -> None:
    functions = emulator.client("lambda")
    version = functions.publish_version(FunctionName=echo)["Version"]
    functions.create_alias(FunctionName=echo, Name="live", FunctionVersion=version)
    emulator.permit(f"{echo}:live", "apigateway")
    catch_all = {"x-amazon-apigateway-any-method": operation(f"{echo}:live")}
    outputs = emulator.deploy(http_api({"/any": catch_all, "/$default": catch_all}))

    answers = [emulator.http("DELETE", url(emulator, outputs, path)).text for path in ("/any", "/other")]

    # AWS would name the alias in the context; MiniStack names the version that it points to.
    assert answers == [f"ANY /any {echo}:{version}", f"$default {echo}:{version}"]


@pytest.mark.gap
def test_security_of_each_operation(emulator: Emulator, echo: str) -> None:
    paths = {
        "/open": {"get": operation(echo)},
        "/also-open": {"get": operation(echo, security=[])},
        "/signed": {"get": operation(echo, security=[{"signed": []}])},
        "/token": {"get": operation(echo, security=[{"tokens": ["jobs"]}])},
    }

    outputs = emulator.deploy(http_api(paths))

    statuses = {path: emulator.http("GET", url(emulator, outputs, path)).status_code for path in paths}
    assert statuses == {"/open": 200, "/also-open": 200, "/signed": 403, "/token": 401}
    assert emulator.http("GET", url(emulator, outputs, "/signed"), signed=True).status_code == 200


@pytest.mark.gap
def test_security_that_a_condition_removes_means_open(emulator: Emulator, echo: str) -> None:
    removed = {"Fn::If": ["Never", [{"signed": []}], {"Ref": "AWS::NoValue"}]}
    resources = http_api({"/jobs": {"get": operation(echo, security=removed)}})
    resources["Api"]["Properties"]["FailOnWarnings"] = True

    outputs = emulator.deploy(resources, conditions={"Never": {"Fn::Equals": ["a", "b"]}})

    assert emulator.http("GET", url(emulator, outputs, "/jobs")).status_code == 200


@pytest.mark.gap
def test_update_replaces_the_routes(emulator: Emulator, echo: str) -> None:
    outputs = emulator.deploy(http_api({"/old": {"get": operation(echo)}}))

    updated = emulator.deploy(http_api({"/new": {"get": operation(echo)}}), outputs["Stack"])

    assert updated["Api"] == outputs["Api"]
    assert emulator.http("GET", url(emulator, updated, "/old")).status_code == 404
    assert emulator.http("GET", url(emulator, updated, "/new")).status_code == 200


@pytest.mark.gap
@pytest.mark.parametrize(
    ("unreadable", "reason"),
    [
        ({}, "No integration defined for 'GET /jobs'"),
        (with_integration(type="mock"), "Integration type 'mock' is not supported"),
        (with_integration(uri=None), "neither a uri nor an integrationSubtype"),
        (with_integration(httpMethod="GET"), "httpMethod of a Lambda integration must be POST"),
        (with_integration(payloadFormatVersion=None), "without a payloadFormatVersion"),
        (with_integration(integrationSubtype="SQS-SendMessage"), "'SQS-SendMessage' is not known"),
        (with_integration(integrationSubtype="EventBridge-PutEvents"), "without credentials"),
        (
            with_integration(integrationSubtype="EventBridge-PutEvents", credentials=ROLE),
            "without the required Detail, DetailType, Source",
        ),
        (operation("f", security=[{"forgotten": []}]), "Security scheme 'forgotten' is not declared"),
        (operation("f", security=[{"anybody": []}]), "Security scheme 'anybody' without issuer or audience"),
    ],
)
def test_warning_fails_the_stack_when_asked_to(emulator: Emulator, unreadable: dict[str, Any], reason: str) -> None:
    resources = http_api({"/jobs": {"get": unreadable}}, FailOnWarnings=True)

    with pytest.raises(StackFailed, match="Warnings found during import") as failure:
        emulator.deploy(resources)

    assert reason in str(failure.value)


@pytest.mark.gap
def test_warning_drops_the_operation_otherwise(emulator: Emulator, echo: str) -> None:
    outputs = emulator.deploy(http_api({"/jobs": {"get": {}, "post": operation(echo)}}))

    routes = emulator.client("apigatewayv2").get_routes(ApiId=outputs["Api"])["Items"]

    assert [route["RouteKey"] for route in routes] == ["POST /jobs"]


@pytest.mark.gap
def test_other_openapi_version_is_refused(emulator: Emulator, echo: str) -> None:
    resources = http_api({"/jobs": {"get": operation(echo)}}, version="3.1.0")

    with pytest.raises(StackFailed) as failure:
        emulator.deploy(resources)

    assert "OpenAPI 3.0 is required, found 3.1.0" in str(failure.value)


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    resources = http_api({"/jobs": {"get": operation(ROLE)}}, Name="plain", ProtocolType="HTTP")

    outputs = plain.deploy(resources)

    assert json.loads(plain.http("GET", url(plain, outputs, "/jobs")).text) == {"message": "Not Found"}
