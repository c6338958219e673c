"""Small builders that the unit tests share."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings

from poller.jobs.model import Geometry, Job, JobStatus
from poller.paging.read import read_page
from poller.specs.model import JobSpec
from poller.values import Page, Response

URL = "https://api.example.com/items"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

examples = settings(deadline=None, max_examples=150, derandomize=True)
"""For every property: a slow machine is no failure, and each run tries the same examples."""


def spec(**fields: Any) -> JobSpec:
    return JobSpec(**{"url": URL, **fields})


def response(body: Any, status: int = 200, **headers: str) -> Response:
    """`body` as it is if it is bytes, else as JSON. Header names take underscores: `x_total_count`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def page(body: Any, selector: str | None = None, **headers: str) -> Page:
    return read_page(response(body, **headers), selector, (), NOW)


def job(**fields: Any) -> Job:
    """A running job of ten tasks with one page each, unless `fields` says otherwise."""
    usual = {
        "job_id": "job-1",
        "name": "orders",
        "status": JobStatus.RUNNING,
        "execution_arn": "arn:aws:states:eu-west-1:123456789012:execution:PollerWorkflow:1",
        "started_at": "2026-01-01T11:00:00Z",
        "expires_at": 1_800_000_000,
        "spec": spec(),
        "geometry": Geometry(pages=10, pages_per_task=1, page_size=100),
        "progress_at": NOW.isoformat(),
    }
    return Job(**{**usual, **fields})
