"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it.

What has arrived when the API or the time box calls a halt is stored as a part, and the next call goes on after it.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.datasets import records
from poller.errors import (
    JobStopped,
    PauseRequested,
    PermanentPollerError,
    PollerError,
    Reason,
    TransientUpstreamError,
)
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.task_pages import WantedPages, fetch_pages
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.plan import Task
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
    if job is None or job.is_stopped(datetime.now(UTC)):
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    box = TimeBox.of(context, _RESERVE_SECONDS)
    try:
        return {"TaskId": task.task_id, "State": _run(job, task, box).state.value}
    except (PauseRequested, JobStopped) as pause:
        dependencies.logger.info("the task is left for later", extra={"why": pause.message})
        return {"TaskId": task.task_id, "State": "SKIPPED"}


def _run(job: Job, task: Task, box: TimeBox) -> TaskRow:
    row = dependencies.tasks().transition(job, TaskRow(task.task_id, TaskState.STARTED))
    if row.state is TaskState.STARTED:
        row = _fetch(job, task, row, box)
    if row.state is TaskState.PAYLOAD_SAVED:
        dependencies.queue().send(job.job_id, task.task_id)
        row = dependencies.tasks().transition(job, TaskRow(task.task_id, TaskState.ENQUEUED))
    return row


def _fetch(job: Job, task: Task, row: TaskRow, box: TimeBox) -> TaskRow:
    """Fetch the pages that are not stored yet, and store what arrived, even where the rest has to wait."""
    part = dependencies.raw_payloads().get(keys.raw_key(job.job_id, task.task_id, row.part)) if row.part else b""
    if part is None:  # removed, by the bucket's lifecycle for instance: begin again
        dependencies.logger.warning("the task's stored pages are gone", extra={"pages": row.pages})
        row, part = TaskRow(task.task_id, TaskState.STARTED, row.attempts), b""
    fetcher = PageFetcher(dependencies.upstream(), job.planned[0], box, _throttle(job))
    try:
        pages, pause = fetch_pages(_wanted(job, task, row), fetcher)
    except PermanentPollerError as error:
        return _fail(job, task, error, row.attempts + fetcher.requests)
    except JobStopped as halt:
        _note(job, row, halt, row.attempts + fetcher.requests)
        raise
    if pages:
        body = part + records.compress(page.line for page in pages)
        after = with_pages(row, pages, fetcher.requests)
        row = _save(job, after, body, is_part=pause is not None)
    if pause:
        _note(job, row, pause, row.attempts if pages else row.attempts + fetcher.requests)
        raise pause
    return row


def _note(job: Job, row: TaskRow, halt: PollerError, attempts: int) -> None:
    """Keep why the task has come no further: if it never does, that is the reason, and this the page to try by hand."""
    is_pause = isinstance(halt, PauseRequested)
    if message := halt.seen or (halt.message if is_pause else ""):
        kind = PauseRequested if is_pause else TransientUpstreamError
        dependencies.tasks().note(job, row.task_id, Reason(kind.__name__, message, halt.page), attempts)


def _wanted(job: Job, task: Task, row: TaskRow) -> WantedPages:
    """The task's pages after those that `row` describes."""
    spec, ranges = job.planned
    return WantedPages(
        spec,
        ranges.page_size,
        first=task.first_page + row.pages,
        end=task.first_page + task.pages,
        pages=ranges.pages,
        digest_before=row.last_digest if row.pages else job.first_page_digest,
        kept_bytes=row.bytes,
        is_counted=job.records_expected is not None,
        threads=job.threads,
    )


def _throttle(job: Job) -> Throttle:
    jobs = dependencies.jobs()
    return Throttle(partial(jobs.standing, job.job_id), partial(jobs.publish_pause, job.job_id))


def _save(job: Job, row: TaskRow, body: bytes, is_part: bool) -> TaskRow:
    """Store the pages that `row` describes, and then say in the table that this object counts now."""
    digest = records.digest(body)
    dependencies.raw_payloads().put(keys.raw_key(job.job_id, row.task_id, digest), body, "application/gzip")
    after = replace(row, part=digest) if is_part else replace(row, state=TaskState.PAYLOAD_SAVED, raw=digest)
    return dependencies.tasks().transition(job, after)


def _fail(job: Job, task: Task, error: PermanentPollerError, attempts: int) -> TaskRow:
    dependencies.logger.warning("the task failed", extra={"error": error.reason.as_dict()})
    failed = TaskRow(task.task_id, TaskState.FAILED, attempts=attempts, error=error.reason)
    row = dependencies.tasks().transition(job, failed, FETCHING_MAY_FAIL)
    if job.planned[0].tolerated_failure_percentage is not None:
        now = dependencies.jobs().snapshot(job.job_id)
        if now and exceeds_tolerance(*now):
            stop = StopRequest(JobStatus.FAILED, too_many_failures(*now))
            dependencies.jobs().request_stop(job.job_id, stop, job.owner.execution_arn)
    return row
