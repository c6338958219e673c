"""Answers of the Lambda functions behind PollerHttpApi (payload format 2.0)."""

import json
from typing import Any

from poller.logic import names


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }


def not_found(job_id: str) -> dict[str, Any]:
    shown = job_id if names.is_id(job_id) else "with that id"
    return answer(404, {"message": f"Job {shown} not found"})
