"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.edges.fetching import PageFetcher
from poller.errors import PaginationLoop, PermanentPollerError
from poller.handlers import resources
from poller.logic import names
from poller.logic.paginators import page_request
from poller.logic.progress import FETCHING_MAY_FAIL
from poller.logic.records import compressed
from poller.models import Job, Page, Task, TaskRow, TaskState

_RESERVE_SECONDS = 20.0  # of the function's time, kept for storing what was fetched


@resources.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now.

    Raises RetriablePollerError where the workflow should call again.
    """
    task = Task(event["Task"]["TaskId"], event["Task"]["FirstPage"], event["Task"]["Pages"])
    resources.logger.append_keys(job_id=event["JobId"], task_id=task.task_id)
    job = resources.tasks().job(event["JobId"])
    if job is None or job.status.is_final or job.stop is not None:
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    return {"TaskId": task.task_id, "State": _run(job, task, deadline).state.value}


def _run(job: Job, task: Task, deadline: float) -> TaskRow:
    row = resources.tasks().advance(job, TaskRow(task.task_id, TaskState.STARTED))
    if row.state is TaskState.STARTED:
        try:
            pages = fetch_pages(job, task, deadline)
        except PermanentPollerError as error:
            resources.logger.warning("the task failed", extra={"error": error.as_dict()})
            failed = TaskRow(task.task_id, TaskState.FAILED, error=error.as_dict())
            return resources.tasks().advance(job, failed, FETCHING_MAY_FAIL)
        row = _save(job, task, pages)
    if row.state is TaskState.PAYLOAD_SAVED:
        resources.queue().send(job.job_id, task.task_id)
        row = resources.tasks().advance(job, TaskRow(task.task_id, TaskState.ENQUEUED))
    return row


def fetch_pages(job: Job, task: Task, deadline: float) -> list[Page]:
    """The task's pages, in order. Raises PaginationLoop where one repeats its neighbour or the first page."""
    spec, shape = job.planned
    fetcher = PageFetcher(resources.upstream(), spec, deadline)
    with ThreadPoolExecutor(max_workers=job.threads) as pool:
        requests = [page_request(spec, task.first_page + i, shape.page_size) for i in range(task.pages)]
        try:
            pages = [page for page, _ in pool.map(fetcher.fetch, requests)]
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
    for number, before, page in _neighbours(job, task, pages):
        if page.records and page.digest == before:
            raise PaginationLoop(
                f"page {number + 1} repeats the records of an earlier page; the API seems to ignore the page asked for"
            )
    return pages


def _neighbours(job: Job, task: Task, pages: list[Page]) -> Iterator[tuple[int, str, Page]]:
    """Each page after the job's first, with the digest that it must not repeat."""
    if task.first_page > 0:
        yield task.first_page, job.first_page_digest, pages[0]
    for index, (before, page) in enumerate(pairwise(pages), start=task.first_page + 1):
        yield index, before.digest, page


def _save(job: Job, task: Task, pages: list[Page]) -> TaskRow:
    body = compressed(page.line for page in pages)
    resources.raw_payloads().put(names.raw_key(job.job_id, task.task_id), body, "application/gzip")
    saved = TaskRow(
        task.task_id,
        TaskState.PAYLOAD_SAVED,
        pages=len(pages),
        records=sum(len(page.records) for page in pages),
        bytes=sum(len(page.line.encode()) for page in pages),
    )
    return resources.tasks().advance(job, saved)
