import json

import pytest

from tests.support.emulated_rules import PASS, put, rule_to
from tests.support.emulator import ACCOUNT, REGION, Emulator, eventually


@pytest.mark.gap
@pytest.mark.parametrize("target", ["states:{}:stateMachine:none", "sqs:{}:none", "lambda:{}:function:none"])
def test_missing_target_sends_the_event_to_the_dead_letter_queue(emulator: Emulator, target: str) -> None:
    arn = "arn:aws:" + target.format(f"{REGION}:{ACCOUNT}")
    source, dead_letters = rule_to(emulator, arn)

    event_id = put(emulator, source, {"n": 1})

    message = eventually(lambda: emulator.received(dead_letters))
    event = json.loads(message["Body"])
    assert (event["id"], event["detail"]) == (event_id, {"n": 1})
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{source}",
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }


@pytest.mark.gap
def test_input_too_large_for_an_execution_is_kept(emulator: Emulator) -> None:
    machine = emulator.state_machine(PASS)
    source, dead_letters = rule_to(emulator, machine)

    put(emulator, source, {"text": "x" * 262_144})

    message = eventually(lambda: emulator.received(dead_letters))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"
    assert not emulator.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]


@pytest.mark.gap
def test_failing_function_is_tried_again(emulator: Emulator) -> None:
    function = emulator.function("def handler(event, context):\n    raise ValueError(event['detail']['n'])")
    source, dead_letters = rule_to(emulator, function)

    put(emulator, source, {"n": 1})

    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    pattern = {"logGroupName": group, "filterPattern": '"ValueError: 1"'}
    logs = emulator.client("logs")
    eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    eventually(lambda: len(logs.filter_log_events(**pattern)["events"]) == 3)
    assert emulator.received(dead_letters) is None


def test_execution_gets_the_event_with_the_answered_id(emulator: Emulator) -> None:
    machine = emulator.state_machine(PASS)
    source, dead_letters = rule_to(emulator, machine)

    event_id = put(emulator, source, {"n": 1})

    workflows = emulator.client("stepfunctions")
    started = eventually(lambda: workflows.list_executions(stateMachineArn=machine)["executions"])
    given = workflows.describe_execution(executionArn=started[0]["executionArn"])["input"]
    assert (json.loads(given)["id"], json.loads(given)["detail"]) == (event_id, {"n": 1})
    assert emulator.received(dead_letters) is None


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    source, dead_letters = rule_to(plain, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none")

    put(plain, source, {"n": 1})

    assert plain.received(dead_letters) is None
