"""Runs a job's handlers in the order of the workflow, on moto and a real partner API."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from poller.handlers import dependencies as edges
from poller.handlers import fetch_payload, prepare_poller_job, process_payload, reconcile_job
from poller.handlers.api import get_job
from poller.jobs import keys
from tests.integration.conftest import Context

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:PollerWorkflow:one"


def prepare(spec: Any, job_id: str | None = None, execution: str = EXECUTION) -> dict[str, Any]:
    event = {
        "JobId": job_id or str(uuid4()),
        "Spec": spec,
        "RequestedAt": "2026-01-01T00:00:00Z",
        "ExecutionArn": execution,
    }
    return prepare_poller_job.handler(event, Context())


def planned_tasks(step: dict[str, Any]) -> list[dict[str, Any]]:
    import json

    plan = edges.raw_payloads().get(step["Plan"]["Key"])
    assert plan is not None
    return [json.loads(line) for line in plan.decode().splitlines()]


def raw_key(job_id: str, task_id: str) -> str:
    """Of the raw object that counts."""
    row = edges.tasks().task(job_id, task_id)
    assert row is not None
    assert row.raw
    return keys.raw_key(job_id, task_id, row.raw)


def fetch_all(step: dict[str, Any]) -> list[str]:
    """What each child answered."""
    return [
        fetch_payload.handler({"JobId": step["JobId"], "Task": task}, Context())["State"]
        for task in planned_tasks(step)
    ]


def reconcile(job_id: str, execution: str = EXECUTION, failure: Any = None) -> dict[str, Any]:
    return reconcile_job.handler({"JobId": job_id, "ExecutionArn": execution, "Failure": failure}, Context())


def run(spec: Any, take: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The whole job; returns its summary."""
    step = prepare(spec)
    for _ in range(50):
        match step["NextStep"]:
            case "FETCH":
                fetch_all(step)
                step = reconcile(step["JobId"])
            case "WAIT":
                answer = process_payload.handler(take(), Context())
                assert answer == {"batchItemFailures": []}
                step = reconcile(step["JobId"])
            case "RECONCILE":
                step = reconcile(step["JobId"])
            case "DONE":
                return status(step["JobId"])
    raise AssertionError("the job does not end")


def status(job_id: str) -> dict[str, Any]:
    import json

    answer = get_job.handler({"pathParameters": {"jobId": job_id}}, Context())
    assert answer["statusCode"] == 200
    return dict(json.loads(answer["body"]))
