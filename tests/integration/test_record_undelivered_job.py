"""Requests that the bus could not deliver to the workflow."""

import json
from typing import Any
from uuid import uuid4

import pytest

from poller.handlers import dependencies, record_undelivered_job
from tests.support import workflow
from tests.support.handlers import Context, as_record
from tests.support.limits import STATE
from tests.support.rows import a_job


def test_a_request_that_could_not_be_delivered_becomes_a_rejected_job(aws: None) -> None:
    job_id = str(uuid4())
    event = {
        "id": job_id,
        "time": "2026-01-01T00:00:00Z",
        "detail": {"url": "https://x", "headers": {"a": "x" * 300_000}},
    }
    message = as_record({"MessageId": "1", "Body": json.dumps(event)})

    answers = [record_undelivered_job.handler({"Records": [message]}, Context()) for _ in range(2)]

    job = workflow.status(job_id)
    assert answers == [{"batchItemFailures": []}] * 2
    assert (job["Status"], job["Error"]["Type"]) == ("REJECTED", "JobRejected")
    assert "larger than the 256 KiB" in job["Error"]["Message"]


@pytest.mark.parametrize(("size", "said"), [(STATE, "could not be delivered"), (STATE + 1, "larger than the 256 KiB")])
def test_a_request_of_one_byte_too_many_for_a_workflow_is_recorded(aws: None, size: int, said: str) -> None:
    event = {"id": str(uuid4()), "time": "2026-01-01T00:00:00Z", "detail": {"url": ""}}
    event["detail"]["url"] = "x" * (size - len(json.dumps(event)))
    message = as_record({"MessageId": "1", "Body": json.dumps(event)})

    record_undelivered_job.handler({"Records": [message]}, Context())

    job = workflow.status(event["id"])
    assert job["Status"] == "REJECTED"
    assert said in job["Error"]["Message"]


def test_an_undelivered_copy_of_a_job_that_runs_changes_nothing(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[Any] = []
    monkeypatch.setattr(dependencies.events(), "announce", lambda *ended: announced.append(ended))
    job = a_job()
    copy = as_record({"MessageId": "1", "Body": json.dumps({"id": job.job_id, "time": "2026-01-01T00:00:00Z"})})
    foreign = as_record({"MessageId": "2", "Body": json.dumps({"id": "../x", "time": "2026-01-01T00:00:00Z"})})

    answer = record_undelivered_job.handler({"Records": [copy, foreign]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert dependencies.jobs().job(job.job_id) == job
    assert announced == []
