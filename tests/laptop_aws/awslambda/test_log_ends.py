import json
from typing import Any

import pytest

from tests.support.emulator import Emulator, eventually

SILENT = "def handler(event, context):\n    return {}"
TALKING = """
import sys

def handler(event, context):
    print("first of", event)
    print()
    print("without an end", end="")
    if event == "fail":
        raise ValueError("as asked")
    return event
"""
WAITED = 50  # milliseconds


def logged(emulator: Emulator, function: str) -> list[list[str]]:
    """What each invocation logged, between Lambda's own lines."""
    group, found = f"/aws/lambda/{function.rpartition(':')[2]}", []
    for event in emulator.client("logs").filter_log_events(logGroupName=group)["events"]:
        if event["message"].startswith("START"):
            found.append([])
        elif not event["message"].startswith(("END", "REPORT")):
            found[-1].append(event["message"])
    return found


def milliseconds(emulator: Emulator, function: str) -> int:
    """How long a call of the function took, as its log has it."""
    emulator.client("lambda").invoke(FunctionName=function)
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    events = emulator.client("logs").filter_log_events(logGroupName=group)["events"]
    return int([event["message"] for event in events if event["message"].startswith("REPORT")][-1].split()[4])


def asked(emulator: Emulator, function: str, event: str) -> Any:
    return json.load(emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))["Payload"])


@pytest.mark.gap
def test_nobody_waits_for_a_log_that_does_not_come(emulator: Emulator) -> None:
    function = emulator.function(SILENT)

    eventually(lambda: milliseconds(emulator, function) < WAITED / 2)


@pytest.mark.gap
def test_each_invocation_has_its_own_log(emulator: Emulator) -> None:
    function = emulator.function(TALKING)

    for event in ("one", "two"):
        assert asked(emulator, function, event) == event

    assert logged(emulator, function) == [[f"first of {event}", "", "without an end"] for event in ("one", "two")]


@pytest.mark.gap
def test_log_of_a_failure_has_an_end_too(emulator: Emulator) -> None:
    function = emulator.function(TALKING)

    assert asked(emulator, function, "fail")["errorMessage"] == "as asked"
    assert asked(emulator, function, "one") == "one"

    first, second = logged(emulator, function)
    assert first[:3] == ["first of fail", "", "without an end"]
    assert second == ["first of one", "", "without an end"]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    function = plain.function(SILENT)
    milliseconds(plain, function)  # its worker starts

    assert min(milliseconds(plain, function) for _ in range(5)) >= WAITED
