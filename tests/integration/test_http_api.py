"""What all functions of the HTTP API answer alike: unknown jobs, and parameters out of range."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from poller.handlers.api import cancel_job, get_job, get_job_results, get_job_tasks, list_jobs, redrive_job
from tests.support.handlers import call

UNKNOWN = "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001"
LISTINGS = (list_jobs, get_job_tasks, get_job_results)
DEEP = urlsafe_b64encode(b"[" * 7000).decode()  # as deep as a URL is long


@pytest.mark.parametrize("handler", [get_job, get_job_tasks, get_job_results, cancel_job, redrive_job])
@pytest.mark.parametrize("job_id", [UNKNOWN, "x#0", "../../etc", ""])
def test_an_unknown_job_is_not_found(handler: Any, job_id: str) -> None:
    status, body = call(handler, job_id)

    assert status == 404
    assert body["message"].startswith("Job ")
    assert body["message"].endswith(" not found")


@pytest.mark.parametrize("handler", LISTINGS)
@pytest.mark.parametrize("token", ["x", "WyJ4Il0=", "WyItNSJd", "WyI5IiwgIiMiXQ==", "WzVd", "-1", DEEP])
def test_a_made_up_next_is_refused(handler: Any, token: str) -> None:
    status, body = call(handler, UNKNOWN, next=token)

    assert (status, body["message"]) == (400, "next must be as an earlier answer gave it")


@pytest.mark.parametrize("handler", LISTINGS)
@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1001", "9" * 5000])
def test_a_made_up_limit_is_refused(handler: Any, limit: str) -> None:
    status, body = call(handler, UNKNOWN, limit=limit)

    assert status == 400
    assert body["message"].startswith("limit must be 1 to ")
