"""A page that does not come is a task of its own then: it keeps none of its neighbours back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from poller.handlers import dependencies
from poller.handlers.api import redrive_job
from poller.jobs.model import TaskRow, TaskState
from tests.support import workflow
from tests.support.handlers import EXECUTION, call
from tests.support.partner import Partner, record, serving
from tests.support.workflow import TASK, Take, change, dataset, passed, planned

pytestmark = pytest.mark.usefixtures("still_clock")
RETRY = {"max_attempts": 2, "max_delay_seconds": 0}
WHOLE = {"TaskId": TASK, "FirstPage": 0, "Pages": 10, "IsOpen": True}
BAD = [{0}, {9}, {3}, {3, 4}, {0, 9}, {1, 3, 5, 7}, set(range(10)) - {5}]


@pytest.fixture
def partner() -> Iterator[Partner]:
    with serving(Partner(total=95)) as partner:
        yield partner


def one_task(partner: Partner, **spec: Any) -> str:
    """The id of a job of ten pages in one task."""
    job_id: str = planned(partner, retry=RETRY, **spec)["JobId"]
    change(job_id, PagesPerTask=10)
    return job_id


def rows_of(job_id: str) -> list[TaskRow]:
    return sorted(dependencies.tasks().tasks(job_id), key=lambda row: row.task_id)


def followed(
    job_id: str, take: Take, execution: str = EXECUTION, before_round: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """The summary of a job that was followed from round to round to its end."""
    for _ in range(100):
        if (batch := take())["Records"]:
            workflow.process(batch)
        step = workflow.reconcile(job_id, execution)
        match step["NextStep"]:
            case "FETCH":
                before_round()
                workflow.fetch_all(step)
            case "WAIT":
                passed(job_id, step["Seconds"])
            case "DONE":
                return workflow.status(job_id)
    raise AssertionError("the job does not end")


def without(pages: set[int]) -> list[dict[str, Any]]:
    return [record(number) for number in range(95) if number // 10 not in pages]


def received(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The dataset's records in the order of their ids."""
    return sorted(map(json.loads, dataset(job)), key=lambda one: int(one["id"]))


@pytest.mark.parametrize("bad", BAD)
def test_pages_that_are_refused_fail_alone(partner: Partner, sent_messages: Take, bad: set[int]) -> None:
    job_id = one_task(partner)
    partner.refused = {10 * page for page in bad}

    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages)

    rows = rows_of(job_id)
    failed = [row for row in rows if row.state is TaskState.FAILED]
    assert job["Status"] == "PARTIAL"
    assert [row.error.page for row in failed if row.error] == sorted(bad)
    assert [row.lost for row in failed] == [1] * len(bad)
    assert (job["Total"], job["FailedToComplete"], job["Pages"]) == (len(rows), len(bad), 10 - len(bad))
    assert received(job) == without(bad)
    assert job["Error"]["Message"].startswith(f"{len(bad)} of {len(rows)} tasks failed")


@pytest.mark.parametrize("bad", BAD)
def test_a_redrive_asks_for_them_and_for_nothing_else(
    partner: Partner, sent_messages: Take, executions: dict[str, str], bad: set[int]
) -> None:
    job_id = one_task(partner)
    partner.refused = {10 * page for page in bad}
    workflow.fetch(job_id, WHOLE)
    followed(job_id, sent_messages)
    partner.refused = set()
    shown = call_redrive(job_id, dry_run="true")
    call_redrive(job_id)
    (successor,) = set(executions) - {EXECUTION}
    partner.requests.clear()

    workflow.prepare({}, job_id, successor)
    job = followed(job_id, sent_messages, successor)

    asked = {int(query["offset"]) // 10 for query in partner.requests}
    assert shown["Pages"] == len(bad)
    assert asked - bad <= ({0, 10} if 9 in bad else set())  # what is behind the last page, and the first once more
    assert (job["Status"], job["Pages"], job["Pending"]) == ("SUCCEEDED", 10, 0)
    assert received(job) == without(set())


def call_redrive(job_id: str, **query: str) -> dict[str, Any]:
    return call(redrive_job, job_id, **query)[1]


@pytest.mark.parametrize("bad", BAD[:-1])
def test_pages_that_do_not_come_are_asked_for_in_later_rounds(
    partner: Partner, sent_messages: Take, bad: set[int]
) -> None:
    job_id = one_task(partner)
    partner.broken = {10 * page for page in bad}
    rounds: list[set[int]] = []

    def later() -> None:
        rounds.append({int(query["offset"]) // 10 for query in partner.requests})
        partner.requests.clear()
        partner.broken = partner.broken if len(rounds) < 2 else set()

    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages, before_round=later)

    assert (job["Status"], job["Pages"]) == ("SUCCEEDED", 10)
    assert received(job) == without(set())
    assert rounds[1] <= bad | {0, 1}  # and the pages that tell whether the API is down


def test_a_page_that_never_comes_ends_after_three_rounds(partner: Partner, sent_messages: Take) -> None:
    job_id = one_task(partner)
    partner.broken = {30, 60}

    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages)

    errors = [row.error for row in rows_of(job_id) if row.state is TaskState.FAILED]
    assert (job["Status"], job["FailedToComplete"]) == ("PARTIAL", 2)
    assert [(error.type, error.page) for error in errors if error] == [
        ("UpstreamUnavailable", 3),
        ("UpstreamUnavailable", 6),
    ]
    assert all(error and "(6 attempts in 3 rounds)" in error.message for error in errors)
    assert received(job) == without({3, 6})


def test_of_pages_that_repeat_one_another_none_is_kept_twice(partner: Partner, sent_messages: Take) -> None:
    job_id = one_task(partner)
    partner.clamps_at = 40

    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages)

    assert (job["Status"], job["FailedToComplete"], job["Total"]) == ("PARTIAL", 1, 2)
    assert "PaginationLoop" in job["Error"]["Message"]
    assert [row.lost for row in rows_of(job_id)] == [0, 5]
    assert received(job) == [record(number) for number in range(50)]


def test_a_page_that_repeats_another_and_is_refused_then_costs_none_of_those_before_it(sent_messages: Take) -> None:
    class Fickle(Partner):
        def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
            if query.get("offset") == "50":
                return super().page({**query, "offset": "40"}, 0) if earlier == 0 else (404, b"{}")
            return super().page(query, earlier)

    with serving(Fickle(total=95)) as partner:
        job_id = one_task(partner)
        workflow.fetch(job_id, WHOLE)
        job = followed(job_id, sent_messages)

    assert (job["Status"], job["FailedToComplete"]) == ("PARTIAL", 1)
    assert "UpstreamRefused" in job["Error"]["Message"]
    assert [row.lost for row in rows_of(job_id)] == [0, 5]
    assert received(job) == [record(number) for number in range(50)]


def test_a_task_that_was_cut_is_not_cut_again(partner: Partner, sent_messages: Take) -> None:
    job_id = one_task(partner)
    partner.refused = {30}
    workflow.fetch(job_id, WHOLE)
    job = dependencies.jobs().job(job_id)
    assert job is not None
    dependencies.tasks().transition(job, TaskRow(TASK, TaskState.COMPLETE, sha256="x"))
    dependencies.tasks().reset(job, TaskRow(TASK, TaskState.COMPLETE, sha256="x"), saved=False)
    partner.refused = {10}

    workflow.fetch(job_id, WHOLE)

    first, *others = rows_of(job_id)
    assert (first.state, first.lost, first.goes_on_at) == (TaskState.FAILED, 3, 3)
    assert [row.task_id for row in others] == [f"{TASK}p{page:08d}" for page in (3, 4)]
    summary = workflow.status(job_id)
    assert (summary["Total"], summary["Pages"]) == (3, 6)


@pytest.mark.parametrize("percent", [9, 10])
def test_what_is_tolerated_is_counted_in_pages(partner: Partner, sent_messages: Take, percent: int) -> None:
    job_id = one_task(partner, tolerated_failure_percentage=percent)
    partner.refused = {30}

    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages)

    assert job["Status"] == ("FAILED" if percent < 10 else "PARTIAL")
    if percent < 10:
        assert job["Error"]["Message"] == "1 of 10 pages failed; tolerated_failure_percentage allows 9 %"


@pytest.mark.parametrize("is_first_whole", [True, False])
def test_of_two_children_one_decides_where_a_task_ends(
    partner: Partner, sent_messages: Take, monkeypatch: pytest.MonkeyPatch, is_first_whole: bool
) -> None:
    job_id = one_task(partner)
    put, bad = dependencies.raw_payloads().put, {30, 70}
    partner.refused = bad if is_first_whole else set()

    def overtaken(*args: Any) -> str:
        monkeypatch.setattr(dependencies.raw_payloads(), "put", put)
        partner.refused = set() if is_first_whole else bad
        workflow.fetch(job_id, WHOLE)
        partner.refused = set()
        return put(*args)

    monkeypatch.setattr(dependencies.raw_payloads(), "put", overtaken)
    workflow.fetch(job_id, WHOLE)
    job = followed(job_id, sent_messages)

    assert job["Status"] == ("SUCCEEDED" if is_first_whole else "PARTIAL")
    assert received(job) == without(set() if is_first_whole else {3, 7})
    assert (job["Total"], job["Pending"]) == (len(rows_of(job_id)), 0)
