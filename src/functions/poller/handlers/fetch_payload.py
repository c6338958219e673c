"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it.

What has arrived when the API or the time box calls a halt is stored as a part, and the next call goes on after it.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.datasets import records
from poller.errors import HeldBack, JobStopped, PermanentPollerError, PollerError
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Gate, is_stopped
from poller.fetching.task_pages import fetch_pages
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, JobStatus, Task, TaskRow, TaskState
from poller.jobs.task_state import FETCHING_MAY_FAIL, with_pages
from poller.jobs.verdict import exceeds_tolerance, too_many_failures

# Of the function's time, kept for the last request (60 seconds at most) and for storing what was fetched.
_RESERVE_SECONDS = 70.0


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now.

    Raises RetriablePollerError where the workflow should call again.
    """
    task = Task(event["Task"]["TaskId"], event["Task"]["FirstPage"], event["Task"]["Pages"])
    dependencies.logger.append_keys(job_id=event["JobId"], task_id=task.task_id)
    job = dependencies.jobs().job(event["JobId"])
    if job is None or is_stopped(job, datetime.now(UTC)):
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    try:
        return {"TaskId": task.task_id, "State": _run(job, task, deadline).state.value}
    except (HeldBack, JobStopped) as pause:
        dependencies.logger.info("the task is left for later", extra={"why": pause.message})
        return {"TaskId": task.task_id, "State": "SKIPPED"}


def _run(job: Job, task: Task, deadline: float) -> TaskRow:
    row = dependencies.tasks().advance(job, TaskRow(task.task_id, TaskState.STARTED))
    if row.state is TaskState.STARTED:
        row = _fetch(job, task, row, deadline)
    if row.state is TaskState.PAYLOAD_SAVED:
        dependencies.queue().send(job.job_id, task.task_id)
        row = dependencies.tasks().advance(job, TaskRow(task.task_id, TaskState.ENQUEUED))
    return row


def _fetch(job: Job, task: Task, row: TaskRow, deadline: float) -> TaskRow:
    """Fetch the pages that are not stored yet, and store what arrived, even where the rest has to wait."""
    part = dependencies.raw_payloads().get(keys.raw_key(job.job_id, task.task_id, row.part)) if row.part else b""
    if part is None:  # removed, by the bucket's lifecycle for instance: begin again
        dependencies.logger.warning("the task's stored pages are gone", extra={"pages": row.pages})
        row, part = TaskRow(task.task_id, TaskState.STARTED, row.attempts), b""
    fetcher = PageFetcher(dependencies.upstream(), job.planned[0], deadline, _gate(job))
    try:
        pages, pause = fetch_pages(job, task, row, fetcher)
    except PermanentPollerError as error:
        return _fail(job, task, error, row.attempts + fetcher.requests)
    except JobStopped as halt:
        _note(job, row, halt, row.attempts + fetcher.requests)
        raise
    if pages:
        body = part + records.compressed(page.line for page in pages)
        after = with_pages(row, pages, fetcher.requests)
        row = _save(job, after, body, is_part=pause is not None)
    if pause:
        _note(job, row, pause, row.attempts if pages else row.attempts + fetcher.requests)
        raise pause
    return row


def _note(job: Job, row: TaskRow, halt: PollerError, attempts: int) -> None:
    """Keep why the task has come no further: if it never does, that is the reason, and this the page to try by hand."""
    reason = halt.seen or (halt.message if isinstance(halt, HeldBack) else "")
    if reason:
        kind = "HeldBack" if isinstance(halt, HeldBack) else "TransientUpstreamError"
        error = {"Type": kind, "Message": reason, "Page": halt.page}
        dependencies.tasks().note(job, row.task_id, error, attempts)


def _gate(job: Job) -> Gate:
    jobs = dependencies.jobs()
    return Gate(partial(jobs.job, job.job_id), partial(jobs.hold_back, job.job_id))


def _save(job: Job, row: TaskRow, body: bytes, is_part: bool) -> TaskRow:
    """Store the pages that `row` describes, and then say in the table that this object counts now."""
    digest = records.digest(body)
    dependencies.raw_payloads().put(keys.raw_key(job.job_id, row.task_id, digest), body, "application/gzip")
    after = replace(row, part=digest) if is_part else replace(row, state=TaskState.PAYLOAD_SAVED, raw=digest)
    return dependencies.tasks().advance(job, after)


def _fail(job: Job, task: Task, error: PermanentPollerError, attempts: int) -> TaskRow:
    dependencies.logger.warning("the task failed", extra={"error": error.as_dict()})
    failed = TaskRow(task.task_id, TaskState.FAILED, attempts=attempts, error=error.as_dict())
    row = dependencies.tasks().advance(job, failed, FETCHING_MAY_FAIL)
    if job.planned[0].tolerated_failure_percentage is not None:
        now = dependencies.jobs().snapshot(job.job_id)
        if now and exceeds_tolerance(*now):
            stop = {"Status": JobStatus.FAILED.value, "Error": too_many_failures(*now)}
            dependencies.jobs().request_stop(job.job_id, stop, job.execution_arn)
    return row
