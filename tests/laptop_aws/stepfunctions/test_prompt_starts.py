import pytest

from tests.support.emulator import Emulator, eventually

HESITATION = 0.15


def seconds(emulator: Emulator) -> float:
    """How long an execution with nothing to do takes."""
    execution = emulator.run({"Type": "Pass", "End": True}, {})
    return float((execution["stopDate"] - execution["startDate"]).total_seconds())


@pytest.mark.gap
def test_execution_begins_at_once(emulator: Emulator) -> None:
    eventually(lambda: seconds(emulator) < HESITATION / 2)


@pytest.mark.gap
def test_waits_are_waited_for(emulator: Emulator) -> None:
    execution = emulator.run({"Type": "Wait", "Seconds": 1, "End": True}, {})

    assert (execution["stopDate"] - execution["startDate"]).total_seconds() >= 1


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    assert min(seconds(plain) for _ in range(3)) >= HESITATION
