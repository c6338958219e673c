"""What a deployed stack is made of, its nested stacks included."""

from collections.abc import Iterator
from typing import Any

NESTED = "AWS::CloudFormation::Stack"


def stack_resources(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """The summaries of a stack's resources, then those of its nested stacks. `stack`: a name or an id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [resource for page in pages for resource in page["StackResourceSummaries"]]
    yield from found
    for resource in found:
        if resource["ResourceType"] == NESTED and resource["ResourceStatus"] != "DELETE_COMPLETE":
            yield from stack_resources(cloudformation, resource["PhysicalResourceId"])
