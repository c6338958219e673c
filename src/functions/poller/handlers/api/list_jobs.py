"""ListJobs: GET /jobs, the summaries of all jobs, newest first."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.answers import BadRequest, answer, bad_request, decode_next, encode_next, limit_of
from poller.jobs.model import JobStatus
from poller.jobs.summary import summary
from poller.specs.fields import is_name

_MOST = 50


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request with name, status, limit (1 to 50) and next. 200 with summaries, or 400."""
    query = event.get("queryStringParameters") or {}
    try:
        limit, start = limit_of(query, _MOST), decode_next(query, "[A-Za-z0-9-]{1,64}", "[0-9TZ:.+-]{10,40}")
    except BadRequest as refused:
        return refused.answer
    name, status = query.get("name"), query.get("status")
    if name is not None and not is_name(name):
        return bad_request("name must be that of a dataset: 1 to 64 letters, digits, '.', '_' or '-'")
    if status is not None and status not in list(JobStatus):
        return bad_request(f"status must be one of {', '.join(JobStatus)}")
    found, after = dependencies.jobs().newest(limit, (start[0], start[1]) if start else None, name, status)
    return answer(200, {"Jobs": [summary(*pair) for pair in found], "Next": encode_next(after)})
