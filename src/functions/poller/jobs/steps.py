"""What PreparePollerJob and ReconcileJob tell the workflow to do next."""

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from poller.aws.s3 import Bucket
from poller.jobs import keys
from poller.jobs.model import Job
from poller.jobs.plan import Task


def step(job_id: str, next_step: str, **more: Any) -> dict[str, Any]:
    """The workflow's state. `Failure` is where its Catch writes, so that later steps can always read it."""
    return {"JobId": job_id, "NextStep": next_step, "Failure": None, **more}


def fetch_step(raw_payloads: Bucket, job: Job, tasks: Iterable[Task]) -> dict[str, Any]:
    """Store `tasks` as the job's plan of this round, and have the Distributed Map read it.

    Only the plan's key travels through the workflow: its state stays small whatever the plan's size.
    """
    key = keys.plan_key(job.job_id, job.plan_round)
    plan_lines = BytesIO()  # one line after the other: a plan may have millions
    for task in tasks:
        line = {"TaskId": task.task_id, "FirstPage": task.first_page, "Pages": task.pages}
        line |= {"IsOpen": True} if task.is_open else {}
        line |= {"After": task.after} if task.after else {}
        plan_lines.write(json.dumps(line).encode() + b"\n")
    raw_payloads.put(key, plan_lines.getvalue(), "application/x-ndjson")
    return step(job.job_id, "FETCH", Plan={"Bucket": raw_payloads.name, "Key": key}, MapConcurrency=job.map_concurrency)
