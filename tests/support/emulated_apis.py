"""HTTP APIs of an OpenAPI body, to deploy and to ask."""

from collections.abc import Callable
from typing import Any

from tests.support.emulator import Emulator

INTEGRATION = "x-amazon-apigateway-integration"
ECHO = """
def handler(event, context):
    return {"statusCode": 200, "body": event["routeKey"] + " " + context.invoked_function_arn}
"""


def invocation(function: str) -> dict[str, Any]:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    return {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": uri}


def operation(function: str, **others: Any) -> dict[str, Any]:
    return {INTEGRATION: invocation(function), **others}


def http_api(paths: dict[str, Any], version: str = "3.0.3", **properties: Any) -> dict[str, Any]:
    schemes = {
        "signed": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
        "anybody": {
            "type": "oauth2",
            "x-amazon-apigateway-authorizer": {
                "type": "jwt",
                "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {"issuer": "http://127.0.0.1:9", "audience": [""]},
            },
        },
        "tokens": {
            "type": "oauth2",
            "x-amazon-apigateway-authorizer": {
                "type": "jwt",
                "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {"issuer": "http://127.0.0.1:9", "audience": ["poller"]},
            },
        },
    }
    body = {
        "openapi": version,
        "info": {"title": "Imported", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }
    return {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body, **properties}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
    }


def url(emulator: Emulator, outputs: dict[str, str], path: str) -> str:
    return f"{emulator.endpoint}/_aws/execute-api/{outputs['Api']}/$default{path}"


def answering(emulator: Emulator) -> Callable[[], str]:
    """Deploy an API with a function; returns what asks it, however often the emulator restarts."""
    emulator.create_role()
    outputs = emulator.deploy(http_api({"/jobs": {"get": operation(emulator.function(ECHO))}}))
    return lambda: emulator.http("GET", url(emulator, outputs, "/jobs")).text
