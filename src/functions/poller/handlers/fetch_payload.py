"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it.

What has arrived when the API or the time box calls a halt is stored as a part, and the next call goes on after it.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from poller.errors import JobStopped, PauseRequested, PermanentPollerError, UpstreamUnavailable
from poller.fetching.chain import ChainSource
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.outage import Circuit
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.tally import Tally
from poller.fetching.task_pages import WantedPages, fetch_planned
from poller.fetching.time_box import TimeBox
from poller.fetching.walk import walk_on
from poller.fetching.whole_page import PageSource
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.plan import Task, Walks
from poller.jobs.walker import Walker
from poller.specs.page_request import page_request, request_at
from poller.values import PageRequest

# Of the function's time, kept for the last request (60 seconds at most) and for storing what was fetched.
_RESERVE_SECONDS = 70.0


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now.

    Raises RetriablePollerError where the workflow should call again.
    """
    line = event["Task"]
    task = Task(line["TaskId"], line["FirstPage"], line["Pages"], line.get("IsOpen", False), line.get("After", ""))
    dependencies.logger.append_keys(job_id=event["JobId"], task_id=task.task_id)
    job = dependencies.jobs().job(event["JobId"])
    if job is None or job.is_stopped(datetime.now(UTC)):
        return {"TaskId": task.task_id, "State": "SKIPPED"}
    box = TimeBox.of(context, _RESERVE_SECONDS)
    try:
        row = _walk(job, job.plan, task, box) if isinstance(job.plan, Walks) else _run(job, task, box)
        return {"TaskId": task.task_id, "State": row.state.value if row else "SKIPPED"}
    except (PauseRequested, JobStopped, UpstreamUnavailable) as halt:
        dependencies.logger.info("the task is left for later", extra={"why": halt.seen or halt.message})
        return {"TaskId": task.task_id, "State": "SKIPPED"}


def _run(job: Job, task: Task, box: TimeBox) -> TaskRow:
    """Bring the task as far as the queue, and those that go on from it too while there is time."""
    fetched, digest_before = dependencies.fetched_tasks(), job.first_page_digest
    while True:
        row = fetched.begin(job, task.task_id)
        if row.state is TaskState.STARTED:
            row = _fetch(job, task.up_to(row.goes_on_at), row, digest_before, box)
        row = fetched.enqueue(job, row)
        if row.goes_on_at is None or box.is_over:
            return row
        digest_before = row.last_digest
        task = job.planned[1].task_behind(row.task_id, row.goes_on_at)


def _walk(job: Job, plan: Walks, task: Task, box: TimeBox) -> TaskRow | None:
    """Bring the walk that `task` is a part of as far as the time allows."""
    spec = job.resolved_spec
    first = request_at(spec, None)
    tally = Tally(partial(_count, job, task.task_id))
    fetcher, circuit = _asking(job, box, tally, first, first)
    source = ChainSource(spec, job.record_key, fetcher, circuit, job.first_page_digest)
    try:
        return Walker(job, plan, dependencies.fetched_tasks(), source, box).walk(task)
    finally:
        tally.report()


def _fetch(job: Job, task: Task, row: TaskRow, digest_before: str, box: TimeBox) -> TaskRow:
    """Fetch the pages that are not stored yet, and store what arrived, even where the rest has to wait.

    Answers with the last row that was written: the task's, or that of one that goes on from it.
    """
    fetched = dependencies.fetched_tasks()
    part = dependencies.raw_payloads().get(keys.raw_key(job.job_id, task.task_id, row.part)) if row.part else b""
    if part is None:  # removed, by the bucket's lifecycle for instance: begin again
        dependencies.logger.warning("the task's stored pages are gone", extra={"pages": row.pages})
        row, part = TaskRow(task.task_id, TaskState.STARTED, row.attempts, goes_on_at=row.goes_on_at), b""
    tally = Tally(partial(_count, job, task.task_id))
    source, wanted = _source(job, box, tally), _wanted(job, task, row, digest_before)
    try:
        source.circuit.look_again()
        pieces = fetch_planned(wanted, source)
        if task.is_open and pieces[-1].failed is None:
            walk_on(wanted, source, pieces[-1])
        elif source.pages == 1:
            pieces[-1].first_again = next(iter(pieces[-1].pages), None)
    except PauseRequested as halt:
        pieces = [FetchedPages(wanted.first, halt=halt)]
    except PermanentPollerError as error:
        return fetched.fail(job, row, error, row.attempts + tally.requests, max(1, task.pages))
    except JobStopped as halt:
        fetched.note(job, row, halt, row.attempts + tally.requests)
        raise
    finally:
        tally.report()
    return fetched.store(job, row, part, pieces, tally.requests)


def _count(job: Job, task_id: str, news: dict[str, int]) -> None:
    """Show how far the task is. Nothing depends on it: where that cannot be written, the task goes on."""
    try:
        dependencies.tasks().count(job, task_id, news)
    except (BotoCoreError, ClientError) as error:
        dependencies.logger.warning("progress is not shown", extra={"error": str(error)})


def _source(job: Job, box: TimeBox, tally: Tally) -> PageSource:
    spec, ranges = job.planned
    first, second = (page_request(spec, index, ranges.page_size) for index in (0, min(1, ranges.pages - 1)))
    fetcher, circuit = _asking(job, box, tally, first, second)
    return PageSource(spec, job.record_key, ranges.pages, ranges.page_size, fetcher, circuit)


def _asking(
    job: Job, box: TimeBox, tally: Tally, first: PageRequest, second: PageRequest
) -> tuple[PageFetcher, Circuit]:
    """What the job's pages are asked for with. `first` and `second` tell how the API is."""
    spec, jobs = job.resolved_spec, dependencies.jobs()
    throttle = Throttle(partial(jobs.standing, job.job_id), partial(jobs.publish_pause, job.job_id))
    fetcher = PageFetcher(dependencies.access().sender(spec.auth, spec.url), spec, box, throttle, tally)
    publish, recovered = partial(jobs.publish_pause, job.job_id), partial(jobs.publish_recovery, job.job_id)
    return fetcher, Circuit(fetcher, throttle, box, first, second, job.down_since, publish, recovered)


def _wanted(job: Job, task: Task, row: TaskRow, digest_before: str) -> WantedPages:
    """The task's pages after those that `row` describes. `digest_before` is that of the page before the task."""
    first = task.first_page + row.pages
    return WantedPages(
        first,
        end=max(first, task.first_page + task.pages),
        pages=job.planned[1].pages,
        is_open=task.is_open,
        is_fixed=row.goes_on_at is not None,
        records=job.records_expected,
        digest_before=row.last_digest if row.pages else digest_before,
        first_digest=job.first_page_digest,
        kept_bytes=row.bytes,
        had=row.begun,
        failed_rounds=row.failed_rounds,
        threads=job.threads,
    )
