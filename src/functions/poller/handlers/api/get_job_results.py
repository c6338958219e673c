"""GetJobResults: GET /jobs/{jobId}/results, the objects that a job produced."""

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.http_api.functions import api_function
from poller.http_api.requests import decode_next, encode_next, find_job, limit_of
from poller.http_api.responses import respond, take_fitting
from poller.jobs import keys

_URL_SECONDS = 900
_MAX_LIMIT = 1000


@api_function(dependencies.logger)
def handler(event: APIGatewayProxyEventV2, _context: LambdaContext) -> dict[str, Any]:
    """`event` has limit (1 to 1000) and next. 200 with a page of objects, 400 or 404.

    A job that has not ended has no manifest yet, and so no results.
    """
    limit, start = limit_of(event, _MAX_LIMIT), decode_next(event, "[0-9]{1,9}")
    job, dataset = find_job(event, dependencies.jobs().job), dependencies.dataset()
    manifest = dataset.get(keys.manifest_key(job.name, job.job_id)) if job.status.is_final else None
    objects = json.loads(manifest)["Objects"] if manifest else []
    first = int(start[0]) if start else 0
    asked = objects[first : first + limit]
    results = take_fitting({**o, "Url": dataset.presigned_url(o["Key"], _URL_SECONDS)} for o in asked)
    after = first + len(results)
    body = {
        "JobId": job.job_id,
        "Bucket": dataset.name,
        "Prefix": keys.dataset_prefix(job.name, job.job_id),
        "Results": results,
        "Next": encode_next((str(after),)) if after < len(objects) else None,
    }
    return respond(200, body)
