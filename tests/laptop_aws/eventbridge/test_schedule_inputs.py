import json
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulated_roles import role_for
from tests.support.emulator import Emulator, eventually

NAMES = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
INPUT = json.dumps({name: f"<aws.scheduler.{name}>" for name in NAMES})


def called(emulator: Emulator) -> tuple[str, dict[str, Any]]:
    """A schedule for one moment that has passed: its ARN, and what it sent to its queue."""
    url, queue = emulator.queue()
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    target = {"Arn": queue, "RoleArn": role_for(emulator, "scheduler.amazonaws.com", statement), "Input": INPUT}
    arn = emulator.client("scheduler").create_schedule(
        Name=f"s-{uuid4().hex[:8]}",
        ScheduleExpression="at(2026-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )["ScheduleArn"]
    message = eventually(lambda: emulator.received(url), 60)  # MiniStack looks every ten seconds
    return arn, json.loads(message["Body"])


@pytest.mark.gap
def test_the_words_of_an_input_are_replaced(emulator: Emulator) -> None:
    arn, said = called(emulator)

    assert (said["schedule-arn"], said["attempt-number"]) == (arn, "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["scheduled-time"])
    assert re.fullmatch(r"[0-9a-f-]{36}", said["execution-id"])


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    _, said = called(plain)

    assert said == json.loads(INPUT)
