"""Every permission of the deployed stack is used, and every call is one that a permission allows.

The emulator enforces IAM and writes down each decision; this drives every path and compares the two.
"""

import json
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import pytest

from tests.support.emulator import eventually
from tests.support.every_path import SECONDS, drive_every_path
from tests.support.local_stack import RecordedStack
from tests.support.stacks import stack_resources
from tests.support.template import as_list

DOCS = "https://docs.aws.amazon.com"
# What AWS's own machinery does with a role, where no emulator shows it: role, actions and resource, and who says so.
UNSEEN = [
    # Lambda writes a function's log and its traces.
    (
        "*Role", "logs:CreateLogStream logs:PutLogEvents", "*Logs*",
        f"{DOCS}/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    ),
    (
        "*Role", "xray:PutTraceSegments xray:PutTelemetryRecords", "*",
        f"{DOCS}/lambda/latest/dg/services-xray.html",
    ),
    # Step Functions sets up the delivery of its log, and asks what to trace.
    (
        "PollerWorkflowRole",
        "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery "
        "logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups",
        "*",
        f"{DOCS}/step-functions/latest/dg/cw-logs.html",
    ),
    (
        "PollerWorkflowRole", "xray:GetSamplingRules xray:GetSamplingTargets", "*",
        f"{DOCS}/step-functions/latest/dg/concepts-xray-tracing.html",
    ),
    # ResultWriter uploads large results in parts, and reads what it wrote.
    (
        "PollerWorkflowRole", "s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", "*/map-results/*",
        f"{DOCS}/step-functions/latest/dg/input-output-resultwriter.html",
    ),
    # Who makes a schedule hands it a role. And a schedule keeps a call that could not be made.
    (
        "PutSourceRole", "iam:PassRole", "*SourceScheduleRole*",
        f"{DOCS}/scheduler/latest/UserGuide/security_iam_id-based-policies.html",
    ),
    (
        "ChangeSourceRole", "iam:PassRole", "*SourceScheduleRole*",
        f"{DOCS}/scheduler/latest/UserGuide/security_iam_id-based-policies.html",
    ),
    (
        "SourceScheduleRole", "sqs:SendMessage", "*ExecutionEndedDLQ*",
        f"{DOCS}/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
    ),
    # A Map Run looks after its children.
    (
        "PollerWorkflowRole", "states:DescribeExecution states:StopExecution", "*:execution:*",
        f"{DOCS}/step-functions/latest/dg/iam-policies-eg-dist-map.html",
    ),
]  # fmt: skip


class Permission(NamedTuple):
    """One action on one resource that a role's statement allows."""

    role: str
    action: str
    resource: str


class Decision(NamedTuple):
    role: str
    action: str
    resource: str
    allowed: bool


@pytest.fixture(scope="module")
def decisions(stack: RecordedStack) -> Counter[Decision]:
    try:
        drive_every_path(stack)
    except Exception:
        assert [call for call in read(stack) if not call.allowed] == []  # most likely, that is why
        raise
    # The first to be written may have been collected before the first call here; the second was not.
    for _ in range(2):
        size = stack.iam_log.stat().st_size
        list(stack.client().jobs(most=1))
        eventually(lambda size=size: stack.iam_log.stat().st_size > size, SECONDS)
    return read(stack)


def read(stack: RecordedStack) -> Counter[Decision]:
    counts: Counter[Decision] = Counter()
    for line in stack.iam_log.read_text().splitlines():
        noted = json.loads(line)
        counts[Decision(noted["role"], noted["action"], noted["resource"], noted["allowed"])] += noted["count"]
    return counts


@pytest.fixture(scope="module")
def roles(stack: RecordedStack) -> dict[str, str]:
    return named(stack, "AWS::IAM::Role")


def named(stack: RecordedStack, kind: str) -> dict[str, str]:
    """Logical id of each of the stack's resources of one type, by its name."""
    return {
        resource["PhysicalResourceId"]: resource["LogicalResourceId"]
        for resource in stack_resources(stack.aws("cloudformation"), "poller")
        if resource["ResourceType"] == kind
    }


@pytest.fixture(scope="module")
def permissions(stack: RecordedStack, roles: dict[str, str]) -> list[Permission]:
    """All that the deployed roles allow, read from IAM. None denies anything: that would hide what it allows."""
    iam = stack.aws("iam")
    return [
        Permission(role, action, resource)
        for role in roles
        for statement in statements(iam, role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def statements(iam: Any, role: str) -> Iterator[dict[str, Any]]:
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], role
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", role
            yield statement


def covers(permission: Permission, call: Decision) -> bool:
    same = (permission.role, permission.action) == (call.role, call.action)
    return same and fnmatchcase(call.resource, permission.resource)


def test_no_call_was_denied(decisions: Counter[Decision]) -> None:
    assert [call for call in decisions if not call.allowed] == []


def test_every_call_is_allowed_by_one_statement(
    decisions: Counter[Decision], permissions: list[Permission], roles: dict[str, str]
) -> None:
    by = {call: [p for p in permissions if covers(p, call)] for call in decisions if call.role in roles}

    assert len(by) > 100
    assert {call: found for call, found in by.items() if len(found) != 1} == {}


def test_every_action_on_every_resource_of_every_statement_is_needed(
    decisions: Counter[Decision], permissions: list[Permission], roles: dict[str, str]
) -> None:
    unused = [p._replace(role=roles[p.role]) for p in permissions if not any(covers(p, call) for call in decisions)]
    excused = {
        (role, action, resource): [p for p in unused if all(map(fnmatchcase, p, (role, action, resource)))]
        for role, actions, resource, _ in UNSEEN
        for action in actions.split()
    }

    assert [p for p in unused if not any(p in found for found in excused.values())] == []
    assert [excuse for excuse, found in excused.items() if not found] == [], "excuses that nobody needs"


def test_every_permission_of_a_function_is_needed(stack: RecordedStack, decisions: Counter[Decision]) -> None:
    functions = stack.aws("lambda")
    given = [
        Decision(statement["Principal"]["Service"], statement["Action"], statement["Resource"], True)
        for name in named(stack, "AWS::Lambda::Function")
        for statement in policy(functions, name)
    ]

    assert len(given) == len(set(given)) > 5
    assert [permission for permission in given if not decisions[permission]] == []


def policy(functions: Any, name: str) -> list[dict[str, Any]]:
    try:
        return list(json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"])
    except functions.exceptions.ResourceNotFoundException:
        return []
