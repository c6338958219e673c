"""What PreparePollerJob and ReconcileJob tell the workflow to do next, and the plan that lies in S3 for it."""

import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any

from poller.aws.s3 import Bucket
from poller.jobs import keys
from poller.jobs.model import Job
from poller.jobs.plan import Partitions, Task


def step(job_id: str, next_step: str, **more: Any) -> dict[str, Any]:
    """The workflow's state. `Failure` is where its Catch writes, so that later steps can always read it."""
    return {"JobId": job_id, "NextStep": next_step, "Failure": None, **more}


def fetch_step(raw_payloads: Bucket, job: Job, tasks: Iterable[Task]) -> dict[str, Any]:
    """Store `tasks` as the job's plan of this round, and have the Distributed Map read it.

    Only the plan's key travels through the workflow: its state stays small whatever the plan's size.
    """
    key = keys.plan_key(job.job_id, job.plan_round)
    plan_lines = BytesIO()  # one line after the other: a plan may have millions
    for line in _lines(job, tasks):
        plan_lines.write(json.dumps(line).encode() + b"\n")
    raw_payloads.put(key, plan_lines.getvalue(), "application/x-ndjson")
    return step(job.job_id, "FETCH", Plan={"Bucket": raw_payloads.name, "Key": key}, MapConcurrency=job.map_concurrency)


def planned_tasks(raw_payloads: Bucket, job: Job) -> Iterable[Task]:
    """The tasks that were planned at first. Those of partitions are read where the first round found them."""
    if not isinstance(job.plan, Partitions):
        return job.plan or ()
    lines = raw_payloads.get(keys.plan_key(job.job_id, 0)) or b""
    return (task for line in BytesIO(lines) for task in tasks_in(json.loads(line)))


def tasks_in(line: dict[str, Any]) -> Iterator[Task]:
    """The tasks of a plan's line, which are one child's: one, or a bundle."""
    for each in line.get("Tasks", [line]):
        yield Task(
            each["TaskId"],
            each["FirstPage"],
            each["Pages"],
            each.get("IsOpen", False),
            each.get("After", ""),
            each.get("Partition"),
        )


def _lines(job: Job, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    if not isinstance(job.plan, Partitions):
        yield from map(_line, tasks)
        return
    rest = iter(tasks)
    while bundle := list(map(_line, islice(rest, job.plan.bundle))):
        yield {"Tasks": bundle}


def _line(task: Task) -> dict[str, Any]:
    line = {"TaskId": task.task_id, "FirstPage": task.first_page, "Pages": task.pages}
    line |= {"IsOpen": True} if task.is_open else {}
    line |= {"After": task.after} if task.after else {}
    return line | ({} if task.partition is None else {"Partition": task.partition})
