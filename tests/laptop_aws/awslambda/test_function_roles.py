import json
from typing import Any

import pytest

from tests.support.emulated_roles import role_for
from tests.support.emulator import Emulator, eventually

TAKING = "def handler(event, context):\n    return {}"
FAILING = "def handler(event, context):\n    raise ValueError('it fails')"
ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def function_with_role(emulator: Emulator, source: str, *statements: dict[str, Any], **more: Any) -> str:
    """The ARN of a function whose role has these statements."""
    function, role = emulator.function(source), role_for(emulator, "lambda.amazonaws.com", *statements)
    emulator.client("lambda").update_function_configuration(FunctionName=function, Role=role, **more)
    return function


def allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def left(emulator: Emulator, url: str) -> int:
    """Messages in the queue, in the hands of a consumer or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, answer["Attributes"].values()))


def consumed_queue(emulator: Emulator, actions: list[str]) -> str:
    """A queue with a message and a function that consumes it with a role of these actions; returns the URL."""
    url, arn = emulator.queue()
    function = function_with_role(emulator, TAKING, allow(actions, arn))
    emulator.client("lambda").create_event_source_mapping(FunctionName=function, EventSourceArn=arn, BatchSize=1)
    emulator.client("sqs").send_message(QueueUrl=url, MessageBody="1")
    return url


@pytest.mark.gap
def test_queue_is_read_by_the_role_that_may_and_by_no_other(emulator: Emulator) -> None:
    denied = [consumed_queue(emulator, [a for a in ACTIONS if a != lacking]) for lacking in ACTIONS]
    allowed = consumed_queue(emulator, ACTIONS)

    # Event sources are read in turn: when the last one was, the others had theirs.
    eventually(lambda: left(emulator, allowed) == 0)

    assert all(emulator.received(url) for url in denied)  # by us: nobody has taken them


def failed_for_good(emulator: Emulator, action: str) -> str:
    """The URL of the dead-letter queue of a function that was called, asynchronously, with a role of this action."""
    url, arn = emulator.queue()
    function = function_with_role(emulator, FAILING, allow([action], arn), DeadLetterConfig={"TargetArn": arn})
    payload = json.dumps({"marker": 1})
    emulator.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    return url


@pytest.mark.gap
def test_failed_event_is_kept_by_the_role_that_may_and_by_no_other(emulator: Emulator) -> None:
    denied = failed_for_good(emulator, "sqs:ReceiveMessage")
    allowed = failed_for_good(emulator, "sqs:SendMessage")

    eventually(lambda: left(emulator, allowed) == 1)

    assert left(emulator, denied) == 0


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    read, failed = consumed_queue(plain, ["sqs:SendMessage"]), failed_for_good(plain, "sqs:ReceiveMessage")

    eventually(lambda: left(plain, read) == 0)
    eventually(lambda: left(plain, failed) == 1)
