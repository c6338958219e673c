import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulator import Emulator

WAITING = {"Type": "Wait", "Seconds": 600, "End": True}
PATTERN = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path)
    yield emulator
    assert emulator.ended(20, by=signal.SIGTERM) == 0


def interrupted(emulator: Emulator) -> tuple[str, str]:
    """Restart the emulator while an execution runs; returns its ARN and the URL of a queue for its events."""
    emulator.start()
    emulator.create_role()
    url, queue = emulator.queue()
    emulator.client("events").put_rule(Name="ended", EventPattern=json.dumps(PATTERN))
    emulator.client("events").put_targets(Rule="ended", Targets=[{"Id": "queue", "Arn": queue}])
    machine = emulator.state_machine(WAITING)
    started = emulator.client("stepfunctions").start_execution(stateMachineArn=machine)
    emulator.ended(20, by=signal.SIGTERM)
    emulator.start()
    return started["executionArn"], url


@pytest.mark.gap
def test_interrupted_execution_is_announced_as_failed_once(restarting: Emulator) -> None:
    arn, url = interrupted(restarting)

    message = restarting.received(url)

    assert message is not None
    detail = json.loads(message["Body"])["detail"]
    assert (detail["executionArn"], detail["error"]) == (arn, "States.ServiceRestart")
    assert restarting.received(url) is None


@pytest.mark.still_needed
def test_still_needed(restarting: Emulator) -> None:
    restarting.options = ("--without-gaps",)

    _, url = interrupted(restarting)

    assert restarting.received(url) is None
