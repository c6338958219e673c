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
    UpstreamUnavailable,
)
from poller.fetching.outage import MAX_ROUNDS, Circuit, failed_for_good
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.task_pages import FetchedPages, WantedPages, fetch_planned
from poller.fetching.time_box import TimeBox
from poller.fetching.walk import walk_on
from poller.fetching.whole_page import Halt, PageSource
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.plan import Task
from poller.jobs.task_state import FETCHING_MAY_FAIL, with_pages
from poller.jobs.verdict import exceeds_tolerance, too_many_failures
from poller.specs.page_request import page_request

# Of the function's time, kept for the last request (60 seconds at most) and for storing what was fetched.
_RESERVE_SECONDS = 70.0


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now.

    Raises RetriablePollerError where the workflow should call again.
    """
    line = event["Task"]
    task = Task(line["TaskId"], line["FirstPage"], line["Pages"], line.get("IsOpen", False))
    dependencies.logger.append_keys(job_id=event["JobId"], task_id=task.task_id)
    job = dependencies.jobs().job(event["JobId"])
    if job is None or job.is_stopped(datetime.now(UTC)):
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    box = TimeBox.of(context, _RESERVE_SECONDS)
    try:
        return {"TaskId": task.task_id, "State": _run(job, task, box).state.value}
    except (PauseRequested, JobStopped, UpstreamUnavailable) as halt:
        dependencies.logger.info("the task is left for later", extra={"why": halt.seen or halt.message})
        return {"TaskId": task.task_id, "State": "SKIPPED"}


def _run(job: Job, task: Task, box: TimeBox) -> TaskRow:
    """Bring the task as far as the queue, and those behind it too while there is time."""
    while True:
        row = _start(job, task)
        if row.state is TaskState.STARTED:
            row = _fetch(job, task, row, box)
        if row.state is TaskState.PAYLOAD_SAVED:
            dependencies.queue().send(job.job_id, task.task_id)
            row = dependencies.tasks().transition(job, TaskRow(task.task_id, TaskState.ENQUEUED))
        if row.goes_on_at is None or box.is_over:
            return row
        task = job.planned[1].task_behind(task.task_id, row.goes_on_at)


def _start(job: Job, task: Task) -> TaskRow:
    behind = task.first_page if task.pages == 0 else None
    return dependencies.tasks().transition(job, TaskRow(task.task_id, TaskState.STARTED, first_page=behind))


def _fetch(job: Job, task: Task, row: TaskRow, box: TimeBox) -> TaskRow:
    """Fetch the pages that are not stored yet, and store what arrived, even where the rest has to wait."""
    part = dependencies.raw_payloads().get(keys.raw_key(job.job_id, task.task_id, row.part)) if row.part else b""
    if part is None:  # removed, by the bucket's lifecycle for instance: begin again
        dependencies.logger.warning("the task's stored pages are gone", extra={"pages": row.pages})
        row, part = TaskRow(task.task_id, TaskState.STARTED, row.attempts, first_page=row.first_page), b""
    ranges, source, wanted = job.planned[1], _source(job, box), _wanted(job, task, row)
    fetcher = source.fetcher
    try:
        source.circuit.look_again()
        fetched = fetch_planned(wanted, source)
        if task.is_open:
            walk_on(wanted, source, fetched)
        elif ranges.pages == 1:
            fetched.first_again = next(iter(fetched.pages), None)
    except (PauseRequested, UpstreamUnavailable) as halt:  # before a page came, or between two that seem to be the same
        fetched = FetchedPages(halt=halt)
    except PermanentPollerError as error:
        return _fail(job, task, error, row.attempts + fetcher.requests)
    except JobStopped as halt:
        _note(job, row, halt, row.attempts + fetcher.requests)
        raise
    arrived = [*fetched.pages, fetched.begun] if fetched.begun else fetched.pages
    if arrived or fetched.halt is None:
        body = part + records.compress((line for page in arrived for line in page.lines), level=1)
        after = with_pages(row, wanted.first, fetched, fetcher.requests, ranges.page_size)
        row = _save(job, after, body, is_part=fetched.halt is not None)
    if fetched.halt:
        return _leave(job, task, row, fetched.halt, row.attempts if arrived else row.attempts + fetcher.requests)
    return row


def _source(job: Job, box: TimeBox) -> PageSource:
    spec, ranges = job.planned
    jobs, throttle = dependencies.jobs(), _throttle(job)
    fetcher = PageFetcher(dependencies.access().sender(spec.auth), spec, box, throttle)
    first, second = (page_request(spec, index, ranges.page_size) for index in (0, min(1, ranges.pages - 1)))
    publish, recovered = partial(jobs.publish_pause, job.job_id), partial(jobs.publish_recovery, job.job_id)
    circuit = Circuit(fetcher, throttle, box, first, second, job.down_since, publish, recovered)
    return PageSource(spec, job.record_key, ranges.pages, ranges.page_size, fetcher, circuit)


def _leave(job: Job, task: Task, row: TaskRow, halt: Halt, attempts: int) -> TaskRow:
    """Leave what is missing from the task to a later round; or fail it, if its next page has had all its rounds."""
    rounds = row.failed_rounds + isinstance(halt, UpstreamUnavailable)
    if isinstance(halt, UpstreamUnavailable) and rounds >= MAX_ROUNDS:
        return _fail(job, task, failed_for_good(halt, rounds, job.planned[0].retry), attempts)
    _note(job, replace(row, failed_rounds=rounds), halt, attempts)
    raise halt


def _note(job: Job, row: TaskRow, halt: PollerError, attempts: int) -> None:
    """Keep why the task has come no further: if it never does, that is the reason, and this the page to try by hand."""
    is_pause = isinstance(halt, PauseRequested)
    if message := halt.seen or (halt.message if is_pause else ""):
        kind = type(halt) if is_pause else TransientUpstreamError
        reason = Reason(kind.__name__, message, halt.page)
        dependencies.tasks().note(job, row.task_id, reason, attempts, row.failed_rounds)


def _wanted(job: Job, task: Task, row: TaskRow) -> WantedPages:
    """The task's pages after those that `row` describes."""
    first = task.first_page + row.pages
    return WantedPages(
        first,
        end=max(first, task.first_page + task.pages),
        pages=job.planned[1].pages,
        is_open=task.is_open,
        records=job.records_expected,
        digest_before=row.last_digest if row.pages else job.first_page_digest,
        first_digest=job.first_page_digest,
        kept_bytes=row.bytes,
        had=row.begun,
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
