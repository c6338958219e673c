"""GetJobResults: GET /jobs/{jobId}/results, the objects that a job produced."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.answers import BadRequest, answer, decode_next, encode_next, fitting, limit_of, not_found
from poller.jobs import keys

_URL_SECONDS = 900
_MOST = 1000


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: an HTTP API request with limit (1 to 1000) and next. 200 with a page of objects, 400 or 404.

    A job that has not ended has no manifest yet, and so no results.
    """
    job_id = event["pathParameters"]["jobId"]
    query = event.get("queryStringParameters") or {}
    try:
        limit, start = limit_of(query, _MOST), decode_next(query, "[0-9]{1,9}")
    except BadRequest as refused:
        return refused.answer
    job = dependencies.jobs().job(job_id) if keys.is_id(job_id) else None
    if job is None:
        return not_found(job_id)
    manifest = dependencies.dataset().get(keys.manifest_key(job.name, job_id)) if job.status.is_final else None
    objects = json.loads(manifest)["Objects"] if manifest else []
    first = int(start[0]) if start else 0
    asked = objects[first : first + limit]
    results = fitting({**o, "Url": dependencies.dataset().presigned_url(o["Key"], _URL_SECONDS)} for o in asked)
    after = first + len(results)
    body = {
        "JobId": job_id,
        "Bucket": dependencies.dataset().name,
        "Prefix": keys.dataset_prefix(job.name, job_id),
        "Results": results,
        "Next": encode_next((str(after),)) if after < len(objects) else None,
    }
    return answer(200, body)
