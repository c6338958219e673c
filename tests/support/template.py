"""The templates as data, with CloudFormation's short forms (`!Ref x`) written out (`{"Ref": "x"}`).

Resources, functions and roles are those of the root and of its nested applications: rules hold for both.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "src" / part for part in ("local", "functions")]


class _Loader(yaml.SafeLoader):
    pass


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _long_form)


@cache
def template() -> dict[str, Any]:
    """The root."""
    return read_template(ROOT / "template.yaml")


@cache
def templates() -> dict[Path, dict[str, Any]]:
    """The root first, then its nested applications."""
    nested = [
        ROOT / body["Properties"]["Location"]
        for body in template()["Resources"].values()
        if body["Type"] == "AWS::Serverless::Application"
    ]
    return {ROOT / "template.yaml": template(), **{path: read_template(path) for path in nested}}


def read_template(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(), Loader=_Loader))


def all_resources() -> dict[str, dict[str, Any]]:
    """Logical id to resource. No two have the same, so that a name says which is meant."""
    found: dict[str, dict[str, Any]] = {}
    for each in templates().values():
        assert not found.keys() & each["Resources"].keys()
        found |= each["Resources"]
    return found


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id to resource, of one CloudFormation type."""
    return {name: body for name, body in all_resources().items() if body["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    """Logical id to properties of every function, Globals merged in as SAM does; CodeUri from the root."""
    merged = {}
    for path, each in templates().items():
        shared = each["Globals"]["Function"]
        for name, body in each["Resources"].items():
            if body["Type"] != "AWS::Serverless::Function":
                continue
            merged[name] = _merged(shared, body["Properties"])
            merged[name].setdefault("Environment", {"Variables": {}})
            merged[name]["CodeUri"] = str((path.parent / merged[name]["CodeUri"]).relative_to(ROOT))
    return merged


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html"""
    both = {key for key in shared.keys() & own.keys() if isinstance(shared[key], dict) and isinstance(own[key], dict)}
    return {**shared, **own, **{key: _merged(shared[key], own[key]) for key in both}}


def roles() -> dict[str, list[dict[str, Any]]]:
    """Logical id to policy statements of every role, those of separate policies and behind conditions too."""
    found = {
        name: [s for policy in body["Properties"].get("Policies", []) for s in statements(policy)]
        for name, body in resources("AWS::IAM::Role").items()
    }
    for body in resources("AWS::IAM::Policy").values():
        for role in body["Properties"]["Roles"]:
            found[role["Ref"]] += statements(body["Properties"])
    return found


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a PolicyDocument; of one behind a condition, what it says when that holds."""
    found = properties["PolicyDocument"]["Statement"]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in found]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
