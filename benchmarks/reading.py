"""Figure 2: `GET /jobs/{jobId}` of a job of 100,000 tasks beside one of 10: its handler on the emulator's DynamoDB."""

import json
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.engine import Context
from benchmarks.report import Figure
from poller.aws.dynamodb import key, typed
from poller.handlers import dependencies
from poller.handlers.api import get_job
from poller.jobs import keys, task_rows
from poller.jobs.model import Job, JobStatus, TaskRow, TaskState
from poller.jobs.plan import Ranges
from poller.paging.paginators import Offset
from poller.specs.model import JobSpec
from tests.support.emulator import REGION, Emulator
from tests.support.template import resources as template_resources

SIZES = (10, 100_000)
_TABLE = "PollerTasksTable"
_PAGES, _RECORDS = 100, 10_000  # of each task
_READS = 60
_BATCH = 25  # that one BatchWriteItem takes
_EXPIRES_AT = 4_000_000_000


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as directory, _dynamodb(Path(directory)) as client:
        _create_table(client)
        for size in SIZES:
            _fill(client, size)
        _read(SIZES[0])  # a worker's first answer is slower than all others
        times: dict[int, list[float]] = {size: [] for size in SIZES}
        for _ in range(_READS):
            for size in SIZES:
                times[size].append(_read(size))
    few, many = (min(times[size]) for size in SIZES)
    setting = f"best of {_READS} alternating reads, {few * 1000:.1f} and {many * 1000:.1f} ms"
    yield Figure("GET /jobs/{jobId}: 100,000 tasks / 10 tasks", many / few, "", setting, most=1.5)


@contextmanager
def _dynamodb(directory: Path) -> Iterator[Any]:
    """A DynamoDB client of an emulator that ends with this process; the environment points to it, too."""
    emulator = Emulator(directory)
    emulator.start()
    endpoint = {"AWS_ENDPOINT_URL": emulator.endpoint, "AWS_DEFAULT_REGION": REGION}
    environment = endpoint | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TASKS_TABLE": _TABLE}
    try:
        with patch.dict(os.environ, environment):
            yield emulator.client("dynamodb")
    finally:
        emulator.ended(20, by=signal.SIGTERM)


def _create_table(client: Any) -> None:
    table = template_resources("AWS::DynamoDB::Table")[_TABLE]["Properties"]
    shape = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    client.create_table(TableName=_TABLE, **{name: table[name] for name in shape})


def _job(size: int) -> Job:
    spec = JobSpec("https://api.example.com/orders", paginator=Offset(limit=100, total_path="total"))
    return Job(
        job_id=f"job-{size}",
        name="bench",
        status=JobStatus.RUNNING,
        execution_arn="arn:bench",
        started_at="2026-01-01T00:00:00Z",
        expires_at=_EXPIRES_AT,
        spec=spec,
        plan=Ranges(size * _PAGES, _PAGES, 100),
    )


def _fill(client: Any, size: int) -> None:
    """A job whose tasks are all COMPLETE, with its counters, as if it had been run."""
    job = _job(size)
    dependencies.jobs().claim(job)
    shards: Counter[int] = Counter()
    items = []
    for index in range(size):
        row = TaskRow(f"t{index:08d}", TaskState.COMPLETE, 100, _PAGES, _RECORDS, 1_000_000, 100_000, "0" * 64)
        shards[keys.shard(row.task_id)] += 1
        partition = keys.partition(job.job_id, keys.shard(row.task_id))
        items.append(typed({**task_rows.from_task(row), "JobId": partition, "ExpiresAt": _EXPIRES_AT}))
    for shard, count in shards.items():
        counted = {"complete": count, "pages": count * _PAGES, "records": count * _RECORDS}
        items.append(
            key(keys.partition(job.job_id, shard), task_rows.COUNT) | typed(task_rows.from_count_changes(counted))
        )
    for start in range(0, len(items), _BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]]
        if client.batch_write_item(RequestItems={_TABLE: puts})["UnprocessedItems"]:
            raise AssertionError("not all rows were written")


def _read(size: int) -> float:
    """Seconds of one answer, which has to hold every task and record."""
    began = time.perf_counter()
    answer = get_job.handler({"pathParameters": {"jobId": f"job-{size}"}}, Context())
    seconds = time.perf_counter() - began
    summary = json.loads(answer["body"])
    seen = (summary["Total"], summary["SuccessfullyCompleted"], summary["RecordsReceived"])
    if seen != (size, size, size * _RECORDS):
        raise AssertionError(f"the summary says {seen}")
    return seconds
