"""Runs a job's handlers in the order of the workflow, on moto and a real partner API."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from poller.handlers import dependencies, fetch_payload, prepare_poller_job, process_payload, reconcile_job
from poller.handlers.api import get_job
from poller.jobs import keys
from tests.support.handlers import EXECUTION, Context
from tests.support.partner import Partner, record

Take = Callable[[], dict[str, Any]]
"""Takes what is on the queue, in the shape of an SQS event."""
TASK = "t00000000"


def offset(limit: int) -> dict[str, Any]:
    return {"type": "offset", "limit": limit}


def prepare(spec: Any, job_id: str | None = None, execution: str = EXECUTION) -> dict[str, Any]:
    event = {
        "JobId": job_id or str(uuid4()),
        "Spec": spec,
        "RequestedAt": "2026-01-01T00:00:00Z",
        "ExecutionArn": execution,
    }
    return prepare_poller_job.handler(event, Context())


def planned(partner: Partner, **spec: Any) -> dict[str, Any]:
    """The first step of a job with pages of ten records, a task each."""
    return prepare({"url": partner.url, "paginator": offset(10), **spec})


def planned_tasks(step: dict[str, Any]) -> list[dict[str, Any]]:
    plan = dependencies.raw_payloads().get(step["Plan"]["Key"])
    assert plan is not None
    return [json.loads(line) for line in plan.decode().splitlines()]


def fetch(job_id: str, task: dict[str, Any]) -> str:
    """What one child answered."""
    answer = fetch_payload.handler({"JobId": job_id, "Task": task}, Context())
    return " ".join(each["State"] for each in answer.get("Tasks", [answer]))


def fetch_all(step: dict[str, Any]) -> list[str]:
    """What each child answered."""
    return [fetch(step["JobId"], task) for task in planned_tasks(step)]


def process(batch: dict[str, Any]) -> dict[str, Any]:
    return process_payload.handler(batch, Context())


def reconcile(job_id: str, execution: str = EXECUTION, failure: Any = None) -> dict[str, Any]:
    return reconcile_job.handler({"JobId": job_id, "ExecutionArn": execution, "Failure": failure}, Context())


def run(spec: Any, take: Take) -> dict[str, Any]:
    """The whole job; returns its summary."""
    step = prepare(spec)
    for _ in range(50):
        match step["NextStep"]:
            case "FETCH":
                fetch_all(step)
                step = reconcile(step["JobId"])
            case "WAIT":
                assert process(take()) == {"batchItemFailures": []}
                step = reconcile(step["JobId"])
            case "RECONCILE":
                step = reconcile(step["JobId"])
            case "DONE":
                return status(step["JobId"])
    raise AssertionError("the job does not end")


def partial(partner: Partner, take: Take) -> dict[str, Any]:
    """The summary of a job whose third page failed; the partner would send it now."""
    partner.refuses_page_from = 20
    job = run({"url": partner.url, "paginator": offset(10)}, take)
    partner.refuses_page_from = None
    return job


def status(job_id: str) -> dict[str, Any]:
    answer = get_job.handler({"pathParameters": {"jobId": job_id}}, Context())
    assert answer["statusCode"] == 200
    return dict(json.loads(answer["body"]))


def dataset(job: dict[str, Any]) -> list[str]:
    """Every line of the job's dataset, in the order of its tasks."""
    manifest = json.loads(dependencies.dataset().get(f"{job['Name']}/{job['JobId']}/_manifest.json") or b"{}")
    lines: list[str] = []
    for item in manifest.get("Objects", []):
        lines += gzip.decompress(dependencies.dataset().get(item["Key"]) or b"").decode().splitlines()
    return lines


def expected(total: int) -> list[str]:
    """The dataset of the partner's first `total` records."""
    return [json.dumps(record(n), ensure_ascii=False, separators=(",", ":")) for n in range(total)]


def raw_key(job_id: str, task_id: str) -> str:
    """Of the raw object that counts."""
    row = dependencies.tasks().task(job_id, task_id)
    assert row is not None
    assert row.raw
    return keys.raw_key(job_id, task_id, row.raw)


def change(job_id: str, **attributes: Any) -> None:
    """Set attributes of the job's row, as time or another writer would."""
    assert dependencies.table().update(job_id, "#JOB", attributes, "attribute_exists(#JobId)", {})


def passed(job_id: str, seconds: float) -> None:
    """So much time passed, as far as the job can tell."""
    job = dependencies.jobs().job(job_id)
    assert job is not None

    def earlier(moment: datetime | None) -> str | None:
        return (moment - timedelta(seconds=seconds)).isoformat() if moment else None

    change(
        job_id,
        ProgressAt=earlier(job.progress_at),
        DeadlineAt=earlier(job.deadline_at),
        NotBefore=max(0, job.not_before - int(seconds)),
        DownSince=max(0, job.down_since - int(seconds)) or None,
    )
