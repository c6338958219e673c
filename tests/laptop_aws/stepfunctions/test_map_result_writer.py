import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator

CHOOSE = {"Type": "Choice", "Choices": [{"Variable": "$.ok", "BooleanEquals": True, "Next": "Done"}], "Default": "Bad"}
CHILD = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    "StartAt": "Choose",
    "States": {
        "Choose": CHOOSE,
        "Done": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "not ok"},
    },
}


def distributed_map(bucket: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Label": "Items",
        "ItemsPath": "$.items",
        "ItemProcessor": CHILD,
        "ToleratedFailurePercentage": 100,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix.$": "$.prefix"},
        },
        "End": True,
        **fields,
    }


@pytest.fixture
def bucket(emulator: Emulator) -> str:
    name = f"results-{uuid4().hex[:8]}"
    emulator.client("s3").create_bucket(Bucket=name)
    return name


def read(emulator: Emulator, bucket: str, key: str) -> Any:
    return json.load(emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"])


@pytest.mark.gap
def test_results_are_in_s3_and_the_output_says_where(emulator: Emulator, bucket: str) -> None:
    given = {"prefix": "map/j1", "items": [{"ok": True, "n": 1}, {"ok": False}, {"ok": True, "n": 2}]}

    execution = emulator.run(distributed_map(bucket), given)

    output = json.loads(execution["output"])
    folder = f"map/j1/{output['MapRunArn'].rpartition(':')[2]}"
    assert output["ResultWriterDetails"] == {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    manifest = read(emulator, bucket, f"{folder}/manifest.json")
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (bucket, output["MapRunArn"])
    files = manifest["ResultFiles"]
    assert files["PENDING"] == []
    assert [file["Key"] for file in files["SUCCEEDED"]] == [f"{folder}/SUCCEEDED_0.json"]
    succeeded = read(emulator, bucket, f"{folder}/SUCCEEDED_0.json")
    assert sorted(json.loads(child["Output"])["n"] for child in succeeded) == [1, 2]
    failed = read(emulator, bucket, files["FAILED"][0]["Key"])
    assert [(child["Error"], child["Cause"], child["Status"]) for child in failed] == [("Bad", "not ok", "FAILED")]


@pytest.mark.gap
def test_result_fields_apply_to_what_the_writer_returns(emulator: Emulator, bucket: str) -> None:
    selected = {"ResultSelector": {"Key.$": "$.ResultWriterDetails.Key"}, "ResultPath": "$.results"}

    execution = emulator.run(distributed_map(bucket, **selected), {"prefix": "p", "items": [{"ok": True}]})

    output = json.loads(execution["output"])
    assert output["prefix"] == "p"
    assert output["results"]["Key"].endswith("/manifest.json")


@pytest.mark.gap
def test_results_are_written_when_the_map_run_fails(emulator: Emulator, bucket: str) -> None:
    strict = {"ToleratedFailurePercentage": 0}

    execution = emulator.run(distributed_map(bucket, **strict), {"prefix": "p", "items": [{"ok": False}]})

    assert execution["error"] == "States.ExceedToleratedFailureThreshold"
    written = emulator.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [found["Key"].rpartition("/")[2] for found in written] == ["FAILED_0.json", "manifest.json"]


@pytest.mark.gap
def test_missing_bucket_fails_the_state(emulator: Emulator) -> None:
    state = distributed_map("no-such-bucket-anywhere")

    execution = emulator.run(state, {"prefix": "p", "items": [{"ok": True}]})

    assert (execution["status"], execution["error"]) == ("FAILED", "States.ResultWriterFailed")


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    state = distributed_map("any")

    execution = plain.run(state, {"prefix": "p", "items": [{"ok": True}]})

    assert json.loads(execution["output"]) == [{"ok": True}]
