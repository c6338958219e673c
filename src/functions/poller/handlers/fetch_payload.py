"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.edges.fetching import Gate, PageFetcher, is_stopped
from poller.errors import HeldBack, InvalidPayload, JobStopped, PaginationLoop, PermanentPollerError
from poller.handlers import resources
from poller.logic import names
from poller.logic.paginators import page_request
from poller.logic.progress import FETCHING_MAY_FAIL
from poller.logic.reconcile import exceeds_tolerance, too_many_failures
from poller.logic.records import compressed
from poller.logic.totals import total_now
from poller.models import Job, JobStatus, Page, Task, TaskRow, TaskState

# Of the function's time, kept for the last request (60 seconds at most) and for storing what was fetched.
_RESERVE_SECONDS = 70.0
_MOST_TASK_BYTES = 128 * 1024 * 1024  # the plan knew the first page only; later ones may be much larger


@resources.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now.

    Raises RetriablePollerError where the workflow should call again.
    """
    task = Task(event["Task"]["TaskId"], event["Task"]["FirstPage"], event["Task"]["Pages"])
    resources.logger.append_keys(job_id=event["JobId"], task_id=task.task_id)
    job = resources.jobs().job(event["JobId"])
    if job is None or is_stopped(job, datetime.now(UTC)):
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    try:
        return {"TaskId": task.task_id, "State": _run(job, task, deadline).state.value}
    except (HeldBack, JobStopped) as pause:
        resources.logger.info("the task is left for later", extra={"why": pause.message})
        return {"TaskId": task.task_id, "State": "SKIPPED"}


def _run(job: Job, task: Task, deadline: float) -> TaskRow:
    row = resources.tasks().advance(job, TaskRow(task.task_id, TaskState.STARTED))
    if row.state is TaskState.STARTED:
        fetcher = PageFetcher(resources.upstream(), job.planned[0], deadline, _gate(job))
        try:
            pages = fetch_pages(job, task, fetcher)
        except PermanentPollerError as error:
            return _fail(job, task, error, fetcher.requests)
        row = _save(job, task, pages, fetcher.requests)
    if row.state is TaskState.PAYLOAD_SAVED:
        resources.queue().send(job.job_id, task.task_id)
        row = resources.tasks().advance(job, TaskRow(task.task_id, TaskState.ENQUEUED))
    return row


def fetch_pages(job: Job, task: Task, fetcher: PageFetcher) -> list[Page]:
    """The task's pages, in order. Raises PaginationLoop where one repeats its neighbour or the first page."""
    spec, shape = job.planned

    sizes: list[int] = []  # appending is safe from several threads

    def fetch(index: int) -> Page:
        try:
            page = fetcher.fetch(page_request(spec, index, shape.page_size))[0]
            sizes.append(len(page.line.encode()))
            if sum(sizes) > _MOST_TASK_BYTES:
                raise InvalidPayload(f"the pages of this task are larger than {_MOST_TASK_BYTES // 2**20} MiB together")
            if not page.records and job.records_expected is None and index < shape.pages - 1:
                raise InvalidPayload(f"page {index + 1} of {shape.pages} holds no records")
        except PermanentPollerError as error:
            error.page = index
            raise
        return page

    with ThreadPoolExecutor(job.threads) as pool:
        try:
            pages = list(pool.map(fetch, range(task.first_page, task.first_page + task.pages)))
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
    for index, before, page in _neighbours(job, task, pages):
        if page.records and page.digest == before:
            loop = PaginationLoop(
                f"page {index + 1} repeats the records of an earlier page; the API seems to ignore the page asked for"
            )
            loop.page = index
            raise loop
    return pages


def _gate(job: Job) -> Gate:
    jobs = resources.jobs()
    return Gate(partial(jobs.job, job.job_id), partial(jobs.hold_back, job.job_id))


def _neighbours(job: Job, task: Task, pages: list[Page]) -> Iterator[tuple[int, str, Page]]:
    """Each page after the job's first, with the digest that it must not repeat."""
    if task.first_page > 0:
        yield task.first_page, job.first_page_digest, pages[0]
    for index, (before, page) in enumerate(pairwise(pages), start=task.first_page + 1):
        yield index, before.digest, page


def _save(job: Job, task: Task, pages: list[Page], attempts: int) -> TaskRow:
    body = compressed(page.line for page in pages)
    resources.raw_payloads().put(names.raw_key(job.job_id, task.task_id), body, "application/gzip")
    saved = TaskRow(
        task.task_id,
        TaskState.PAYLOAD_SAVED,
        attempts=attempts,
        pages=len(pages),
        records=sum(len(page.records) for page in pages),
        bytes=sum(len(page.line.encode()) for page in pages),
        first_digest=pages[0].digest if pages[0].records else "",
        last_digest=pages[-1].digest if pages[-1].records else "",
        declared=total_now(job.planned[0].paginator, pages[-1]),
    )
    return resources.tasks().advance(job, saved)


def _fail(job: Job, task: Task, error: PermanentPollerError, attempts: int) -> TaskRow:
    resources.logger.warning("the task failed", extra={"error": error.as_dict()})
    failed = TaskRow(task.task_id, TaskState.FAILED, attempts=attempts, error=error.as_dict())
    row = resources.tasks().advance(job, failed, FETCHING_MAY_FAIL)
    if job.planned[0].tolerated_failure_percentage is not None:
        now = resources.jobs().snapshot(job.job_id)
        if now and exceeds_tolerance(*now):
            stop = {"Status": JobStatus.FAILED.value, "Error": too_many_failures(*now)}
            resources.jobs().request_stop(job.job_id, stop, job.execution_arn)
    return row
