"""Walks: jobs whose next page is in the last answer, from the first page to the end of the data."""

import json
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

import pytest

from poller.errors import Reason
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.handlers.api import get_job_tasks, redrive_job
from poller.jobs.model import TaskRow, TaskState
from tests.support import workflow
from tests.support.emulator import eventually
from tests.support.handlers import EXECUTION, call
from tests.support.secrets import put_secret
from tests.support.walked_api import MISSING, STYLES, WalkedApi, walked, walked_api
from tests.support.workflow import Take, passed


def ran(api: WalkedApi, take: Take, **more: Any) -> tuple[dict[str, Any], list[str]]:
    with walked_api(api):
        job = workflow.run(api.spec(**more), take)
    return job, workflow.dataset(job)


@pytest.mark.parametrize("told_end", [None, "", MISSING], ids=["null", "empty", "missing"])
@pytest.mark.parametrize("style", STYLES)
def test_every_record_of_a_chain_is_in_the_dataset(sent_messages: Take, style: str, told_end: Any) -> None:
    api = walked(style, 10, 10, 0, 7, told_end=told_end)

    job, lines = ran(api, sent_messages)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert lines == api.rows()
    assert (job["Pages"], job["RecordsReceived"], job["Total"], job["TotalIsFinal"]) == (4, 27, 1, True)
    assert (job["Proof"]["End"], job["Proof"]["Distinct"], job["Proof"]["Moved"]) == ("seen", 27, False)


def driven(step: dict[str, Any], take: Take, execution: str = EXECUTION) -> dict[str, Any]:
    """The job's summary, when all its pauses are over."""
    for _ in range(60):
        match step["NextStep"]:
            case "FETCH":
                workflow.fetch_all(step)
            case "WAIT":
                passed(step["JobId"], step["Seconds"])
            case "DONE":
                return workflow.status(step["JobId"])
        if records := take()["Records"]:
            workflow.process({"Records": records})
        step = workflow.reconcile(step["JobId"], execution)
    raise AssertionError("the job does not end")


def redriven(job: dict[str, Any], take: Take, executions: dict[str, str]) -> dict[str, Any]:
    """The summary after a redrive."""
    before = set(executions)
    assert call(redrive_job, job["JobId"])[0] == 202
    (successor,) = set(executions) - before - {EXECUTION}
    return driven(workflow.prepare({}, job["JobId"], successor), take, successor)


def tasks_of(job: dict[str, Any]) -> dict[str, Any]:
    return {row.task_id: row for row in sorted(dependencies.tasks().tasks(job["JobId"]), key=attrgetter("task_id"))}


def test_a_long_walk_is_cut_into_tasks_in_the_order_of_the_data(sent_messages: Take) -> None:
    api = walked("json_link", *[2] * 250)

    job, lines = ran(api, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert lines == api.rows()
    assert api.asked == [0, *range(250), 0], "one request a page, and one before and one behind them"
    assert list(tasks_of(job)) == ["w00000000", "w00000000p00000100", "w00000000p00000200"]
    assert (job["Total"], job["SuccessfullyCompleted"], job["Pages"], job["TotalIsFinal"]) == (3, 3, 250, True)
    keys = [
        item["Key"]
        for item in json.loads(dependencies.dataset().get(f"default/{job['JobId']}/_manifest.json") or "")["Objects"]
    ]
    assert keys == sorted(keys)


def test_a_walk_goes_on_in_the_next_round_where_its_time_is_over(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = walked("cursor", *[1] * 7)
    with walked_api(api):
        step = workflow.prepare(api.spec())
        fetch, limit = workflow.fetch, 0

        def for_three_pages(job_id: str, task: dict[str, Any]) -> str:
            nonlocal limit
            limit = len(api.asked) + 3
            return fetch(job_id, task)

        monkeypatch.setattr(TimeBox, "is_over", property(lambda _: len(api.asked) >= limit))
        monkeypatch.setattr(workflow, "fetch", for_three_pages)
        limit = 100
        job = driven(step, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert workflow.dataset(job) == api.rows()
    assert api.asked.count(3) == 1
    assert len(tasks_of(job)) > 2


@pytest.mark.usefixtures("still_clock")
def test_a_pause_that_the_api_asks_for_leaves_what_came_before_it(sent_messages: Take) -> None:
    api = walked("header_cursor", 3, 3, 3, 3, answers={2: (429, {})}, headers={"Retry-After": "120"})
    with walked_api(api):
        step = workflow.prepare(api.spec())
        workflow.fetch_all(step)
        kept = tasks_of(step)
        workflow.process(sent_messages())
        waiting = workflow.reconcile(step["JobId"])
        during = workflow.status(step["JobId"])
        api.answers, asked = {}, len(api.asked)

        job = driven(waiting, sent_messages)

    assert [row.state for row in kept.values()] == ["ENQUEUED", "STARTED"]
    assert kept["w00000000p00000002"].error.message.startswith("GET /rows?cursor=c2: the API answered HTTP 429")
    assert (waiting["NextStep"], waiting["Seconds"]) == ("WAIT", 121)
    assert (during["Total"], during["TotalIsFinal"], during["RecordsReceived"]) == (2, False, 6)
    assert api.asked[asked:] == [2, 3, 0]
    assert (job["Status"], workflow.dataset(job)) == ("SUCCEEDED", api.rows())


@pytest.mark.usefixtures("still_clock")
@pytest.mark.parametrize("status", [400, 410])
def test_a_cursor_that_has_expired_makes_a_partial_job_that_says_how_far_it_came(
    sent_messages: Take, status: int
) -> None:
    api = walked("cursor", 3, 3, 3, answers={2: (status, {"message": "this cursor has expired"})})
    with walked_api(api):
        job = driven(workflow.prepare(api.spec()), sent_messages)

    assert job["Status"] == "PARTIAL"
    assert workflow.dataset(job) == api.rows()[:6]
    said = job["Error"]["Message"]
    assert "w00000000p00000002" in said
    assert "the walk came as far as 2 pages, and the next one does not come: GET /rows?cursor=c2: the API ans" in said
    assert f"HTTP {status}" in said
    assert "this cursor has expired" in job["Error"]["Message"]


@pytest.mark.usefixtures("still_clock")
def test_a_page_that_fails_for_good_ends_its_walk_and_a_redrive_goes_on_there(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    api = walked("header_link", 3, 3, 3, 3, answers={2: (500, {"message": "broken"})})
    with walked_api(api):
        step = workflow.prepare(api.spec(retry={"max_attempts": 1}))
        job = driven(step, sent_messages)
        came = workflow.dataset(job)
        status, shown = call(get_job_tasks, job["JobId"], state="FAILED")
        api.answers = {}
        asked = len(api.asked)
        again = redriven(job, sent_messages, executions)

    assert (job["Status"], came) == ("PARTIAL", api.rows()[:6])
    assert status == 200
    assert [task["TaskId"] for task in shown["Tasks"]] == ["w00000000p00000002"]
    assert shown["Tasks"][0]["Request"].endswith(f"'{api.url}?cursor=c2'")
    assert api.asked[asked:] == [2, 3, 0]
    assert (again["Status"], workflow.dataset(again)) == ("SUCCEEDED", api.rows())


@pytest.mark.parametrize("pause_at", [None, 130], ids=["in one go", "with a pause"])
def test_a_task_in_the_middle_is_fetched_again_up_to_where_the_next_one_begins(
    sent_messages: Take, executions: dict[str, str], pause_at: int | None
) -> None:
    api = walked("cursor", *[1] * 230)
    with walked_api(api):
        step = workflow.prepare(api.spec())
        workflow.fetch_all(step)
        messages = sent_messages()["Records"]
        workflow.process({"Records": [message for message in messages if "00000100" not in message["body"]]})
        dependencies.raw_payloads().delete(workflow.raw_key(step["JobId"], "w00000000p00000100"))
        job = dependencies.jobs().job(step["JobId"])
        assert job
        lost = TaskRow("w00000000p00000100", TaskState.FAILED, error=Reason("ProcessingFailed", "gone"))
        dependencies.tasks().transition(job, lost)
        partial = driven(workflow.reconcile(step["JobId"]), sent_messages)
        asked = len(api.asked)
        if pause_at:
            api.answers[pause_at], api.headers = (429, {}), {"Retry-After": "60"}

        call(redrive_job, partial["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        step = workflow.prepare({}, partial["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(partial["JobId"], successor))
        api.answers = {}
        passed(partial["JobId"], 61)
        again = driven(workflow.reconcile(partial["JobId"], successor), sent_messages, successor)

    assert partial["Status"] == "PARTIAL"
    assert (again["Status"], again["Error"]) == ("SUCCEEDED", None)
    assert workflow.dataset(again) == api.rows()
    assert len(api.asked) - asked == 100 + (pause_at is not None)


def test_a_task_that_begins_nowhere_is_left_alone(sent_messages: Take) -> None:
    api = walked("cursor", 3, 3, 3)
    with walked_api(api):
        step = workflow.prepare(api.spec())
        asked = len(api.asked)
        lines = [
            {"TaskId": "w00000000p00000002", "FirstPage": 2, "Pages": 0, "After": "w00000000"},
            {"TaskId": "w00000000p00000002", "FirstPage": 2, "Pages": 0, "After": "w00000000p00000001"},
        ]

        states = [workflow.fetch(step["JobId"], line) for line in lines]

    assert states == ["SKIPPED", "SKIPPED"]
    assert len(api.asked) == asked
    assert tasks_of(step) == {}


def test_a_circle_of_links_is_a_loop_and_no_endless_job(sent_messages: Take) -> None:
    api = walked("json_link", *[1] * 9, leads={6: 5})

    job, lines = ran(api, sent_messages)

    assert job["Status"] == "PARTIAL"
    assert "PaginationLoop" in job["Error"]["Message"]
    assert lines == api.rows()[:7]


def test_as_many_pages_as_may_come_make_a_partial_job(sent_messages: Take) -> None:
    api = walked("cursor", *[1] * 9)

    job, lines = ran(api, sent_messages, maximum_pages=4)

    assert (job["Status"], job["Error"]["Type"], len(lines)) == ("PARTIAL", "EndNotSeen", 4)
    assert job["Error"]["Message"].startswith("maximum_pages is 4")


@pytest.mark.parametrize(
    ("declared", "status", "kind"),
    [(9, "SUCCEEDED", None), (4, "SUCCEEDED", "TotalTooLow"), (12, "PARTIAL", "TotalsDisagree")],
)
def test_what_the_api_declares_is_held_against_what_came(
    sent_messages: Take, declared: int, status: str, kind: str | None
) -> None:
    api = walked("cursor", 3, 3, 3, more=lambda _: {"total": declared})

    job, lines = ran(api, sent_messages)

    said = job["Error"] or job["Notice"]
    assert (job["Status"], said and said["Type"], lines) == (status, kind, api.rows())


def test_a_total_of_the_page_is_none_of_a_walk(sent_messages: Take) -> None:
    api = walked("cursor", 3, 3, 2, more=lambda index: {"total": [3, 3, 2][index]})

    job, lines = ran(api, sent_messages)

    assert (job["Status"], job["Notice"], job["RecordsExpected"], lines) == ("SUCCEEDED", None, None, api.rows())


@pytest.mark.parametrize("more", [{"has_more": True}, {"total": 35}, {"links": {"next": "/rows?page=2"}}])
def test_a_cursor_where_none_is_makes_no_plan(sent_messages: Take, more: dict[str, Any]) -> None:
    api = walked("cursor", 3, 3, more=lambda _: more)

    job, _ = ran(api, sent_messages, paginator={**STYLES["cursor"], "cursor_path": "meta.cursor"})

    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith(
        "paginator.type is cursor, but the first response names no next page at meta.cursor, while"
    )


def test_a_link_to_a_stranger_makes_no_plan(sent_messages: Take) -> None:
    api = walked("json_link", 3, 3, link=lambda url: url.replace("127.0.0.1", "localhost"))

    job, _ = ran(api, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "paginator.allowed_origins" in job["Error"]["Message"]


def test_records_that_came_twice_are_no_success(sent_messages: Take) -> None:
    api = walked("cursor", 3, 3, 3)
    api.pages[2] = [api.pages[0][0], *api.pages[2]]

    job, _ = ran(api, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "RecordsRepeat")


def test_two_workers_on_one_walk_leave_every_record_once(sent_messages: Take) -> None:
    api = walked("cursor", *[1] * 230, seconds=0.001)
    with walked_api(api):
        step = workflow.prepare(api.spec())
        with ThreadPoolExecutor(2) as pool:
            states = list(pool.map(lambda _: workflow.fetch_all(step), range(2)))

        job = driven(workflow.reconcile(step["JobId"]), sent_messages)

    assert states[0][0] in ("ENQUEUED", "STARTED")
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 230)
    assert workflow.dataset(job) == api.rows()


def test_a_child_that_runs_twice_asks_and_sends_once(sent_messages: Take) -> None:
    api = walked("cursor", *[1] * 5)
    with walked_api(api):
        step = workflow.prepare(api.spec())
        first = workflow.fetch_all(step)
        asked = len(api.asked)

        again = workflow.fetch_all(step)

    assert (first, again) == (["ENQUEUED"], ["ENQUEUED"])
    assert len(api.asked) == asked
    assert len(sent_messages()["Records"]) == 1


def test_storing_does_not_hold_up_the_walk(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    api = walked("cursor", *[1] * 250)
    put, began = dependencies.raw_payloads().put, []

    def slow(*args: Any) -> str:
        began.append(len(api.asked))
        if len(began) == 1:
            eventually(lambda: len(api.asked) > began[0] + 50)  # the pages behind it are asked for meanwhile
        return put(*args)

    with walked_api(api):
        step = workflow.prepare(api.spec())
        monkeypatch.setattr(dependencies.raw_payloads(), "put", slow)
        workflow.fetch_all(step)

    assert len(began) >= 2


def test_a_stranger_gets_neither_credentials_nor_headers(sent_messages: Take) -> None:
    api = walked("json_link", 3, 3, 3, link=lambda url: url.replace("127.0.0.1", "localhost"))
    with walked_api(api):
        origin = api.url.removesuffix("/rows")
        put_secret("orders", "canary-0123456789", origin)
        spec = api.spec(auth={"type": "bearer", "secret": "orders"}, headers={"X-Tenant": "7"})
        spec["paginator"]["allowed_origins"] = [origin.replace("127.0.0.1", "localhost")]

        job = workflow.run(spec, sent_messages)

    came = [
        (headers["Host"].split(":")[0], headers.get("Authorization"), headers.get("X-Tenant"))
        for _, headers, _ in api.requests
    ]
    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert set(came) == {("127.0.0.1", "Bearer canary-0123456789", "7"), ("localhost", None, None)}
