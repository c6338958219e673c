"""Whatever the API answers fits into the 6 MB that Lambda hands over, however long its parts are.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from poller.aws.s3 import Bucket
from poller.errors import MOST_MESSAGE
from poller.handlers import dependencies as edges
from poller.handlers.api import get_job_results, get_job_tasks, list_jobs
from poller.jobs import keys
from poller.jobs.model import Counts, Geometry, Job, JobStatus, TaskRow, TaskState
from poller.jobs.summary import summary
from poller.specs.parse import MOST_SPEC_BYTES, parse_job_spec
from tests.integration import workflow
from tests.integration.conftest import Context

ANSWER = 6 * 1024 * 1024
LONG_MESSAGE = "\U0001f600" * MOST_MESSAGE  # 12 bytes a character, escaped as JSON


def finished_job(**more: Any) -> Job:
    job = Job(str(uuid4()), "orders", JobStatus.PARTIAL, workflow.EXECUTION, "2026-01-01T00:00:00Z", 2_000_000_000)
    return edges.jobs().claim(replace(job, **more))


def pages_of(handler: Any, job_id: str, key: str) -> list[list[dict[str, Any]]]:
    """What every page of a listing holds, asked for a thousand at a time. Checks that Lambda could hand each over."""
    pages, more = [], {}
    while True:
        query = {"limit": "1000", **more}
        answer = handler({"pathParameters": {"jobId": job_id}, "queryStringParameters": query}, Context())
        assert answer["statusCode"] == 200
        assert len(json.dumps(answer)) < ANSWER
        body = json.loads(answer["body"])
        pages.append(body[key])
        if body["Next"] is None:
            return pages
        more = {"next": body["Next"]}


def test_failed_tasks_with_the_longest_lines_come_in_pages_that_fit(aws: None) -> None:
    spec = parse_job_spec(
        {
            "url": f"https://example.com/?q={'%22' * (MOST_SPEC_BYTES // 3 - 300)}",
            "paginator": {"type": "offset"},
        }
    )
    job = finished_job(spec=spec, geometry=Geometry(120, 1, 10))
    error = {"Type": "UpstreamRefused", "Message": LONG_MESSAGE, "Page": 1}
    ids = {f"t{number:08d}" for number in range(120)}
    for task_id in ids:
        edges.tasks().advance(job, TaskRow(task_id, TaskState.FAILED, error=error))

    pages = pages_of(get_job_tasks.handler, job.job_id, "Tasks")

    assert len(pages) > 1
    assert sorted(task["TaskId"] for page in pages for task in page) == sorted(ids)
    assert all(len(task["Request"]) > 60_000 for page in pages for task in page)


def test_links_with_the_longest_session_tokens_come_in_pages_that_fit(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A token has no largest size; this is several times what is seen:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
    signer = boto3.client("s3", aws_access_key_id="k", aws_secret_access_key="s", aws_session_token="/" * 4096)
    job = finished_job()
    objects = [{"TaskId": f"t{n:08d}", "Key": keys.dataset_key("orders", job.job_id, f"t{n:08d}"), "Records": 1,
                "Size": 1, "Sha256": "0" * 64} for n in range(1200)]  # fmt: skip
    manifest = json.dumps({"Objects": objects}).encode()
    edges.dataset().put(keys.manifest_key("orders", job.job_id), manifest, "application/json")

    with monkeypatch.context() as patch:
        patch.setattr(edges, "dataset", lambda: Bucket(signer, "dataset"))
        pages = pages_of(get_job_results.handler, job.job_id, "Results")

    assert len(pages[0]) < 1000
    assert [item["TaskId"] for page in pages for item in page] == [o["TaskId"] for o in objects]


def test_the_longest_page_of_summaries_fits() -> None:
    error = {"Type": "E" * 256, "Message": LONG_MESSAGE}
    job = Job("j" * 64, "n" * 64, JobStatus.FAILED, "e" * 256, "t" * 40, 0, duplicate_of="d" * 64)
    shown = summary(replace(job, error=error, notice=error), Counts(*[10**12] * 8))

    assert len(json.dumps(json.dumps([shown] * list_jobs._MOST))) < ANSWER
