"""Jobs and tasks as rows of the table."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from poller.errors import Reason
from poller.handlers import dependencies
from poller.jobs.model import Counts, Job, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.owner import Owner
from tests.support.handlers import EXECUTION
from tests.support.workflow import TASK

STOP = StopRequest(JobStatus.CANCELLED, Reason("Cancelled", "the job was cancelled"))


def a_job(**fields: Any) -> Job:
    usual = Job(
        str(uuid4()), "orders", JobStatus.RUNNING, Owner(EXECUTION), datetime(2026, 1, 1, tzinfo=UTC), 2_000_000_000
    )
    return dependencies.jobs().claim(replace(usual, **fields))


def counts(job: Job) -> Counts:
    found = dependencies.jobs().snapshot(job.job_id)
    assert found is not None
    return found[1]


def saved(records: int = 7) -> TaskRow:
    return TaskRow(TASK, TaskState.PAYLOAD_SAVED, pages=1, records=records, bytes=records * 10)


def failed(task_id: str = TASK) -> TaskRow:
    return TaskRow(task_id, TaskState.FAILED, error=Reason("NoProgress", "given up"))


def row_of(job_id: str, task_id: str = TASK) -> TaskRow:
    row = dependencies.tasks().task(job_id, task_id)
    assert row is not None
    return row
