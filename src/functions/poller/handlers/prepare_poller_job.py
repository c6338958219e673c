"""PreparePollerJob: from a job request and one probe of the API to a plan in S3; or, redriven, back to its plan."""

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import HeldBack, JobRejected, PermanentPollerError, RetriablePollerError, UpstreamUnavailable
from poller.fetching.backoff import delay
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Gate
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, JobStatus, TaskRow, TaskState
from poller.jobs.plan import Plan, make_plan, tasks
from poller.jobs.run_concurrently import each
from poller.jobs.steps import fetch_step, step
from poller.jobs.summary import iso, shown_url
from poller.paging.detect import detect
from poller.paging.page_request import page_request
from poller.specs.fields import is_name
from poller.specs.model import Auto, JobSpec, Retry
from poller.specs.parse import accept_job_spec, refuse_large
from poller.text import counted
from poller.values import Page, Response

# Of the function's time, kept for the last request (60 seconds at most) and for writing the plan.
_RESERVE_SECONDS = 70.0
_MOST_PREPARATIONS = 300  # a day of the longest pauses there are by default; each costs up to 27 history events
_REPLACE_IT = (
    ". It reached the stack all the same, whose event archive and workflow history keep it: have it replaced by "
    "whoever issued it, and any other secret of this spec (docs/operating.md)"
)
_TOKEN_SECONDS = 86_400


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId, Spec (as sent), RequestedAt and ExecutionArn. Answers with the workflow's next step."""
    dependencies.logger.append_keys(job_id=event["JobId"])
    me = event["ExecutionArn"]
    job = dependencies.jobs().claim(_new_job(event))
    if job.successor == me:
        dependencies.jobs().take_over(job, me)
        job = dependencies.jobs().job(job.job_id) or job
    if job.execution_arn != me or job.successor:
        dependencies.logger.info(
            "this event's job runs, or ran, in another execution", extra={"owner": job.execution_arn}
        )
        return step(job.job_id, "DONE")
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    if job.geometry is not None:
        return _resume(job, deadline)
    if job.stop is not None or job.status.is_final:
        return step(job.job_id, "RECONCILE")
    return _prepare(job, event["Spec"], deadline)


def _prepare(job: Job, raw_spec: Any, deadline: float) -> dict[str, Any]:
    """Plan the job and write down what came of it: the plan, or why there is none."""
    after = replace(job, preparations=job.preparations + 1)
    try:
        spec = accept_job_spec(raw_spec)
        after = replace(after, deadline_at=job.deadline_at or _deadline(spec))
        if first := _earlier_job(job, spec):
            after = replace(after, duplicate_of=first)
            raise JobRejected(f"client_token was used within 24 hours by job {first}; this job did nothing")
        plan, page = _probe(spec, min(deadline, _monotonic(after.deadline_at)), job.probe_failures)
        refuse_large(plan.spec)  # what the API called its list and its total is in it now
    except (HeldBack, RetriablePollerError) as error:
        return _later(job, after, spec.retry, error)
    except JobRejected as error:
        return _give_up(job, after, JobRejected(error.message + _REPLACE_IT) if error.secret_sent else error)
    except PermanentPollerError as error:
        return _give_up(job, after, error)
    after = _planned(after, plan, page)
    dependencies.logger.info("planned", extra={"pages": plan.geometry.pages, "tasks": plan.geometry.tasks})
    next_step = fetch_step(after, tasks(plan.geometry))
    # The plan lies in S3 before the row says so: whoever finds the row planned can go on from it.
    return next_step if dependencies.jobs().save(job, after) else step(job.job_id, "RECONCILE")


def _later(job: Job, after: Job, retry: Retry, error: HeldBack | RetriablePollerError) -> dict[str, Any]:
    """Leave the first page to a later call of this function, which goes on counting; or give up at the deadline."""
    seen = error.seen or job.probe_seen
    after = replace(after, probe_failures=error.failures, probe_seen=seen)
    end = datetime.fromisoformat(after.deadline_at)
    if isinstance(error, HeldBack):
        after = replace(after, not_before=error.not_before)
        again = datetime.fromtimestamp(error.not_before, UTC)
        times = counted(after.preparations, "time")
        reason = f"{error.message} before its first page, {times}, at last until {iso(again)}"
    else:
        pause = delay(error.failures, retry, None, random.random())  # noqa: S311  # nosec B311  # jitter
        again = datetime.now(UTC) + timedelta(seconds=pause)
        reason = f"{seen or 'no answer came in time'} ({counted(error.failures, 'attempt')})"
    if again < end and after.preparations < _MOST_PREPARATIONS:
        dependencies.jobs().save(job, after)
        return step(job.job_id, "PREPARE_LATER", Seconds=max(1, ceil((again - datetime.now(UTC)).total_seconds())))
    return _give_up(job, after, UpstreamUnavailable(f"{reason}; the job's deadline is {iso(end)}"))


def _give_up(job: Job, after: Job, error: PermanentPollerError) -> dict[str, Any]:
    verdict = JobStatus.FAILED if isinstance(error, UpstreamUnavailable) else JobStatus.REJECTED
    dependencies.logger.warning("the job cannot start", extra={"error": error.as_dict()})
    dependencies.jobs().save(job, replace(after, stop={"Status": verdict.value, "Error": error.as_dict()}))
    return step(job.job_id, "RECONCILE")


def _resume(job: Job, deadline: float) -> dict[str, Any]:
    """Go on with a planned job: redriven (PENDING), handed over, or prepared by an earlier call."""
    if job.status is JobStatus.PENDING:
        failed = (row for row in dependencies.tasks().tasks(job.job_id) if row.state is TaskState.FAILED)
        if not each(lambda row: time.monotonic() < deadline and _put_back(job, row), failed):
            return step(job.job_id, "PREPARE_LATER", Seconds=1)
        dependencies.jobs().save(job, replace(job, status=JobStatus.RUNNING))
    return step(job.job_id, "RECONCILE")


def _put_back(job: Job, row: TaskRow) -> bool:
    saved = row.raw != "" and dependencies.raw_payloads().has(keys.raw_key(job.job_id, row.task_id, row.raw))
    dependencies.tasks().put_back(job, row, saved)
    return True


def _probe(spec: JobSpec, deadline: float, failures: int) -> tuple[Plan, Page]:
    """Ask for the first page; where `auto` found a paginator, once more in its way, so that it is seen to work.

    `failures` is how many attempts have failed in earlier calls.
    """
    gate = Gate()

    def first_page() -> tuple[Page, Response]:
        fetcher = PageFetcher(dependencies.upstream(), spec, deadline, gate)
        return fetcher.fetch(page_request(spec, 0, None), failures)

    page, response = first_page()
    auto = isinstance(spec.paginator, Auto)
    if auto:
        spec, evidence = detect(spec, page)
        found = type(spec.paginator).__name__
        dependencies.logger.info("detected a paginator", extra={"paginator": found, "evidence": evidence})
        page, response = first_page()
    return make_plan(spec, page, len(response.body), response.seconds, guessed=auto), page


def _planned(job: Job, plan: Plan, first: Page) -> Job:
    return replace(
        job,
        status=JobStatus.RUNNING,
        spec=plan.spec,
        geometry=plan.geometry,
        total_is_final=True,
        records_expected=plan.records,
        first_page_digest=first.digest if first.records else "",
        map_concurrency=plan.map_concurrency,
        threads=plan.threads,
        expires_at=job.expires_at + plan.spec.deadline_seconds,
    )


def _monotonic(moment: str) -> float:
    """A time in ISO 8601 on the clock that time boxes go by."""
    return time.monotonic() + (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds()


def _deadline(spec: JobSpec) -> str:
    return (datetime.now(UTC) + timedelta(seconds=spec.deadline_seconds)).isoformat()


def _earlier_job(job: Job, spec: JobSpec) -> str | None:
    """The job that used the spec's client_token first, if another did."""
    if spec.client_token is None:
        return None
    first = dependencies.jobs().first_with_token(spec.client_token, job.job_id, int(time.time()), _TOKEN_SECONDS)
    return None if first == job.job_id else first


def _new_job(event: dict[str, Any]) -> Job:
    if not keys.is_id(event["JobId"]):
        raise JobRejected(f"{event['JobId']!r} is no job id")
    asked = event["Spec"] if isinstance(event["Spec"], dict) else {}
    name = asked.get("name")
    return Job(
        job_id=event["JobId"],
        name=name if isinstance(name, str) and is_name(name) else "default",
        url=shown_url(asked.get("url")),
        status=JobStatus.PENDING,
        execution_arn=event["ExecutionArn"],
        started_at=event["RequestedAt"],
        expires_at=int(time.time()) + dependencies.settings.retention_days * 86_400,
    )
