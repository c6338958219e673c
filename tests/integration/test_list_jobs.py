"""GET /jobs."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from poller.handlers import dependencies, prepare_poller_job
from poller.handlers.api import list_jobs
from poller.jobs import job_store
from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.owner import Owner
from poller.jobs.summary import summarize
from tests.support import workflow
from tests.support.handlers import Context, call, pages_of
from tests.support.limits import ANSWER, LONG_ERROR
from tests.support.partner import Partner, serving
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


def claim(number: int, name: str = "orders", status: JobStatus = JobStatus.FAILED) -> str:
    job_id, started = str(uuid4()), f"2026-01-01T{number // 60:02d}:{number % 60:02d}:00Z"
    dependencies.jobs().claim(Job(job_id, name, status, Owner("e"), datetime.fromisoformat(started), 2_000_000_000))
    return job_id


def test_jobs_of_one_name_and_status_are_found_among_others(aws: None) -> None:
    first = claim(1)
    claim(2, name="customers")
    claim(3, status=JobStatus.SUCCEEDED)
    last = claim(4)

    named = pages_of(list_jobs, "", "Jobs", name="orders", status="FAILED")
    by_status = pages_of(list_jobs, "", "Jobs", status="SUCCEEDED")
    by_name = pages_of(list_jobs, "", "Jobs", name="customers")

    assert [job["JobId"] for page in named for job in page] == [last, first]
    assert [job["Status"] for page in by_status for job in page] == ["SUCCEEDED"]
    assert [job["Name"] for page in by_name for job in page] == ["customers"]


@pytest.mark.parametrize("limit", ["1", "2", "3", "50"])
def test_pages_of_what_is_looked_for_leave_nobody_out(aws: None, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(job_store, "_LOOK", 2)
    monkeypatch.setattr(job_store, "_MAX_LOOKS", 2)  # four of them at a time
    ids = [claim(number, name="orders" if number % 3 == 0 else "others") for number in range(20)]

    pages = pages_of(list_jobs, "", "Jobs", name="orders", limit=limit)

    assert [job["JobId"] for page in pages for job in page] == [ids[n] for n in range(18, -1, -3)]
    assert max(map(len, pages)) <= int(limit)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"status": "DONE"}, "status must be one of PENDING, RUNNING, SUCCEEDED, PARTIAL, FAILED, CANCELLED, REJECTED"),
        ({"status": "failed"}, "status must be one of"),
        ({"status": ""}, "status must be one of"),
        ({"name": ""}, "name must be that of a dataset"),
        ({"name": "../x"}, "name must be that of a dataset"),
        ({"name": "n" * 65}, "name must be that of a dataset"),
    ],
)
def test_a_name_or_status_that_no_job_can_have_is_refused(aws: None, query: dict[str, str], said: str) -> None:
    status, body = call(list_jobs, "", **query)

    assert status == 400
    assert body["message"].startswith(said)


def test_the_url_of_a_job_is_shown_from_its_first_step_on_and_without_secrets(sent_messages: Take) -> None:
    rejected = workflow.run({"url": "https://me:canary@api.example.com/?api_key=canary&a=1"}, sent_messages)
    with serving(Partner(total=10)) as partner:
        done = workflow.run({"url": f"{partner.url}?session=canary"}, sent_messages)

    shown = {job["JobId"]: job["Url"] for job in call(list_jobs, "")[1]["Jobs"]}

    assert shown[rejected["JobId"]] == rejected["Url"] == "https://api.example.com/?api_key=...&a=1"
    assert shown[done["JobId"]] == done["Url"] == f"{partner.url}?session=..."


def test_a_row_without_url_shows_that_of_its_spec(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        done = workflow.run({"url": partner.url}, sent_messages)
    workflow.change(done["JobId"], Url=None, RunSeconds=None, Name="default")  # as an earlier release wrote it

    job = workflow.status(done["JobId"])

    assert (job["Url"], job["RunSeconds"]) == (partner.url, None)


def test_fifty_jobs_are_read_a_hundred_keys_at_a_time(aws: None, aws_requests: list[Any]) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    for _ in range(list_jobs._MAX_LIMIT):
        dependencies.jobs().claim(
            Job(str(uuid4()), "n", JobStatus.FAILED, Owner("e"), datetime(2026, 1, 1, tzinfo=UTC), 2_000_000_000)
        )

    answer = list_jobs.handler({"queryStringParameters": {"limit": str(list_jobs._MAX_LIMIT)}}, Context())

    assert len(json.loads(answer["body"])["Jobs"]) == list_jobs._MAX_LIMIT
    asked = [
        len(t["Keys"]) for name, p, _ in aws_requests if name == "BatchGetItem" for t in p["RequestItems"].values()
    ]
    assert sum(asked) == list_jobs._MAX_LIMIT * 9
    assert max(asked) <= 100


def test_the_longest_page_of_summaries_fits() -> None:
    job = Job(
        "j" * 64,
        "n" * 64,
        JobStatus.FAILED,
        Owner("e" * 256),
        datetime(2026, 1, 1, tzinfo=UTC),
        0,
        url='"' * 500,
        duplicate_of="d" * 64,
    )
    shown = summarize(replace(job, error=LONG_ERROR, notice=LONG_ERROR), Counts(*[10**12] * 8))

    assert len(json.dumps(json.dumps([shown] * list_jobs._MAX_LIMIT))) < ANSWER
