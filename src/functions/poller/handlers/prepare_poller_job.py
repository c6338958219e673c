"""PreparePollerJob: from a job request and one probe of the API to a plan in S3."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.edges.fetching import PageFetcher
from poller.errors import JobRejected, PermanentPollerError, UpstreamUnavailable
from poller.handlers import resources
from poller.handlers.steps import fetch_step, step
from poller.logic import names
from poller.logic.detect import detect
from poller.logic.job_spec import parse_job_spec
from poller.logic.paginators import page_request
from poller.logic.plan import Plan, make_plan, tasks
from poller.models import Auto, Job, JobSpec, JobStatus, Page

_RESERVE_SECONDS = 10.0  # of the function's time, kept for writing the plan


@resources.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId, Spec (as sent), RequestedAt and ExecutionArn. Answers with the workflow's next step."""
    resources.logger.append_keys(job_id=event["JobId"])
    job = resources.tasks().claim(_new_job(event))
    if job.execution_arn != event["ExecutionArn"]:
        resources.logger.info("this event's job runs, or ran, in another execution", extra={"owner": job.execution_arn})
        return step(job.job_id, "DONE")
    if job.status is JobStatus.PENDING and job.stop is None:
        deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
        job = _prepare(job, event["Spec"], deadline)
    if job.stop is not None:
        return step(job.job_id, "RECONCILE")
    _, geometry = job.planned
    return fetch_step(job, tasks(geometry))


def _prepare(job: Job, raw_spec: Any, deadline: float) -> Job:
    """Plan `job` and write down what came of it: the geometry, or why there is none."""
    try:
        plan, first = _probe(parse_job_spec(raw_spec), deadline)
    except PermanentPollerError as error:
        verdict = JobStatus.FAILED if isinstance(error, UpstreamUnavailable) else JobStatus.REJECTED
        resources.logger.warning("the job cannot start", extra={"error": error.as_dict()})
        after = replace(job, stop={"Status": verdict.value, "Error": error.as_dict()})
    else:
        after = replace(
            job,
            status=JobStatus.RUNNING,
            spec=plan.spec,
            geometry=plan.geometry,
            total_is_final=True,
            records_expected=plan.records,
            first_page_digest=first.digest if first.records else "",
            map_concurrency=plan.map_concurrency,
            threads=plan.threads,
        )
        resources.logger.info("planned", extra={"pages": plan.geometry.pages, "tasks": plan.geometry.tasks})
    resources.tasks().save(job, after)
    return after


def _probe(spec: JobSpec, deadline: float) -> tuple[Plan, Page]:
    """Ask for the first page; where `auto` found a paginator, once more in its way, so that it is seen to work."""
    page, response = PageFetcher(resources.upstream(), spec, deadline).fetch(page_request(spec, 0, None))
    if isinstance(spec.paginator, Auto):
        spec, evidence = detect(spec, page)
        resources.logger.info(
            "detected a paginator", extra={"paginator": type(spec.paginator).__name__, "why": evidence}
        )
        page, response = PageFetcher(resources.upstream(), spec, deadline).fetch(page_request(spec, 0, None))
    return make_plan(spec, page, len(response.body), response.seconds), page


def _new_job(event: dict[str, Any]) -> Job:
    if not names.is_id(event["JobId"]):
        raise JobRejected(f"{event['JobId']!r} is no job id")
    name = event["Spec"].get("name") if isinstance(event["Spec"], dict) else None
    now = datetime.now(UTC)
    return Job(
        job_id=event["JobId"],
        name=name if isinstance(name, str) and names.is_name(name) else "default",
        status=JobStatus.PENDING,
        execution_arn=event["ExecutionArn"],
        started_at=event["RequestedAt"],
        expires_at=int(now.timestamp()) + resources.settings.retention_days * 86_400,
    )
