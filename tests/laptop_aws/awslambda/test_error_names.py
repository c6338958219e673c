import json

import pytest

from tests.support.emulator import Emulator

FAILING = """
import os

class RetriablePollerError(Exception):
    pass

calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("call", calls)
    if event.get("exit"):
        os._exit(3)
    if event.get("fail"):
        raise RetriablePollerError("no luck: " + event["fail"])
    return calls
"""


def invoked(emulator: Emulator, function: str, event: dict[str, object]) -> tuple[str | None, object]:
    answer = emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


@pytest.mark.gap
def test_task_error_is_the_class_of_the_exception(emulator: Emulator) -> None:
    function = emulator.function(FAILING)
    catch = {"ErrorEquals": ["RetriablePollerError"], "Next": "Caught"}
    task = {"Type": "Task", "Resource": function, "Catch": [catch], "End": True}

    execution = emulator.run(task, {"fail": "today"}, Caught={"Type": "Pass", "End": True})

    output = json.loads(execution["output"])
    assert output["Error"] == "RetriablePollerError"
    cause = json.loads(output["Cause"])
    assert cause["errorMessage"] == "no luck: today"
    assert "RetriablePollerError" in cause["stackTrace"][0]


@pytest.mark.gap
def test_failed_invocation_has_the_payload_of_the_runtime(emulator: Emulator) -> None:
    function = emulator.function(FAILING)

    kind, payload = invoked(emulator, function, {"fail": "again"})

    assert kind == "Unhandled"
    assert isinstance(payload, dict)
    assert payload.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (payload["errorType"], payload["errorMessage"]) == ("RetriablePollerError", "no luck: again")


@pytest.mark.gap
def test_environment_outlives_an_exception_but_not_its_process(emulator: Emulator) -> None:
    function = emulator.function(FAILING)
    invoked(emulator, function, {"fail": "once"})

    kind, payload = invoked(emulator, function, {})
    assert (kind, payload) == (None, 2)

    kind, payload = invoked(emulator, function, {"exit": True})
    assert kind == "Unhandled"
    assert isinstance(payload, dict)
    assert payload["errorType"] == "Runtime.ExitError"
    assert invoked(emulator, function, {}) == (None, 1)


@pytest.mark.gap
def test_traceback_is_in_the_log(emulator: Emulator) -> None:
    function = emulator.function(FAILING)
    invoked(emulator, function, {"fail": "visibly"})

    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    events = emulator.client("logs").filter_log_events(logGroupName=group)["events"]

    lines = "\n".join(event["message"] for event in events)
    assert "call 1" in lines
    assert "RetriablePollerError: no luck: visibly" in lines


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    function = plain.function(FAILING)

    _, payload = invoked(plain, function, {"fail": "plainly"})

    assert isinstance(payload, dict)
    assert payload["errorType"] == "Runtime.HandlerError"
