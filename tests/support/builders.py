"""Small builders that the unit tests share."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings

from poller.jobs.model import Job, JobStatus
from poller.jobs.owner import Owner
from poller.jobs.plan import Ranges
from poller.jobs.planning import Planned, make_plan
from poller.paging.detect import detect
from poller.paging.envelope import Envelope
from poller.paging.meaning import Reading, read_page
from poller.specs.model import JobSpec
from poller.specs.parse import with_paginator
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


def page(body: Any, selector: str | None = None, url: str = "", **headers: str) -> Page:
    return replace(read_page(response(body, **headers), Reading(selector), NOW), url=url)


def job(**fields: Any) -> Job:
    """A running job of ten tasks with one page each, unless `fields` says otherwise."""
    usual = {
        "job_id": "job-1",
        "name": "orders",
        "status": JobStatus.RUNNING,
        "owner": Owner("arn:aws:states:eu-west-1:123456789012:execution:PollerWorkflow:1"),
        "started_at": datetime(2026, 1, 1, 11, tzinfo=UTC),
        "expires_at": 1_800_000_000,
        "spec": spec(),
        "plan": Ranges(pages=10, pages_per_task=1, page_size=100),
        "progress_at": NOW,
    }
    return Job(**{**usual, **fields})


def resolve(asked: JobSpec, answer: Page) -> tuple[JobSpec, str]:
    """What `auto` makes of the first answer: the spec with a paginator, and the evidence."""
    found = detect(Envelope(answer))
    return with_paginator(asked, found.paginator), found.evidence


def planned(asked: JobSpec, answer: Page, *more: Any, **named: Any) -> Planned:
    return make_plan(asked, Envelope(answer), *more, **named)
