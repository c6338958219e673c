"""The template's parameters: documented with their defaults, and refused where they do not go together."""

import re

import pytest
from ministack.services.cloudformation.engine import _check_rules_section, _evaluate_rules

from tests.support.template import ROOT, template

TABLE = (ROOT / "docs" / "deploying.md").read_text().split("## Parameters")[1].split("\n## ")[0]
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?:`(?P<default>[^`]+)` )?\| (?P<purpose>[^|]+) \|$", flags=re.M)


def test_every_parameter_is_in_the_table_with_its_default() -> None:
    documented = [(row["name"], row["default"] or "") for row in ROW.finditer(TABLE)]

    assert documented == [(name, str(it["Default"])) for name, it in template()["Parameters"].items()]


def test_no_parameter_can_surprise_sam_deploy_guided() -> None:
    # It asks for each and takes Enter for the default: one without a default would have no answer.
    for name, parameter in template()["Parameters"].items():
        assert "Default" in parameter, name
        assert parameter["Description"].endswith("."), name


REFUSED = [
    ({"ApiAuth": "NONE"}, "ApiAuth NONE leaves the API open"),
    ({"ApiAuth": "JWT", "JwtAudience": "poller"}, "needs JwtIssuer"),
    ({"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example.com"}, "needs JwtAudience"),
    ({"VpcSubnetIds": "subnet-1,subnet-2"}, "VpcSubnetIds needs VpcSecurityGroupIds"),
    ({"VpcSecurityGroupIds": "sg-1"}, "VpcSecurityGroupIds needs VpcSubnetIds"),
]
ALLOWED = [
    {},
    {"ApiAuth": "NONE", "LocalSettings": "true"},
    {"ApiAuth": "JWT", "JwtAudience": "poller", "JwtIssuer": "https://issuer.example.com"},
    {"VpcSubnetIds": "subnet-1,subnet-2", "VpcSecurityGroupIds": "sg-1"},
]


def check_rules(given: dict[str, str]) -> None:
    """As the emulator's CloudFormation does. Raises ValueError with what is wrong."""
    values = {name: str(it["Default"]) for name, it in template()["Parameters"].items()} | given
    _check_rules_section(template())
    _evaluate_rules(template(), {name: {"Value": value} for name, value in values.items()}, {})


@pytest.mark.parametrize(("given", "why"), REFUSED, ids=lambda value: str(value)[:30])
def test_parameters_that_do_not_go_together_are_refused_before_anything_is_made(
    given: dict[str, str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        check_rules(given)


@pytest.mark.parametrize("given", ALLOWED, ids=str)
def test_parameters_that_go_together_are_taken(given: dict[str, str]) -> None:
    check_rules(given)


def test_a_rule_uses_the_functions_that_rules_may_use() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
    allowed = {f"Fn::{name}" for name in ("And", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "Not", "Or")}

    assert set(re.findall(r"Fn::\w+", str(template()["Rules"]))) <= allowed
