"""PreparePollerJob: from a job request and one probe of the API to a plan in S3; or, redriven, back to its plan."""

import random
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import (
    JobRejected,
    PauseRequested,
    PermanentPollerError,
    RetriablePollerError,
    UpstreamUnavailable,
)
from poller.fetching.backoff import delay
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.first_plan import FirstPlan, first_plan
from poller.jobs.model import Job, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.owner import Owner
from poller.jobs.partition_planning import first_tasks
from poller.jobs.plan import Partitions, numbers_of
from poller.jobs.run_concurrently import run_concurrently
from poller.jobs.steps import fetch_step, step
from poller.jobs.summary import shown_url
from poller.jobs.suspicious import suspects
from poller.paging.boundaries import page_digest
from poller.specs.fields import is_name
from poller.specs.model import JobSpec, Retry
from poller.specs.parse import accept_job_spec, accept_source_spec
from poller.text import counted, iso

# Of the function's time, kept for the last request (60 seconds at most) and for writing the plan.
_RESERVE_SECONDS = 70.0
_MAX_PREPARATIONS = 300  # a day of the longest pauses there are by default; each costs up to 27 history events
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
    if job.owner.successor == me:
        dependencies.jobs().take_over(job, me)
        job = dependencies.jobs().job(job.job_id) or job
    if job.owner.current != me:
        owner = job.owner.execution_arn
        dependencies.logger.info("this event's job runs, or ran, in another execution", extra={"owner": owner})
        return step(job.job_id, "DONE")
    box = TimeBox.of(context, _RESERVE_SECONDS)
    if job.is_planned:
        return _resume(job, box)
    if job.stop is not None or job.status.is_final:
        return step(job.job_id, "RECONCILE")
    return _prepare(job, event["Spec"], box)


def _prepare(job: Job, raw_spec: Any, box: TimeBox) -> dict[str, Any]:
    """Plan the job and write down what came of it: the plan, or why there is none."""
    after = replace(job, preparations=job.preparations + 1)
    try:
        spec = job.source.narrowed(accept_source_spec(raw_spec)) if job.source else accept_job_spec(raw_spec)
        deadline = job.deadline_at or _deadline(spec)
        after = replace(after, deadline_at=deadline)
        if first := _earlier_job(job, spec):
            after = replace(after, duplicate_of=first)
            raise JobRejected(f"client_token was used within 24 hours by job {first}; this job did nothing")
        share, sender = dependencies.paced(spec, job.job_id, lambda _: None)
        with closing(Throttle(share=share)) as throttle:
            fetcher_of = partial(PageFetcher, sender, box=box.cut_at(deadline), throttle=throttle)
            found = first_plan(spec, fetcher_of, dependencies.logger.info, job.started_at, job.probe_failures)
    except (PauseRequested, RetriablePollerError) as error:
        return _later(job, after, spec.retry, deadline, error)
    except JobRejected as error:
        return _give_up(job, after, JobRejected(error.message + _REPLACE_IT) if error.secret_sent else error)
    except PermanentPollerError as error:
        return _give_up(job, after, error)
    after, plan = _planned(after, found), found.planned
    dependencies.logger.info("planned", extra={"plan": numbers_of(plan.plan), "tasks": len(plan.plan)})
    tasks = first_tasks(plan.spec, job.started_at) if isinstance(plan.plan, Partitions) else plan.plan
    next_step = fetch_step(dependencies.raw_payloads(), after, tasks)
    # The plan lies in S3 before the row says so: whoever finds the row planned can go on from it.
    return next_step if dependencies.jobs().save(job, after) else step(job.job_id, "RECONCILE")


def _later(
    job: Job, after: Job, retry: Retry, end: datetime, halt: PauseRequested | RetriablePollerError
) -> dict[str, Any]:
    """Leave the first page to a later call of this function, which goes on counting; or give up at `end`."""
    seen, now = halt.seen or job.probe_seen, datetime.now(UTC)
    after = replace(after, probe_failures=halt.failures, probe_seen=seen)
    if isinstance(halt, PauseRequested):
        after = replace(after, not_before=halt.not_before)
        again = datetime.fromtimestamp(halt.not_before, UTC)
        times = counted(after.preparations, "time")
        reason = f"{halt.message} before its first page, {times}, at last until {iso(again)}"
    else:
        pause = delay(halt.failures, retry, None, random.random())  # noqa: S311  # nosec B311  # jitter
        again = now + timedelta(seconds=pause)
        reason = f"{seen or 'no answer came in time'} ({counted(halt.failures, 'attempt')})"
    if again < end and after.preparations < _MAX_PREPARATIONS:
        dependencies.jobs().save(job, after)
        return step(job.job_id, "PREPARE_LATER", Seconds=max(1, ceil((again - now).total_seconds())))
    return _give_up(job, after, UpstreamUnavailable(f"{reason}; the job's deadline is {iso(end)}"))


def _give_up(job: Job, after: Job, error: PermanentPollerError) -> dict[str, Any]:
    verdict = JobStatus.FAILED if isinstance(error, UpstreamUnavailable) else JobStatus.REJECTED
    dependencies.logger.warning("the job cannot start", extra={"error": error.reason.as_dict()})
    dependencies.jobs().save(job, replace(after, stop=StopRequest(verdict, error.reason)))
    return step(job.job_id, "RECONCILE")


def _resume(job: Job, box: TimeBox) -> dict[str, Any]:
    """Go on with a planned job: redriven (PENDING), handed over, or prepared by an earlier call."""
    if job.status is JobStatus.PENDING:
        found = suspects(job, dependencies.tasks().tasks(job.job_id), job.redriven_for)
        if not run_concurrently(partial(_reset, job, box), (suspect.row for suspect in found)):
            return step(job.job_id, "PREPARE_LATER", Seconds=1)
        dependencies.jobs().save(job, replace(job, status=JobStatus.RUNNING))
    return step(job.job_id, "RECONCILE")


def _reset(job: Job, box: TimeBox, row: TaskRow) -> bool:
    """Put a task back, unless the time box has ended."""
    if box.is_over:
        return False
    saved = row.raw != "" and dependencies.raw_payloads().has(keys.raw_key(job.job_id, row.task_id, row.raw))
    dependencies.tasks().reset(job, row, saved and row.state is TaskState.FAILED)
    return True


def _planned(job: Job, found: FirstPlan) -> Job:
    plan, first = found.planned, found.look.first.page
    return replace(
        job,
        record_key=found.key,
        status=JobStatus.RUNNING,
        spec=plan.spec,
        plan=plan.plan,
        total_is_final=plan.is_declared,
        records_expected=plan.records,
        first_page_digest=page_digest(first.records, found.key),
        detected=plan.detected,
        map_concurrency=plan.map_concurrency,
        threads=plan.threads,
        expires_at=job.expires_at + plan.spec.deadline_seconds,
    )


def _deadline(spec: JobSpec) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=spec.deadline_seconds)


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
        owner=Owner(event["ExecutionArn"]),
        started_at=datetime.fromisoformat(event["RequestedAt"]),
        expires_at=int(time.time()) + dependencies.settings.retention_days * 86_400,
    )
