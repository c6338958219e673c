"""GetJobTasks: GET /jobs/{jobId}/tasks, the tasks of a job that have begun."""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.fetching.curl import curl_line
from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import decode_next, encode_next, find_job, limit_of, one_of
from poller.http_api.responses import respond, take_fitting
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.one_partition import job_in
from poller.jobs.plan import Partitions, Ranges, Walks
from poller.paging.lossless_json import loads
from poller.specs.page_request import is_elsewhere, page_request, request_at
from poller.specs.partitioned import in_partition
from poller.values import PageRequest

_MAX_LIMIT = 1000
_PLACE = "([tw][0-9]{1,20}|k[0-9]{8}[ab]{0,40}(t[0-9]{8})?)(p[0-9]{1,20})?"


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """`event` has state, limit (1 to 1000) and next. 200, 400 or 404.

    Tasks come in the plan's order. `Request` is how to try the page that failed by hand.
    """
    limit, start = limit_of(event, _MAX_LIMIT), decode_next(event, _PLACE)
    state = one_of(event, "state", TaskState)
    job = find_job(event, dependencies.jobs().job)
    rows, more = dependencies.tasks().page(job.job_id, state, limit, start[0] if start else "")
    shown = take_fitting(_shown(_job_of(job, row), row) for row in rows)
    more = more or len(shown) < len(rows)
    token = encode_next((rows[len(shown) - 1].task_id,)) if more else None
    return respond(200, {"JobId": job.job_id, "Tasks": shown, "Next": token})


def _job_of(job: Job, row: TaskRow) -> Job:
    """The job as it is for this task."""
    if row.partition is None or job.spec is None:
        return job
    opening = dependencies.tasks().opening_of(job.job_id, row)
    if opening is None:  # its first page is what is missing: it is asked for as in other partitions
        return replace(job, spec=in_partition(job.spec, row.partition))
    return job_in(job, row.partition, opening)


def _shown(job: Job, row: TaskRow) -> dict[str, Any]:
    return {
        "TaskId": row.task_id,
        "State": row.state.value,
        "Attempts": row.attempts,
        "Partition": row.partition,
        "FirstPage": _first_page(job, row),
        "Pages": row.pages,
        "Records": row.records,
        "Bytes": row.bytes,
        "Error": row.error.as_dict() if row.error else None,
        "Request": _curl_line(job, row),
    }


def _first_page(job: Job, row: TaskRow) -> int | None:
    match job.plan:
        case Ranges() | Walks():
            return job.plan.first_page(row.task_id)
        case Partitions():
            return 0
        case None:  # a row that cannot be read has none
            return None


def _curl_line(job: Job, row: TaskRow) -> str | None:
    request, spec = _request(job, row), job.spec
    if request is None or spec is None:
        return None
    return curl_line(spec.auth.place.shown(request) if spec.auth and not is_elsewhere(spec, request.url) else request)


def _request(job: Job, row: TaskRow) -> PageRequest | None:
    """The request for the page that a task's error is about."""
    if row.error is None or row.error.page is None or job.spec is None:
        return None
    match job.plan:
        case Ranges():
            return page_request(job.spec, row.error.page, job.plan.page_size)
        case Walks():
            mark = row.goes_on_by if row.pages else row.begins_by
            return request_at(job.spec, loads(mark)[0] if mark else None)
        case Partitions():
            return page_request(job.spec, row.error.page, None)
        case None:
            return None
