"""Both APIs as they are imported, for each value of ApiAuth: who may call, what is called, and nothing left open.

What API Gateway makes of such a document:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
"""

import re
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from tests.support.openapi import FILES, operations, rendered, source
from tests.support.template import all_resources, functions, templates

JWT = {"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example.com", "JwtAudience": "poller,other"}
# What each value of ApiAuth puts on every operation of PollerHttpApi.
SECURITY = {"IAM": [{"iam": []}], "JWT": [{"jwt": []}], "NONE": None}
VARIANTS = [
    ("PollerHttpApi", {"ApiAuth": "IAM"}),
    ("PollerHttpApi", JWT),
    ("PollerHttpApi", {"ApiAuth": "NONE"}),
    ("ExternalHttpApi", {}),
]
INTEGRATION = "x-amazon-apigateway-integration"
each_variant = pytest.mark.parametrize(("api", "parameters"), VARIANTS)
each_api = pytest.mark.parametrize("api", FILES)


@each_api
def test_the_template_includes_the_file_and_fails_on_what_cannot_be_imported(api: str) -> None:
    properties = all_resources()[api]["Properties"]

    # Beside the template of an application: from there, sam looks for it.
    (folder,) = {path.parent for path, each in templates().items() if api in each["Resources"]}
    location = str(source(api).relative_to(folder))
    assert properties["FailOnWarnings"] is True
    assert properties["Body"]["Fn::Transform"] == {"Name": "AWS::Include", "Parameters": {"Location": location}}


@each_api
def test_an_included_file_has_neither_aliases_nor_short_forms(api: str) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/create-reusable-transform-function-snippets-and-add-to-your-template-with-aws-include-transform.html
    events = list(yaml.parse(source(api).read_text()))

    assert not [event for event in events if isinstance(event, yaml.AliasEvent)]
    assert not [event for event in events if getattr(event, "anchor", None)]
    assert not [event for event in events if str(getattr(event, "tag", None) or "").startswith("!")]


@each_variant
def test_the_document_is_valid_openapi_3_0(api: str, parameters: dict[str, str]) -> None:
    document = rendered(api, **parameters)

    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    validate(document)


@each_variant
def test_security_stands_at_each_operation_and_nowhere_else(api: str, parameters: dict[str, str]) -> None:
    document = rendered(api, **parameters)

    found = {operation.route_key: operation.body.get("security") for operation in operations(document)}

    # A security of the whole document is ignored at import.
    assert "security" not in document
    assert found
    assert set(map(repr, found.values())) == {repr(SECURITY[parameters.get("ApiAuth", "NONE")])}


def test_the_demonstration_api_is_open_and_can_only_be_read() -> None:
    document = rendered("ExternalHttpApi")

    assert [operation.route_key for operation in operations(document)] == ["GET /payload"]
    assert "securitySchemes" not in document.get("components", {})


def test_iam_asks_for_signatures() -> None:
    schemes = rendered("PollerHttpApi", ApiAuth="IAM")["components"]["securitySchemes"]

    assert schemes == {
        "iam": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    }


def test_jwt_takes_the_issuer_and_every_audience_of_the_parameters() -> None:
    scheme = rendered("PollerHttpApi", **JWT)["components"]["securitySchemes"]["jwt"]

    assert scheme["type"] == "oauth2"
    assert scheme["x-amazon-apigateway-authorizer"] == {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://issuer.example.com", "audience": ["poller", "other"]},
    }


@each_api
def test_every_operation_has_a_name_of_its_own(api: str) -> None:
    names = [operation.body["operationId"] for operation in operations(rendered(api))]

    assert len(names) == len(set(names))


def integrations(api: str) -> dict[str, dict[str, Any]]:
    return {operation.route_key: operation.body[INTEGRATION] for operation in operations(rendered(api))}


@each_api
def test_every_operation_calls_a_function_or_a_service(api: str) -> None:
    for route, integration in integrations(api).items():
        assert integration["type"] == "aws_proxy", route
        if "integrationSubtype" in integration:
            # Services take format 1.0 only, and act with the API's own role.
            assert integration["payloadFormatVersion"] == "1.0", route
            assert integration["credentials"] == "<PollerHttpApiRole.Arn>", route
        else:
            assert (integration["httpMethod"], integration["payloadFormatVersion"]) == ("POST", "2.0"), route
            assert called(integration) in functions(), route


def called(integration: dict[str, Any]) -> str:
    """The logical id of the function."""
    found = re.fullmatch(
        r"arn:aws:apigateway:us-east-1:lambda:path/.*/functions/<(.+)>/invocations", integration["uri"]
    )
    assert found, integration["uri"]
    return found[1].removesuffix(".Arn")


@each_api
def test_a_function_gives_up_before_its_api_does(api: str) -> None:
    # An HTTP API waits for 30 seconds at most: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    for route, integration in integrations(api).items():
        patience = integration.get("timeoutInMillis", 30_000) / 1000
        assert patience <= 30, route
        if "uri" in integration:
            assert functions()[called(integration)]["Timeout"] < patience, route


def test_only_the_submission_goes_to_a_service() -> None:
    subtypes = {route: i["integrationSubtype"] for route, i in integrations("PollerHttpApi").items() if "uri" not in i}

    assert subtypes == {"POST /jobs": "EventBridge-PutEvents"}


def test_every_operation_documents_what_api_gateway_itself_answers() -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    for operation in operations(rendered("PollerHttpApi")):
        assert {"401", "403", "429"} <= set(operation.body["responses"]), operation.route_key
        assert list(operation.body["responses"]) == sorted(operation.body["responses"]), operation.route_key


def test_a_submission_documents_what_becomes_no_event() -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 10 MB, which cannot be raised
    (submit,) = [op for op in operations(rendered("PollerHttpApi")) if op.route_key == "POST /jobs"]

    assert {code for code in submit.body["responses"] if code.startswith("4")} == {"400", "401", "403", "413", "429"}


@each_api
def test_what_a_path_names_is_declared(api: str) -> None:
    document = rendered(api)
    for operation in operations(document):
        declared = {
            parameter["name"]
            for parameter in (resolved(document, p) for p in operation.body.get("parameters", []))
            if parameter["in"] == "path"
        }
        assert declared == set(re.findall(r"\{(\w+)\}", operation.path)), operation.route_key


def resolved(document: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in parameter:
        return dict(document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]])
    return parameter
