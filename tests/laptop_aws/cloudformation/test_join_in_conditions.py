import json
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator, eventually

TEMPLATE = {
    "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": ""}},
    "Conditions": {
        "Any": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, ""]}]},
        "Both": {"Fn::Equals": ["a-b", {"Fn::Join": ["-", {"Ref": "Names"}]}]},
    },
    "Resources": {
        "Always": {"Type": "AWS::SNS::Topic"},
        "WhenAny": {"Type": "AWS::SNS::Topic", "Condition": "Any"},
        "WhenBoth": {"Type": "AWS::SNS::Topic", "Condition": "Both"},
    },
}


def deployed(emulator: Emulator, names: str) -> list[str]:
    """The resources of a stack with these names as its list parameter."""
    cloudformation, stack = emulator.client("cloudformation"), f"stack-{uuid4().hex[:8]}"
    given = [{"ParameterKey": "Names", "ParameterValue": names}]
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(TEMPLATE), Parameters=given)
    eventually(lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    listed = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return sorted(resource["LogicalResourceId"] for resource in listed)


@pytest.mark.gap
@pytest.mark.parametrize(("names", "conditional"), [("", []), ("a", ["WhenAny"]), ("a,b", ["WhenAny", "WhenBoth"])])
def test_a_condition_may_join_a_list_parameter(emulator: Emulator, names: str, conditional: list[str]) -> None:
    assert deployed(emulator, names) == ["Always", *conditional]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    assert deployed(plain, "") == ["Always", "WhenAny"]
