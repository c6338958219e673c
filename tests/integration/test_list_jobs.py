"""GET /jobs."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

from poller.handlers import dependencies, prepare_poller_job
from poller.handlers.api import list_jobs
from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.summary import summary
from tests.support.handlers import Context, call
from tests.support.limits import ANSWER, LONG_ERROR
from tests.support.workflow import Take


def test_jobs_are_listed_newest_first_in_pages(sent_messages: Take) -> None:
    ids = []
    for second in range(3):
        event = {
            "JobId": str(uuid4()),
            "Spec": {},
            "ExecutionArn": "arn",
            "RequestedAt": f"2026-01-01T00:00:0{second}Z",
        }
        prepare_poller_job.handler(event, Context())
        ids.append(event["JobId"])

    _, first = call(list_jobs, "", limit="2")
    _, second_page = call(list_jobs, "", limit="2", next=first["Next"])

    assert [job["JobId"] for job in first["Jobs"] + second_page["Jobs"]] == ids[::-1]


def test_fifty_jobs_are_read_a_hundred_keys_at_a_time(aws: None, aws_requests: list[Any]) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    for _ in range(list_jobs._MOST):
        dependencies.jobs().claim(Job(str(uuid4()), "n", JobStatus.FAILED, "e", "2026-01-01T00:00:00Z", 2_000_000_000))

    answer = list_jobs.handler({"queryStringParameters": {"limit": str(list_jobs._MOST)}}, Context())

    assert len(json.loads(answer["body"])["Jobs"]) == list_jobs._MOST
    asked = [
        len(t["Keys"]) for name, p, _ in aws_requests if name == "BatchGetItem" for t in p["RequestItems"].values()
    ]
    assert sum(asked) == list_jobs._MOST * 9
    assert max(asked) <= 100


def test_the_longest_page_of_summaries_fits() -> None:
    job = Job("j" * 64, "n" * 64, JobStatus.FAILED, "e" * 256, "t" * 40, 0, duplicate_of="d" * 64)
    shown = summary(replace(job, error=LONG_ERROR, notice=LONG_ERROR), Counts(*[10**12] * 8))

    assert len(json.dumps(json.dumps([shown] * list_jobs._MOST))) < ANSWER
