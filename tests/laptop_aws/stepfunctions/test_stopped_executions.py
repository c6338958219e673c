import json
from typing import Any

import pytest

from tests.support.emulator import Emulator, eventually

WAIT = {"Type": "Wait", "Seconds": 1, "End": True}
PROCESSOR = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Wait", "States": {"Wait": WAIT}}
ONE_BY_ONE = {
    "Type": "Map",
    "ItemsPath": "$.items",
    "MaxConcurrency": 1,
    "ItemProcessor": PROCESSOR,
    "ToleratedFailureCount": 0,
    "End": True,
}


def stopped_in_first_of_three(emulator: Emulator) -> tuple[str, dict[str, Any]]:
    """Stop an execution while its Map runs the first child; returns its status and the counts at the end."""
    workflows = emulator.client("stepfunctions")
    machine = emulator.state_machine(ONE_BY_ONE)
    given = json.dumps({"items": [1, 2, 3]})
    arn = workflows.start_execution(stateMachineArn=machine, input=given)["executionArn"]
    run = eventually(lambda: workflows.list_map_runs(executionArn=arn)["mapRuns"])[0]["mapRunArn"]

    workflows.stop_execution(executionArn=arn)

    def counts() -> dict[str, Any] | None:
        described = workflows.describe_map_run(mapRunArn=run)
        return described["itemCounts"] if described["status"] != "RUNNING" else None

    finished = eventually(counts)
    return workflows.describe_execution(executionArn=arn)["status"], finished


@pytest.mark.gap
def test_no_further_child_starts_and_the_execution_stays_aborted(emulator: Emulator) -> None:
    status, counts = stopped_in_first_of_three(emulator)

    assert status == "ABORTED"
    assert counts["succeeded"] <= 1


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    _, counts = stopped_in_first_of_three(plain)

    assert counts["succeeded"] == 3
