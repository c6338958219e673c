"""Sources from their routes to their datasets: storage on moto, an API whose records change on loopback."""

import json
from typing import Any

import boto3
import pytest

from poller.handlers import dependencies
from poller.handlers.api import put_source, redrive_job
from poller.jobs.model import JobStatus
from tests.support import workflow
from tests.support.changing_api import ChangingApi, changing
from tests.support.handlers import Context
from tests.support.sources import SINCE, call, due, finish, listed, schedules, source
from tests.support.workflow import Take, change, dataset

DUE = "2026-03-01T00:00:00Z"
LATER = "2026-03-01T01:00:00Z"


@pytest.fixture(autouse=True)
def _group(aws: None) -> None:
    boto3.client("scheduler").create_schedule_group(Name="sources")


def run(name: str, take: Take, body: Any = None) -> dict[str, Any]:
    return finish(call("POST", name, body, 202)["JobId"], take)


def ids(job: dict[str, Any]) -> list[int]:
    return [json.loads(line)["id"] for line in dataset(job)]


def cursor(name: str = "orders") -> str | None:
    found = call("GET", name, None, 200)["Cursor"]
    return found and found["Value"]


def test_a_source_is_kept_shown_listed_and_deleted_with_its_schedule() -> None:
    asked = source(
        "https://api.example.com/orders", schedule={"expression": "rate(1 hour)", "timezone": "Europe/Berlin"}
    )

    made = call("PUT", "orders", asked, 201)
    again = call("PUT", "orders", {**asked, "schedule": "rate(2 hours)"}, 200)

    assert made["Spec"] == {"name": "orders", **asked["spec"]}
    assert made["Schedule"] == {"Expression": "rate(1 hour)", "Timezone": "Europe/Berlin", "FlexibleMinutes": 0}
    assert call("GET", "orders", None, 200) == again
    assert (again["Schedule"]["Expression"], again["Cursor"], again["Runs"]) == ("rate(2 hours)", None, [])
    assert [found["Name"] for found in listed()["Sources"]] == ["orders"]
    assert schedules()["orders"]["ScheduleExpression"] == "rate(2 hours)"
    assert json.loads(schedules()["orders"]["Target"]["Input"])["Source"] == "orders"

    call("DELETE", "orders", None, 200)

    assert (schedules(), listed()["Sources"]) == ({}, [])
    assert call("DELETE", "orders")[0] == call("GET", "orders")[0] == call("POST", "orders")[0] == 404
    assert call("PATCH", "orders", {"paused": True})[0] == 404


def test_sources_are_listed_by_name_page_by_page() -> None:
    for name in ("c", "a", "b"):
        call("PUT", name, source("https://api.example.com/orders"), 201)

    first = listed(limit="2")
    second = listed(limit="2", next=first["Next"])

    assert [found["Name"] for page in (first, second) for found in page["Sources"]] == ["a", "b", "c"]


def test_each_run_brings_what_is_new_since_the_one_before(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", *range(7))
        call("PUT", "orders", source(api.url), 201)
        first = run("orders", sent_messages)
        api.change("2026-01-02T00:00:00Z", 3, 7, 8)
        second = run("orders", sent_messages)
        third = run("orders", sent_messages)

    assert [job["Status"] for job in (first, second, third)] == ["SUCCEEDED"] * 3
    assert ids(first) == list(range(7))
    # From the latest value on, not behind it: the records of that moment come again, so that none is passed over.
    assert ids(second) == [0, 1, 2, 4, 5, 6, 3, 7, 8]
    assert ids(third) == [3, 7, 8]
    assert [job["Source"]["From"] for job in (first, second, third)] == [
        "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z",
    ]  # fmt: skip
    assert cursor() == "2026-01-02T00:00:00Z"
    latest = json.loads(dependencies.dataset().get("orders/_latest.json") or b"{}")
    assert latest["JobId"] == third["JobId"]


def test_more_records_of_one_moment_than_a_page_holds_are_all_there(sent_messages: Take) -> None:
    with changing(ChangingApi(size=3)) as api:
        api.change("2026-01-01T00:00:00Z", *range(10))
        call("PUT", "orders", source(api.url), 201)
        run("orders", sent_messages)
        api.change("2026-01-01T00:00:00Z", *range(10, 20))  # of the same moment, and seen only now
        second = run("orders", sent_messages)

    assert ids(second) == list(range(20))


def test_a_lag_reads_again_what_may_have_come_late(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:10:00Z", 1)
        call("PUT", "orders", source(api.url, {**SINCE, "lag_seconds": 300}), 201)
        run("orders", sent_messages)
        api.change("2026-01-01T00:06:00Z", 2)
        second = run("orders", sent_messages)

    assert second["Source"]["From"] == "2026-01-01T00:05:00Z"
    assert ids(second) == [2, 1]
    assert cursor() == "2026-01-01T00:10:00Z"


def test_a_run_that_fails_leaves_the_cursor_and_moves_it_once_it_is_redriven(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", *range(7))
        call("PUT", "orders", source(api.url), 201)
        api.refused_from = 6
        failed = run("orders", sent_messages)
        assert (failed["Status"], cursor()) == ("PARTIAL", None)
        api.refused_from = None
        redriven = redrive(failed["JobId"], sent_messages)

    assert (redriven["Status"], ids(redriven)) == ("SUCCEEDED", list(range(7)))
    assert cursor() == "2026-01-01T00:00:00Z"


def redrive(job_id: str, take: Take) -> dict[str, Any]:
    answer = redrive_job.handler({"pathParameters": {"jobId": job_id}}, Context())
    assert answer["statusCode"] == 202
    return finish(job_id, take)


def test_an_older_run_that_succeeds_late_moves_no_cursor_back(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", *range(7))
        call("PUT", "orders", source(api.url), 201)
        api.refused_from = 6
        older = run("orders", sent_messages)
        api.refused_from = None
        api.change("2026-01-02T00:00:00Z", 3)
        newer = run("orders", sent_messages)
        api.rows = {0: {"id": 0, "updated_at": "2026-01-01T12:00:00Z"}, **{n: api.rows[n] for n in (1, 2, 4, 5, 6)}}
        redrive(older["JobId"], sent_messages)

    assert (newer["Status"], cursor()) == ("SUCCEEDED", "2026-01-02T00:00:00Z")


def test_records_without_the_cursors_value_are_named_and_the_cursor_stays(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", *range(7))
        api.rows[5]["updated_at"] = "2026-01-01T00:00:01Z"
        del api.rows[5]["updated_at"]
        call("PUT", "orders", source(api.url), 201)
        job = run("orders", sent_messages)

    assert (job["Status"], job["Error"]["Type"], cursor()) == ("PARTIAL", "CursorMissing", None)
    assert job["Error"]["Message"].startswith("1 of 7 records have no time at updated_at")


def test_a_cursor_path_that_leads_nowhere_is_seen_on_the_first_page(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1, 2)
        call("PUT", "orders", source(api.url, {**SINCE, "cursor_path": "changed.at"}), 201)
        job = run("orders", sent_messages)

    assert job["Status"] == "REJECTED"
    assert "incremental.cursor_path changed.at leads to no time" in job["Error"]["Message"]
    assert "id, updated_at, value" in job["Error"]["Message"]


def test_a_backfill_reads_a_range_and_moves_no_cursor(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        api.change("2026-01-02T00:00:00Z", 2)
        api.change("2026-01-03T00:00:00Z", 3)
        call("PUT", "orders", source(api.url, {**SINCE, "end_param": "until"}), 201)
        backfill = run("orders", sent_messages, {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"})

    assert (backfill["Status"], ids(backfill), cursor()) == ("SUCCEEDED", [1, 2], None)
    assert call("GET", "orders", None, 200)["Runs"][0]["Backfill"] is True


def test_a_schedule_that_calls_twice_has_one_run(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url, schedule="rate(1 hour)"), 201)
        begun = due("orders", DUE)
        finish(begun["JobId"], sent_messages)
        again, earlier = due("orders", DUE), due("orders", "2026-02-28T23:00:00Z")

    assert begun["Outcome"] == "BEGUN"
    assert again["JobId"] is earlier["JobId"] is None
    runs = call("GET", "orders", None, 200)["Runs"]
    assert [(found["JobId"], found["DueAt"], found["Status"]) for found in runs] == [(begun["JobId"], DUE, "SUCCEEDED")]


@pytest.mark.parametrize("overlap", ["skip", "allow"])
def test_a_run_that_is_due_while_another_goes(sent_messages: Take, overlap: str) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url, schedule="rate(1 hour)", overlap=overlap), 201)
        first = due("orders", DUE)
        second = due("orders", LATER)
        status, said = call("POST", "orders")
        finish(first["JobId"], sent_messages)

    runs = call("GET", "orders", None, 200)["Runs"]
    if overlap == "allow":
        assert (second["Outcome"], status) == ("BEGUN", 202)
    else:
        assert (second["Outcome"], status) == ("SKIPPED", 409)
        assert first["JobId"] in said["message"]
        assert [found["Outcome"] for found in runs] == ["SKIPPED", "BEGUN"]
        assert runs[0]["Why"] == f"the run before it, job {first['JobId']}, was still going"
        assert call("POST", "orders")[0] == 202


def test_a_run_that_was_noted_and_got_no_further_is_taken_up(executions: dict[str, str], sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url, schedule="rate(1 hour)"), 201)
        job_id = due("orders", DUE)["JobId"]
        row = dependencies.jobs().job(job_id)
        assert row is not None
        del executions[row.owner.current]
        dependencies.table().client.delete_item(
            TableName="PollerTasksTable", Key={"JobId": {"S": job_id}, "TaskId": {"S": "#JOB"}}
        )
        due("orders", DUE)

        assert row.owner.current in executions
        assert finish(job_id, sent_messages)["Status"] == "SUCCEEDED"


def test_a_paused_source_is_not_called_and_runs_only_by_hand(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url, schedule="rate(1 hour)"), 201)
        paused = call("PATCH", "orders", {"paused": True}, 200)
        state, called = schedules()["orders"]["State"], due("orders", DUE)
        put = call("PUT", "orders", source(api.url, schedule="rate(2 hours)"), 200)
        by_hand = run("orders", sent_messages)
        resumed = call("PATCH", "orders", {"paused": False}, 200)

    assert (paused["Paused"], state, called["JobId"]) == (True, "DISABLED", None)
    assert put["Paused"] is True
    assert by_hand["Status"] == "SUCCEEDED"
    assert (resumed["Paused"], schedules()["orders"]["State"]) == (False, "ENABLED")


def test_a_cursor_is_set_anew_and_a_run_that_began_before_does_not_move_it(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url), 201)
        run("orders", sent_messages)
        begun = call("POST", "orders", None, 202)["JobId"]
        call("PATCH", "orders", {"cursor": None}, 200)
        finish(begun, sent_messages)
        reset = cursor()
        call("PATCH", "orders", {"cursor": "2025-06-01T00:00:00Z"}, 200)
        job = run("orders", sent_messages)

    assert reset is None
    assert job["Source"]["From"] == "2025-06-01T00:00:00Z"


@pytest.mark.parametrize("changed", ["url", "cursor_path"])
def test_a_cursor_is_not_taken_for_that_of_other_records(sent_messages: Take, changed: str) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url), 201)
        run("orders", sent_messages)
        same = call("PUT", "orders", source(api.url, {**SINCE, "lag_seconds": 60}), 200)
        other = source(api.url, {**SINCE, "cursor_path": "created_at"}) if changed != "url" else source(api.url + "2")
        put = call("PUT", "orders", other, 200)

    assert (same["Cursor"]["Value"], put["Cursor"]) == ("2026-01-01T00:00:00Z", None)


def test_a_source_that_was_deleted_and_made_anew_knows_nothing_of_the_one_before(sent_messages: Take) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1)
        call("PUT", "orders", source(api.url), 201)
        before = due("orders", DUE)["JobId"]
        call("DELETE", "orders", None, 200)
        call("PUT", "orders", source(api.url), 201)
        finish(before, sent_messages)

        assert cursor() is None
        assert due("orders", DUE)["JobId"] != before


def test_a_job_that_is_no_run_of_a_source_cannot_be_incremental(sent_messages: Take) -> None:
    job = workflow.run({"url": "https://api.example.com/orders", "incremental": SINCE}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "incremental is for sources" in job["Error"]["Message"]


def test_a_run_whose_job_has_expired_is_over(sent_messages: Take) -> None:
    call("PUT", "orders", source("https://api.example.com/orders"), 201)
    job_id = call("POST", "orders", None, 202)["JobId"]
    change(job_id, Status=JobStatus.FAILED.value)
    assert call("POST", "orders")[0] == 202


REFUSED = [
    (None, "the source is null"),
    ([], "the source is a list"),
    ({}, "spec is missing"),
    ({"spec": {}}, "url is missing"),
    ({"spec": {"url": "ftp://a"}}, "url has no scheme"),
    ({"spec": [1]}, "the job spec is a list"),
    ({"spec": {"url": "https://a.example"}, "schedules": "rate(1 hour)"}, "did you mean schedule?"),
    ({"spec": {"url": "https://a.example"}, "schedule": "hourly"}, "schedule is no schedule"),
    ({"spec": {"url": "https://a.example"}, "overlap": "queue"}, "overlap must be one of skip, allow"),
    ({"spec": {"url": "https://a.example", "client_token": "x"}}, "client_token"),
    ({"spec": {"url": "https://a.example", "incremental": {**SINCE, "step": "P1D"}}}, "step is not there yet"),
    ({"spec": {"url": "https://a.example?since=1", "incremental": SINCE}}, "url or params sets too"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_wrong_is_refused_by_its_name_and_changes_nothing(body: Any, message: str) -> None:
    status, said = call("PUT", "orders", body)

    assert status == 400
    assert message in said["message"]
    assert (listed()["Sources"], schedules()) == ([], {})


@pytest.mark.parametrize("name", ["-orders", "a/b", "", "x" * 65, "né"])
def test_a_name_has_the_characters_of_a_dataset(name: str) -> None:
    status, said = call("PUT", name, source("https://api.example.com/orders"))

    assert status == 400
    assert said["message"].startswith("the source's name ")
    assert call("GET", name)[0] == call("POST", name)[0] == call("DELETE", name)[0] == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"from": "2026-01-01"}, "from must be a time"),
        ({"until": "2026-01-01T00:00:00Z"}, "until needs from"),
        ({"from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until lies before from"),
        ({"since": 1}, "since is not a field of a run"),
        ([], "the body must be an object"),
    ],
)
def test_a_range_that_cannot_be_read_is_refused(body: Any, message: str) -> None:
    call("PUT", "orders", source("https://api.example.com/orders", {**SINCE, "end_param": "until"}), 201)

    status, said = call("POST", "orders", body)

    assert status == 400
    assert message in said["message"]
    assert call("GET", "orders", None, 200)["Runs"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "the change is null"),
        ({}, "the change is an empty object"),
        ({"paused": 1}, "paused is a number"),
        ({"spec": {}}, "spec cannot be changed by itself"),
        ({"cursor": "soon"}, "cursor is 'soon'"),
        ({"cursor": 7}, "cursor must be a time"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(body: Any, message: str) -> None:
    call("PUT", "orders", source("https://api.example.com/orders"), 201)

    status, said = call("PATCH", "orders", body)

    assert status == 400
    assert message in said["message"]


def test_a_source_without_incremental_has_no_cursor_and_no_range() -> None:
    call("PUT", "orders", source("https://api.example.com/orders", None), 201)

    assert "cursor is for a source" in call("PATCH", "orders", {"cursor": None})[1]["message"]
    assert "from and until are for" in call("POST", "orders", {"from": 1})[1]["message"]


def test_a_body_that_is_no_json_is_refused() -> None:
    for body in ("{", "[" * 100_000, '{"spec": NaN}'):
        answer = put_source.handler({"pathParameters": {"name": "orders"}, "body": body}, Context())
        assert (answer["statusCode"], json.loads(answer["body"])) == (400, {"message": "the body is no JSON"})
