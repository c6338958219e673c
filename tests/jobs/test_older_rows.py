"""Rows that the first release wrote, and rows that no release could read: a job of them is no other job's trouble.

tests/data/rows-0.1.0.json holds every row of PollerTasksTable after six jobs of release 0.1.0, as DynamoDB keeps them.
"""

import json
from typing import Any

import pytest

from poller.handlers import dependencies, janitor
from poller.handlers.api import cancel_job, get_job, get_job_results, get_job_tasks, list_jobs, redrive_job
from poller.jobs.model import JobStatus
from poller.jobs.plan import Ranges
from poller.paging.paginators import Offset, PageNumber
from tests.support import workflow
from tests.support.handlers import EXECUTION, Context, call
from tests.support.template import ROOT

STORED = json.loads((ROOT / "tests" / "data" / "rows-0.1.0.json").read_text())
JOBS: dict[str, str] = STORED["jobs"]
STATUS = {
    "succeeded": "SUCCEEDED",
    "partial": "PARTIAL",
    "running_page_number": "RUNNING",
    "forbidden_now": "RUNNING",
    "cancelled": "CANCELLED",
    "rejected": "REJECTED",
}
BROKEN = {
    "a spec that is no JSON": {"Spec": {"S": "{"}},
    "a paginator of another release": {
        "Spec": {"S": '{"url": "https://x", "paginator": {"type": "tree"}, "retry": {}}'}
    },
    "a spec that is a list": {"Spec": {"S": "[]"}},
    "a status of another release": {"Status": {"S": "PAUSED"}},
    "a start that is no time": {"StartedAt": {"S": "yesterday"}},
    "an error without a type": {"Error": {"M": {"Message": {"S": "x"}}}},
    "a plan without its sizes": {"PagesPerTask": None},
    "no name": {"Name": None},
}


@pytest.fixture
def older_rows(aws: None) -> None:
    for item in STORED["items"]:
        dependencies.table().client.put_item(TableName="PollerTasksTable", Item=item)


def break_row(job_id: str, change: dict[str, Any]) -> None:
    (row,) = (i for i in STORED["items"] if i["JobId"]["S"] == job_id and i["TaskId"]["S"] == "#JOB")
    item = {name: value for name, value in (row | change).items() if value is not None}
    dependencies.table().client.put_item(TableName="PollerTasksTable", Item=item)


def body(handler: Any, job_id: str, **query: str) -> tuple[int, dict[str, Any]]:
    event = {"pathParameters": {"jobId": job_id}, "queryStringParameters": query}
    answer = handler.handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("name", STATUS)
def test_a_job_of_the_first_release_is_shown_as_it_was(older_rows: None, name: str) -> None:
    status, summary = body(get_job, JOBS[name])

    assert (status, summary["Status"], summary["JobId"]) == (200, STATUS[name], JOBS[name])
    assert (summary["Error"] or {}).get("Type") != "Unreadable"


def test_the_jobs_of_the_first_release_are_listed(older_rows: None) -> None:
    _, page = body(list_jobs, "", limit="50")

    assert {job["JobId"] for job in page["Jobs"]} == set(JOBS.values())


def test_what_was_planned_then_can_be_gone_on_with_now(older_rows: None) -> None:
    one, other = (dependencies.jobs().job(JOBS[name]) for name in ("succeeded", "running_page_number"))

    assert one is not None
    assert other is not None
    assert one.planned[1] == Ranges(4, 1, 10)
    assert one.planned[0].paginator == Offset(limit=10, total_path="total")
    assert other.planned[0].paginator == PageNumber(limit=10, limit_param="limit", total_path="total")
    assert other.planned[0].headers == {"X-Trace": "1"}
    assert other.planned[0].tolerated_failure_percentage == 5


def test_a_spec_that_a_newer_rule_forbids_is_read_all_the_same(older_rows: None) -> None:
    job_id = JOBS["forbidden_now"]

    job = dependencies.jobs().job(job_id)
    tasks = body(get_job_tasks, job_id)

    assert job is not None
    assert job.planned[0].paginator == Offset(limit=10, limit_param="n", offset_param="n", total_path="total")
    assert (tasks[0], len(tasks[1]["Tasks"])) == (200, 4)
    assert all(task["Request"].startswith("curl ") for task in tasks[1]["Tasks"] if task["State"] == "FAILED")


def test_a_partial_job_of_the_first_release_can_be_redriven(older_rows: None, executions: dict[str, str]) -> None:
    status, _ = call(redrive_job, JOBS["partial"])

    assert status == 202
    assert len(executions) == 2


def test_tasks_of_the_first_release_keep_their_numbers_and_errors(older_rows: None) -> None:
    rows = {row.task_id: row for row in dependencies.tasks().tasks(JOBS["partial"])}

    assert [rows[task].state for task in sorted(rows)] == ["COMPLETE", "COMPLETE", "FAILED", "FAILED"]
    assert rows["t00000000"].records == 10
    assert rows["t00000002"].error is not None
    assert (rows["t00000002"].error.type, rows["t00000002"].error.page) == ("UpstreamRefused", 2)


@pytest.mark.parametrize("what", BROKEN)
def test_a_row_that_cannot_be_read_says_so_and_hides_no_other(older_rows: None, what: str) -> None:
    job_id = JOBS["succeeded"]
    break_row(job_id, BROKEN[what])

    status, summary = body(get_job, job_id)
    _, page = body(list_jobs, "", limit="50")
    others = [body(handler, job_id)[0] for handler in (get_job_tasks, get_job_results)]

    assert (status, summary["Error"]["Type"]) == (200, "Unreadable")
    assert "another release wrote the job's row" in summary["Error"]["Message"]
    assert len(page["Jobs"]) == len(JOBS)
    assert others == [200, 200]
    assert call(redrive_job, job_id)[0] == 409


def test_the_janitor_ends_a_lost_job_whose_row_cannot_be_read_and_the_others_too(
    older_rows: None, executions: dict[str, str]
) -> None:
    broken, readable = JOBS["running_page_number"], JOBS["forbidden_now"]
    break_row(broken, BROKEN["a spec that is no JSON"])
    executions[EXECUTION] = "FAILED"

    ended = janitor.handler({}, Context())["Ended"]

    assert set(ended) == {broken, readable}
    assert [workflow.status(job_id)["Status"] for job_id in (broken, readable)] == ["FAILED", "FAILED"]
    assert workflow.status(broken)["Error"]["Type"] == "Unreadable"


def test_a_running_job_whose_row_cannot_be_read_can_be_cancelled_and_ends(
    older_rows: None, executions: dict[str, str]
) -> None:
    job_id = JOBS["running_page_number"]
    break_row(job_id, BROKEN["a spec that is no JSON"])

    status, _ = call(cancel_job, job_id)
    workflow.reconcile(job_id)

    assert status == 202
    assert JobStatus(workflow.status(job_id)["Status"]).is_final
