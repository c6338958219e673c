from itertools import pairwise
from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, REGION, Emulator


def waits(emulator: Emulator, **retrier: Any) -> list[float]:
    """Seconds between the attempts of a task that always fails."""
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none",
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, **retrier}],
        "End": True,
    }
    arn = emulator.run(task, {})["executionArn"]
    history = emulator.client("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)
    attempts = [event["timestamp"] for event in history["events"] if event["type"] == "TaskFailed"]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(attempts)]


@pytest.mark.gap
def test_wait_grows_to_its_maximum(emulator: Emulator) -> None:
    retrier = {"BackoffRate": 20, "MaxDelaySeconds": 2, "MaxAttempts": 2}

    first, second = waits(emulator, **retrier)

    assert first == pytest.approx(1, abs=0.5)
    assert second == pytest.approx(2, abs=0.5)


@pytest.mark.gap
def test_full_jitter_waits_any_shorter_time(emulator: Emulator) -> None:
    retrier = {"BackoffRate": 1, "MaxAttempts": 6, "JitterStrategy": "FULL"}

    waited = waits(emulator, **retrier)

    assert min(waited) < 0.8
    assert max(waited) < 1.5


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    retrier = {"BackoffRate": 3, "MaxDelaySeconds": 1, "MaxAttempts": 2}

    waited = waits(plain, **retrier)

    assert waited[1] > 2.5
