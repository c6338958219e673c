"""The OpenAPI files as API Gateway gets them: after CloudFormation's functions, for given parameters."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.template import ROOT, template

FILES = {"PollerHttpApi": "api/poller-api.openapi.yaml", "ExternalHttpApi": "demo-api/external-api.openapi.yaml"}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "000000000000"}
NO_VALUE = object()


class Operation(NamedTuple):
    method: str
    path: str
    body: dict[str, Any]

    @property
    def route_key(self) -> str:
        return f"{self.method} {self.path}"


def source(api: str) -> Path:
    """The file that the API's resource includes."""
    return ROOT / FILES[api]


def rendered(api: str, **parameters: str) -> dict[str, Any]:
    """The document of an API; parameters that are not given have their defaults."""
    defaults = {name: str(body["Default"]) for name, body in template()["Parameters"].items()}
    return dict(_render(yaml.safe_load(source(api).read_text()), {**defaults, **parameters}))


def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method.upper(), path, body)
        for path, item in document["paths"].items()
        for method, body in item.items()
        if method in METHODS
    ]


def _render(value: Any, parameters: dict[str, str]) -> Any:
    """`value` without functions; what only a deployed stack knows becomes `<Name>` or `<Name.Attribute>`."""
    if isinstance(value, list):
        items = [_render(item, parameters) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    name, argument = next(iter(value.items()), ("", None))
    if len(value) == 1 and (name in ("Ref", "Condition") or name.startswith("Fn::")):
        return _call(name, argument, parameters)
    members = {key: _render(member, parameters) for key, member in value.items()}
    return {key: member for key, member in members.items() if member is not NO_VALUE}


def _call(function: str, argument: Any, parameters: dict[str, str]) -> Any:
    if function == "Ref":
        return NO_VALUE if argument == "AWS::NoValue" else _known(argument, parameters)
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda match: _known(match[1], parameters), argument)
    if function == "Condition":
        return _render(template()["Conditions"][argument], parameters)
    if function == "Fn::If":
        condition, then, otherwise = argument
        return _render(then if _call("Condition", condition, parameters) else otherwise, parameters)
    values = _render(argument, parameters)
    if function == "Fn::Equals":
        return values[0] == values[1]
    if function == "Fn::Not":
        return not values[0]
    if function == "Fn::Split":
        return values[1].split(values[0])
    raise NotImplementedError(function)


def _known(name: str, parameters: dict[str, str]) -> str:
    return {**PSEUDO, **parameters}.get(name, f"<{name}>")
