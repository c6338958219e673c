import json
from typing import Any

import pytest

from tests.support.emulator import Emulator

FAIL = {"Type": "Fail", "Error": "Bad"}
PASS = {"Type": "Pass", "End": True}


def map_of(child: dict[str, Any], mode: str = "DISTRIBUTED", **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": mode}, "StartAt": "Child", "States": {"Child": child}}
    return {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True, **fields}


def map_run(emulator: Emulator, execution: dict[str, Any]) -> dict[str, Any]:
    workflows = emulator.client("stepfunctions")
    runs = workflows.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    return workflows.describe_map_run(mapRunArn=runs[0]["mapRunArn"])


@pytest.mark.gap
@pytest.mark.parametrize("limit", [0, 3])
def test_concurrency_comes_from_the_input(emulator: Emulator, limit: int) -> None:
    state = map_of(PASS, MaxConcurrencyPath="$.limits.width")

    execution = emulator.run(state, {"items": [1, 2], "limits": {"width": limit}})

    assert json.loads(execution["output"]) == [1, 2]
    assert map_run(emulator, execution)["maxConcurrency"] == limit


@pytest.mark.gap
def test_inline_map_reads_the_path_too(emulator: Emulator) -> None:
    state = map_of(PASS, mode="INLINE", MaxConcurrencyPath="$.width")

    execution = emulator.run(state, {"items": [1, 2], "width": 1})

    assert json.loads(execution["output"]) == [1, 2]


@pytest.mark.gap
@pytest.mark.parametrize("field", ["ToleratedFailurePercentage", "ToleratedFailureCount"])
@pytest.mark.parametrize(("tolerated", "status"), [(2, "FAILED"), (100, "SUCCEEDED")])
def test_tolerance_comes_from_the_input(emulator: Emulator, field: str, tolerated: int, status: str) -> None:
    state = map_of(FAIL, **{f"{field}Path": "$.tolerated"})

    execution = emulator.run(state, {"items": [1, 2, 3], "tolerated": tolerated})

    assert execution["status"] == status


@pytest.mark.gap
@pytest.mark.parametrize("width", [-1, "3", None, True])
def test_what_is_not_such_a_number_fails_the_state(emulator: Emulator, width: Any) -> None:
    state = map_of(PASS, MaxConcurrencyPath="$.width")

    execution = emulator.run(state, {"items": [1], "width": width})

    assert execution["error"] == "States.Runtime"
    assert "MaxConcurrencyPath '$.width'" in execution["cause"]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    state = map_of(PASS, MaxConcurrencyPath="$.width")

    execution = plain.run(state, {"items": [1], "width": 3})

    assert map_run(plain, execution)["maxConcurrency"] == 0
