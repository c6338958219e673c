"""A Distributed Map's ResultWriter: results go to S3, and the state's result says where.

AWS: the children's executions, with input, output and status, are written to
``<Prefix>/<map run id>/SUCCEEDED_0.json`` and ``FAILED_0.json``, listed by ``manifest.json`` beside them,
also when the Map Run fails; the state's result is the Map Run's ARN and the manifest's place. A bucket
that cannot be written fails the state with States.ResultWriterFailed.
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html

MiniStack ignores the field and returns every child's output. Here ``_run_distributed_map`` runs without
the state's result fields, the results are written with MiniStack's S3, and the fields are applied to what
AWS would return. Of WriterConfig only the default, Transformation NONE as JSON, is known.
"""

import json
import uuid
from typing import Any

from ministack.services import s3, stepfunctions

RESULT_FIELDS = ("ResultWriter", "ResultSelector", "ResultPath", "OutputPath")


def record(child: dict[str, Any]) -> dict[str, Any]:
    """One child execution as a result file lists it."""
    entry = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "OutputDetails": {"Included": True},
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    if child["status"] == "SUCCEEDED":
        return entry | {"Output": child["output"]}
    return entry | {"Error": child["error"], "Cause": child["cause"]}


def _put(bucket: str, key: str, content: Any) -> int:
    body = json.dumps(content).encode()
    status, _, answer = s3._put_object(bucket, key, body, {"content-type": "application/json"})
    if status >= 400:
        raise stepfunctions._ExecutionError(
            "States.ResultWriterFailed", f"Failed to write s3://{bucket}/{key}: {answer!r}"
        )
    return len(body)


def _write(run: dict[str, Any], bucket: str, prefix: str) -> dict[str, Any]:
    """Write the Map Run's results and return the state's result."""
    children = [c for c in stepfunctions._executions.values() if c.get("mapRunArn") == run["mapRunArn"]]
    folder = "/".join(filter(None, [prefix.rstrip("/"), run["mapRunArn"].rsplit(":", 1)[1]]))
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status, listed in files.items():
        records = [record(child) for child in children if child["status"] == status]
        if records:
            key = f"{folder}/{status}_0.json"
            listed.append({"Key": key, "Size": _put(bucket, key, records)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run["mapRunArn"], "ResultFiles": files}
    _put(bucket, f"{folder}/manifest.json", manifest)
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": details}


def install() -> None:
    run_distributed_map = stepfunctions._run_distributed_map

    def with_writer(state_def, *run_of):
        raw_input, effective, _, execution, ctx = run_of
        writer = state_def.get("ResultWriter")
        if not writer or "Resource" not in writer:
            return run_distributed_map(state_def, *run_of)
        target = stepfunctions._resolve_params_obj(writer.get("Parameters") or {}, effective, ctx)
        label = state_def.get("Label") or str(uuid.uuid4())
        bare = {key: value for key, value in state_def.items() if key not in RESULT_FIELDS} | {"Label": label}
        known = set(stepfunctions._map_runs.keys())
        result = {}
        try:
            _, following = run_distributed_map(bare, *run_of)
        finally:
            for run in stepfunctions._map_runs.values():
                ours = run["executionArn"] == execution["executionArn"] and f"/{label}:" in run["mapRunArn"]
                if ours and run["mapRunArn"] not in known:
                    result = _write(run, target["Bucket"], target.get("Prefix", ""))
        result = stepfunctions._apply_result_selector(state_def, result)
        output = stepfunctions._apply_result_path(state_def, raw_input, result)
        return stepfunctions._apply_output_path(state_def, output, ctx), following

    stepfunctions._run_distributed_map = with_writer
