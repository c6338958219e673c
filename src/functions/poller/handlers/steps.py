"""What PreparePollerJob and ReconcileJob tell the workflow to do next."""

import json
from collections.abc import Iterable
from typing import Any

from poller.handlers import resources
from poller.logic import names
from poller.models import Job, Task


def step(job_id: str, next_step: str, **more: Any) -> dict[str, Any]:
    """The workflow's state. `Failure` is where its Catch writes, so that later steps can always read it."""
    return {"JobId": job_id, "NextStep": next_step, "Failure": None, **more}


def fetch_step(job: Job, tasks: Iterable[Task]) -> dict[str, Any]:
    """Store `tasks` as the job's plan of this round, and have the Distributed Map read it.

    Only the plan's key travels through the workflow: its state stays small whatever the plan's size.
    """
    key = names.plan_key(job.job_id, job.plan_round)
    lines = (json.dumps({"TaskId": t.task_id, "FirstPage": t.first_page, "Pages": t.pages}) for t in tasks)
    resources.raw_payloads().put(key, ("\n".join(lines) + "\n").encode(), "application/x-ndjson")
    plan = {"Bucket": resources.raw_payloads().name, "Key": key}
    return step(job.job_id, "FETCH", Plan=plan, MapConcurrency=job.map_concurrency)
