import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulated_roles import policy, role_for
from tests.support.emulated_rules import PASS, put
from tests.support.emulator import ACCOUNT, REGION, ROLE, Emulator, eventually

ECHO = "def handler(event, context):\n    print('called', event)"


def rule(emulator: Emulator, target: str, **more: str) -> tuple[str, str, str]:
    """A rule for events of one source, with a dead-letter queue: the source, the queue's URL and the rule's ARN."""
    events, (url, dead_letters) = emulator.client("events"), emulator.queue()
    source = f"s-{uuid4().hex[:8]}"
    arn = events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    to = {"Id": "it", "Arn": target, "DeadLetterConfig": {"Arn": dead_letters}, **more}
    events.put_targets(Rule=source, Targets=[to])
    return source, url, arn


def kept(emulator: Emulator, url: str) -> str | None:
    """The error code of an event in a dead-letter queue."""
    message = emulator.received(url)
    return message and message["MessageAttributes"]["ERROR_CODE"]["StringValue"]


def allowing(service: str, action: str, resource: str, source: str) -> dict[str, Any]:
    condition = {"ArnEquals": {"aws:SourceArn": source}}
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource} | {
        "Condition": condition
    }


@pytest.mark.gap
@pytest.mark.parametrize(
    ("trusted", "code"), [("events.amazonaws.com", "NO_PERMISSIONS"), ("states.amazonaws.com", "FAILED_TO_ASSUME_ROLE")]
)
def test_execution_that_the_role_does_not_allow_goes_to_the_dead_letter_queue(
    emulator: Emulator, trusted: str, code: str
) -> None:
    machine = emulator.state_machine(PASS)
    source, url, _ = rule(emulator, machine, RoleArn=role_for(emulator, trusted))

    put(emulator, source, {})

    assert eventually(lambda: kept(emulator, url)) == code
    assert not emulator.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]


@pytest.mark.gap
def test_execution_that_the_role_allows_starts(emulator: Emulator) -> None:
    machine = emulator.state_machine(PASS)
    statement = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}
    source, url, _ = rule(emulator, machine, RoleArn=role_for(emulator, "events.amazonaws.com", statement))

    put(emulator, source, {})

    workflows = emulator.client("stepfunctions")
    assert eventually(lambda: workflows.list_executions(stateMachineArn=machine)["executions"])
    assert kept(emulator, url) is None


@pytest.mark.gap
@pytest.mark.parametrize("ours", [True, False])
def test_function_is_invoked_for_the_rule_that_its_permission_names(emulator: Emulator, ours: bool) -> None:
    function = emulator.function(ECHO)
    functions, name = emulator.client("lambda"), function.rpartition(":")[2]
    for statement in json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]:
        functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    source, url, arn = rule(emulator, function)
    emulator.permit(function, "events", SourceArn=arn if ours else f"{arn}-other")

    put(emulator, source, {"marker": source})

    logs, group = emulator.client("logs"), f"/aws/lambda/{name}"
    if ours:
        eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
        eventually(lambda: logs.filter_log_events(logGroupName=group, filterPattern=f'"{source}"')["events"])
        assert kept(emulator, url) is None
    else:
        assert eventually(lambda: kept(emulator, url)) == "NO_PERMISSIONS"


@pytest.mark.gap
@pytest.mark.parametrize("ours", [True, False])
def test_topic_takes_what_its_policy_allows(emulator: Emulator, ours: bool) -> None:
    sns, (subscribed, queue) = emulator.client("sns"), emulator.queue()
    topic = sns.create_topic(Name=f"t-{uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    emulator.client("sqs").set_queue_attributes(
        QueueUrl=subscribed,
        Attributes={"Policy": policy(allowing("sns.amazonaws.com", "sqs:SendMessage", queue, topic))},
    )
    source, url, arn = rule(emulator, topic)
    statement = allowing("events.amazonaws.com", "sns:Publish", topic, arn if ours else f"{arn}-other")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(statement))

    put(emulator, source, {})

    if ours:
        assert eventually(lambda: emulator.received(subscribed))
        assert kept(emulator, url) is None
    else:
        assert eventually(lambda: kept(emulator, url)) == "NO_PERMISSIONS"


@pytest.mark.gap
def test_dead_letter_queue_takes_only_what_its_policy_allows(emulator: Emulator) -> None:
    second, other = emulator.queue()
    machine, events = emulator.state_machine(PASS), emulator.client("events")
    source, url, arn = rule(emulator, machine, RoleArn=role_for(emulator, "events.amazonaws.com"))
    dead = {"DeadLetterConfig": {"Arn": other}, "RoleArn": role_for(emulator, "events.amazonaws.com")}
    events.put_targets(Rule=source, Targets=[{"Id": "other", "Arn": machine, **dead}])
    statement = allowing("events.amazonaws.com", "sqs:SendMessage", other, f"{arn}-other")
    emulator.client("sqs").set_queue_attributes(QueueUrl=second, Attributes={"Policy": policy(statement)})

    put(emulator, source, {})

    assert eventually(lambda: kept(emulator, url))
    assert kept(emulator, second) is None


def scheduled(emulator: Emulator, target: str, role: str, dead_letters: str) -> None:
    """A schedule that is due."""
    emulator.client("scheduler").create_schedule(
        Name=f"s-{uuid4().hex[:8]}",
        ScheduleExpression=f"at({datetime.now(UTC):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": dead_letters}},
    )


@pytest.mark.gap
def test_schedule_delivers_what_its_role_allows(emulator: Emulator) -> None:
    # One sweep over all schedules, which comes every ten seconds.
    allowed, denied = emulator.state_machine(PASS), emulator.state_machine(PASS)
    (url, dead_letters), untrusted = emulator.queue(), emulator.state_machine(PASS)
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": dead_letters}
    start = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": allowed}
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"
    role = role_for(emulator, "scheduler.amazonaws.com", send, start, source=group)

    scheduled(emulator, denied, role, dead_letters)
    scheduled(emulator, untrusted, role_for(emulator, "events.amazonaws.com", send, start), dead_letters)
    scheduled(emulator, allowed, role, dead_letters)

    workflows = emulator.client("stepfunctions")
    assert eventually(lambda: workflows.list_executions(stateMachineArn=allowed)["executions"])
    assert not workflows.list_executions(stateMachineArn=denied)["executions"]
    assert not workflows.list_executions(stateMachineArn=untrusted)["executions"]
    assert kept(emulator, url) == "NO_PERMISSIONS"
    assert kept(emulator, url) is None  # of the role that could not be assumed


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    machine = plain.state_machine(PASS)
    source, _, _ = rule(plain, machine, RoleArn=role_for(plain, "lambda.amazonaws.com"))

    put(plain, source, {})

    workflows = plain.client("stepfunctions")
    assert eventually(lambda: workflows.list_executions(stateMachineArn=machine)["executions"])


@pytest.mark.still_needed
def test_schedules_are_still_not_checked(plain: Emulator) -> None:
    machine, (_, dead_letters) = plain.state_machine(PASS), plain.queue()

    scheduled(plain, machine, ROLE.replace("everything", "nobody"), dead_letters)

    workflows = plain.client("stepfunctions")
    assert eventually(lambda: workflows.list_executions(stateMachineArn=machine)["executions"])
