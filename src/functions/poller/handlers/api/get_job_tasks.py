"""GetJobTasks: GET /jobs/{jobId}/tasks, the tasks of a job that have begun."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.fetching.curl import curl_line
from poller.handlers import dependencies
from poller.http_api.answers import (
    BadRequest,
    answer,
    bad_request,
    decode_next,
    encode_next,
    fitting,
    limit_of,
    not_found,
)
from poller.jobs import keys, plan
from poller.jobs.model import Job, TaskRow, TaskState
from poller.paging.page_request import page_request

_MOST = 1000


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request with state, limit (1 to 1000) and next. 200, 400 or 404.

    Tasks come in the plan's order. `Request` is how to try the page that failed by hand.
    """
    job_id = event["pathParameters"]["jobId"]
    query = event.get("queryStringParameters") or {}
    try:
        limit, start = limit_of(query, _MOST), decode_next(query, "t[0-9]{1,20}")
    except BadRequest as refused:
        return refused.answer
    state = query.get("state")
    if state is not None and state not in list(TaskState):
        return bad_request(f"state must be one of {', '.join(TaskState)}")
    job = dependencies.jobs().job(job_id) if keys.is_id(job_id) else None
    if job is None:
        return not_found(job_id)
    rows, more = dependencies.tasks().page(job_id, state, limit, start[0] if start else "")
    shown = fitting(_shown(job, row) for row in rows)
    more = more or len(shown) < len(rows)
    token = encode_next((rows[len(shown) - 1].task_id,)) if more else None
    return answer(200, {"JobId": job_id, "Tasks": shown, "Next": token})


def _shown(job: Job, row: TaskRow) -> dict[str, Any]:
    spec, shape = job.planned
    page = row.error.get("Page") if row.error else None
    return {
        "TaskId": row.task_id,
        "State": row.state.value,
        "Attempts": row.attempts,
        "FirstPage": plan.first_page(shape, row.task_id),
        "Pages": row.pages,
        "Records": row.records,
        "Bytes": row.bytes,
        "Error": row.error,
        "Request": None if page is None else curl_line(page_request(spec, page, shape.page_size)),
    }
