"""Routes of an HTTP API from the OpenAPI document in its ``Body``.

AWS: ``AWS::ApiGatewayV2::Api`` imports ``Body`` as OpenAPI 3.0: one route and one integration per
operation, the name from ``info.title``, authorization from each operation's ``security`` (a
root-level one is ignored). What it cannot read is a warning, which ``FailOnWarnings: true`` turns
into a failure. An update replaces the routes wholesale.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
What an integration must have:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
What an authorizer must have:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html

MiniStack creates the API, ignores ``Body`` and answers 404 everywhere. Here the create and update
handlers of the type are wrapped: the document is read before anything is created, then written into
the stores that MiniStack's own CreateRoute, CreateIntegration and CreateAuthorizer fill.
"""

import re
from typing import Any, NamedTuple

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

from laptop_aws.apigateway.service_integrations import SUBTYPES

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method")
Json = dict[str, Any]

INTEGRATION = "x-amazon-apigateway-integration"
INTEGRATION_FIELDS = ("integrationSubtype", "requestParameters", "responseParameters", "connectionType")


class Definition(NamedTuple):
    """What an OpenAPI document asks for: records by id, and what could not be read."""

    routes: dict[str, Json]
    integrations: dict[str, Json]
    authorizers: dict[str, Json]
    warnings: list[str]


def read(document: Json) -> Definition:
    """Read an OpenAPI 3.0 document; raises ValueError for one that is not."""
    version = str(document.get("openapi", "missing"))
    if not re.match(r"3\.0(\.|$)", version):
        raise ValueError(f"Unable to parse the API definition: OpenAPI 3.0 is required, found {version}")
    definition = Definition({}, {}, {}, [])
    for path, item in (document.get("paths") or {}).items():
        for method in METHODS:
            if method in item:
                _read_operation(definition, document, _route_key(method, path), item[method])
    return definition


def _read_operation(definition: Definition, document: Json, route_key: str, operation: Json) -> None:
    route_id = f"r{len(definition.routes)}"
    try:
        integration = _integration(operation)
        authorization = _authorization(document, operation, definition.authorizers)
    except ValueError as unreadable:
        definition.warnings.append(f"{unreadable} for '{route_key}'.")
        return
    definition.integrations[route_id] = {"integrationId": route_id, **integration}
    definition.routes[route_id] = {
        "routeId": route_id,
        "routeKey": route_key,
        "target": f"integrations/{route_id}",
        "operationName": operation.get("operationId", ""),
        "apiKeyRequired": False,
        **authorization,
    }


def _route_key(method: str, path: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method.startswith('x-') else method.upper()} {path}"


def _integration(operation: Json) -> Json:
    extension = operation.get(INTEGRATION)
    if not extension:
        raise ValueError("No integration defined")
    kind = str(extension.get("type", "")).upper()
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise ValueError(f"Integration type '{extension.get('type')}' is not supported by HTTP APIs")
    if "payloadFormatVersion" not in extension:
        raise ValueError("Integration without a payloadFormatVersion")
    if subtype := extension.get("integrationSubtype"):
        _check_subtype(subtype, extension)
    elif not extension.get("uri"):
        raise ValueError("Integration has neither a uri nor an integrationSubtype")
    elif ":lambda:path/" in extension["uri"] and extension.get("httpMethod") != "POST":
        raise ValueError("The httpMethod of a Lambda integration must be POST")
    return {
        "integrationType": kind,
        "integrationUri": extension.get("uri", ""),
        "integrationMethod": extension.get("httpMethod", "POST"),
        "payloadFormatVersion": str(extension["payloadFormatVersion"]),
        "timeoutInMillis": int(extension.get("timeoutInMillis", 30_000)),
        "credentialsArn": extension.get("credentials", ""),
        **{field: extension[field] for field in INTEGRATION_FIELDS if field in extension},
    }


def _check_subtype(name: str, extension: Json) -> None:
    if name not in SUBTYPES:
        raise ValueError(f"integrationSubtype '{name}' is not known to this emulator")
    if not extension.get("credentials"):
        raise ValueError(f"{name} without credentials")
    given = extension.get("requestParameters") or {}
    if missing := [parameter for parameter in SUBTYPES[name].required if parameter not in given]:
        raise ValueError(f"{name} without the required {', '.join(missing)}")


def _authorization(document: Json, operation: Json, authorizers: dict[str, Json]) -> Json:
    """The first entry of ``security`` decides; none, or one that Fn::If removed, means open."""
    requirement: dict[str, list[str]] = next(iter(operation.get("security") or []), {})
    if not requirement:
        return {"authorizationType": "NONE", "authorizationScopes": []}
    name, scopes = next(iter(requirement.items()))
    scheme = ((document.get("components") or {}).get("securitySchemes") or {}).get(name)
    if scheme is None:
        raise ValueError(f"Security scheme '{name}' is not declared")
    if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
        return {"authorizationType": "AWS_IAM", "authorizationScopes": []}
    authorizer = scheme.get("x-amazon-apigateway-authorizer") or {}
    if authorizer.get("type") != "jwt":
        raise ValueError(f"Security scheme '{name}' is neither awsSigv4 nor a jwt authorizer")
    configuration = authorizer.get("jwtConfiguration") or {}
    if not configuration.get("issuer") or not any(configuration.get("audience") or []):
        raise ValueError(f"Security scheme '{name}' without issuer or audience")
    authorizers[name] = {
        "authorizerId": name,
        "name": name,
        "authorizerType": "JWT",
        "identitySource": [authorizer.get("identitySource", "$request.header.Authorization")],
        "jwtConfiguration": configuration,
    }
    return {"authorizationType": "JWT", "authorizerId": name, "authorizationScopes": scopes}


def _checked(props: Json) -> Definition:
    definition = read(props["Body"])
    if definition.warnings and str(props.get("FailOnWarnings", "")).lower() == "true":
        raise ValueError("Warnings found during import:\n\t" + "\n\t".join(definition.warnings))
    return definition


def _named(props: Json) -> Json:
    return {"Name": (props["Body"].get("info") or {}).get("title"), **props}


def _store(api_id: str, definition: Definition) -> None:
    apigateway._integrations[api_id] = definition.integrations
    apigateway._authorizers[api_id] = definition.authorizers
    apigateway._routes[api_id] = definition.routes


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create, update = handlers["create"], handlers["update"]

    def create_api(logical_id, props, stack_name):
        if "Body" not in props:
            return create(logical_id, props, stack_name)
        definition = _checked(props)
        api_id, attributes = create(logical_id, _named(props), stack_name)
        _store(api_id, definition)
        return api_id, attributes

    def update_api(physical_id, old_props, new_props, stack_name, logical_id=None):
        if "Body" not in new_props:
            return update(physical_id, old_props, new_props, stack_name, logical_id)
        definition = _checked(new_props)
        api_id, attributes = update(physical_id, old_props, _named(new_props), stack_name, logical_id)
        _store(api_id, definition)
        return api_id, attributes

    handlers |= {"create": create_api, "update": update_api}
