"""The fetch engine: the handlers that plan and fetch, as they are deployed, with S3, SQS and DynamoDB in memory."""

import gzip
import hashlib
import json
import os
import time
from collections.abc import Container
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from poller.fetching.pause import Standing
from poller.handlers import dependencies, fetch_payload, prepare_poller_job
from poller.jobs import keys, task_state
from poller.jobs.model import Job, TaskRow, TaskState
from poller.values import Sender

JOB_ID = "bench"
_SETTINGS = {
    "ALLOW_LOOPBACK": "true",
    "ALLOWED_HOSTS": "*",
    "USER_AGENT": "api-poller/bench",
    "RETENTION_DAYS": "1",
}


class Context:
    """What Lambda hands to a handler beside the event: FetchPayload's time-out is 120 seconds."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 120_000


class Memory:
    """In place of the stores, the bucket, the queue and the secrets, as far as the two handlers use them."""

    name = "memory"

    def __init__(self, job: Job | None = None) -> None:
        self.planned = job
        self.rows: dict[str, TaskRow] = {}
        self.objects: dict[str, bytes] = {}
        self.messages: list[str] = []

    def claim(self, job: Job) -> Job:
        return job

    def save(self, _before: Job, after: Job) -> bool:
        self.planned = after
        return True

    def job(self, _job_id: str) -> Job | None:
        return self.planned

    def standing(self, _job_id: str) -> Standing:
        return Standing(is_stopped=False)

    def publish_pause(self, _job_id: str, _not_before: int) -> None:
        raise AssertionError("the partner asks for no pauses")

    def publish_recovery(self, _job_id: str) -> None:
        raise AssertionError("the partner was never down")

    def transition(
        self, _job: Job, change: TaskRow, _only_from: Container[TaskState] = frozenset(TaskState)
    ) -> TaskRow:
        row = task_state.transition(self.rows.get(change.task_id), change)
        if row is None:
            raise AssertionError("nobody else moves these tasks")
        self.rows[change.task_id] = row
        return row

    def task(self, _job_id: str, task_id: str) -> TaskRow | None:
        return self.rows.get(task_id)

    def count(self, _job: Job, _task_id: str, _news: dict[str, int]) -> None:
        """Nobody follows the job."""

    def put(self, key: str, body: bytes, _content_type: str) -> str:
        self.objects[key] = body
        return hashlib.sha256(body).hexdigest()  # as aws.s3 does, for the checksum that it sends

    def sender(self, _auth: object, _url: str) -> Sender:
        """The partner asks for no credentials."""
        return dependencies.upstream()

    def send(self, _job_id: str, task_id: str) -> None:
        self.messages.append(task_id)


def using(memory: Memory) -> AbstractContextManager[object]:
    """Have the handlers find `memory` where their stores are, and log nothing but warnings."""
    os.environ.update(_SETTINGS)
    dependencies.logger.setLevel("WARNING")
    replaced = ("jobs", "tasks", "raw_payloads", "queue", "access")
    return patch.multiple(dependencies, **{name: lambda: memory for name in replaced})


def plan(spec: dict[str, object]) -> tuple[Job, list[dict[str, Any]]]:
    """Have PreparePollerJob probe the partner; the job it planned, and the lines of its plan."""
    memory = Memory()
    event = {"JobId": JOB_ID, "Spec": spec, "RequestedAt": "2026-01-01T00:00:00Z", "ExecutionArn": "arn:bench"}
    with using(memory):
        step = prepare_poller_job.handler(event, Context())
    if memory.planned is None or step["NextStep"] != "FETCH":
        raise AssertionError(f"the job was not planned: {step}, {memory.planned}")
    return memory.planned, [json.loads(line) for line in memory.objects[step["Plan"]["Key"]].splitlines()]


class Worker:
    """A process that runs FetchPayload for one task after the other, as a Lambda worker does."""

    job: Job

    @classmethod
    def start(cls, job: Job) -> None:
        cls.job = job

    @classmethod
    def fetch(cls, task: dict[str, Any]) -> tuple[bytes, float]:
        """The task's raw object, and the processor seconds that it took."""
        memory = Memory(cls.job)
        with using(memory):
            began = time.process_time()
            answer = fetch_payload.handler({"JobId": JOB_ID, "Task": task}, Context())
            seconds = time.process_time() - began
        if answer["State"] != "ENQUEUED" or memory.messages != [task["TaskId"]]:
            raise AssertionError(f"the task ended as {answer}")
        raw = keys.raw_key(JOB_ID, task["TaskId"], memory.rows[task["TaskId"]].raw)
        return memory.objects[raw], seconds


def walk(job: Job, task: dict[str, Any]) -> list[bytes]:
    """Have FetchPayload walk as far as one call does; the raw objects that it stored, in order."""
    memory = Memory(job)
    with using(memory):
        fetch_payload.handler({"JobId": JOB_ID, "Task": task}, Context())
    rows = [memory.rows[task_id] for task_id in memory.messages]
    return [memory.objects[keys.raw_key(JOB_ID, row.task_id, row.raw)] for row in rows]


def ids(raw: bytes) -> list[int]:
    """The ids of a raw object's records, in order."""
    return [record["id"] for line in gzip.decompress(raw).splitlines() for record in json.loads(line)["data"]]
