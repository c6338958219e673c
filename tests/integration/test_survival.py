"""What happens to a job when things go wrong around it: stops, deadlines, crashes, redrives."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest

from poller.fetching import page_fetcher
from poller.handlers import dependencies as edges
from poller.handlers import janitor, reconcile_job, record_undelivered_job
from poller.handlers.api import cancel_job, get_job_tasks, list_jobs, redrive_job
from poller.jobs import next_step as rules
from poller.jobs.model import TaskState
from tests.integration import workflow
from tests.integration.conftest import Context, as_record
from tests.integration.partner import Partner, serving
from tests.integration.test_jobs import dataset, expected, offset

Take = Callable[[], dict[str, Any]]


@pytest.fixture(autouse=True)
def executions(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Executions by ARN: what the handlers start, stop and ask for. The workflow itself is run by the tests."""
    known = {workflow.EXECUTION: "RUNNING"}
    monkeypatch.setattr(edges.workflow(), "start", lambda arn, *_: known.setdefault(arn, "RUNNING"))
    monkeypatch.setattr(edges.workflow(), "stop", lambda arn, _: known.update({arn: "ABORTED"}))
    monkeypatch.setattr(edges.workflow(), "status", lambda arn: known.get(arn, "MISSING"))
    return known


def call(handler: Any, job_id: str, **query: str) -> tuple[int, dict[str, Any]]:
    answer = handler.handler({"pathParameters": {"jobId": job_id}, "queryStringParameters": query}, Context())
    return answer["statusCode"], json.loads(answer["body"])


def status_change(job_id: str, status: str, execution: str = workflow.EXECUTION) -> dict[str, Any]:
    detail = {"executionArn": execution, "status": status, "input": json.dumps({"id": job_id})}
    return reconcile_job.handler({"source": "aws.states", "detail": detail}, Context())


def change(job_id: str, **attributes: Any) -> None:
    """Set attributes of the job's row, as time or another writer would."""
    assert edges.table().update(job_id, "#JOB", attributes, "attribute_exists(#JobId)", {})


def planned(partner: Partner, **spec: Any) -> dict[str, Any]:
    return workflow.prepare({"url": partner.url, "paginator": offset(10), **spec})


def test_a_cancelled_job_sends_no_request_and_every_task_ends(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        asked = len(partner.requests)

        status, _ = call(cancel_job, step["JobId"])
        states = workflow.fetch_all(step)
        status_change(step["JobId"], "ABORTED")

        assert len(partner.requests) == asked
    job = workflow.status(step["JobId"])
    assert (status, states) == (202, ["SKIPPED"] * 3)
    assert (job["Status"], job["FailedToComplete"], job["Pending"]) == ("CANCELLED", 3, 0)
    assert job["Error"]["Type"] == "Cancelled"
    assert executions[workflow.EXECUTION] == "ABORTED"


def test_a_job_that_is_over_cannot_be_cancelled(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        job = workflow.run({"url": partner.url}, sent_messages)

    status, body = call(cancel_job, job["JobId"])

    assert (status, body["message"]) == (409, f"Job {job['JobId']} is already SUCCEEDED")
    assert workflow.status(job["JobId"]) == job


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_job_whose_execution_did_not_end_well_ends_with_the_reason(sent_messages: Take, status: str) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        task = workflow.planned_tasks(step)[0]
        workflow.fetch_payload.handler({"JobId": step["JobId"], "Task": task}, Context())
    workflow.process_payload.handler(sent_messages(), Context())

    status_change(step["JobId"], status)

    job = workflow.status(step["JobId"])
    assert (job["Status"], job["SuccessfullyCompleted"], job["FailedToComplete"]) == ("FAILED", 1, 2)
    assert job["Error"]["Type"] == "ExecutionEnded"
    assert f"ended as {status}" in job["Error"]["Message"]


def test_a_late_event_of_an_earlier_execution_changes_nothing(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
    call(redrive_job, job["JobId"])

    answer = status_change(job["JobId"], "ABORTED")

    assert answer["NextStep"] == "DONE"
    assert workflow.status(job["JobId"])["Status"] == "PENDING"


def test_redrive_runs_only_what_failed_under_the_same_id(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
        partner.refuses_page_from = None
        partner.requests.clear()

        status, _ = call(redrive_job, job["JobId"])
        (successor,) = set(executions) - {workflow.EXECUTION}
        step = workflow.prepare({}, job["JobId"], successor)
        while step["NextStep"] != "DONE":
            if step["NextStep"] == "FETCH":
                workflow.fetch_all(step)
                workflow.process_payload.handler(sent_messages(), Context())
            step = workflow.reconcile(job["JobId"], successor)

        assert partner.requests == [{"limit": "10", "offset": "20"}]
    after = workflow.status(job["JobId"])
    assert status == 202
    assert (after["Status"], after["JobId"], after["ExecutionArn"]) == ("SUCCEEDED", job["JobId"], successor)
    assert (after["Pages"], after["RecordsReceived"], after["FailedToComplete"]) == (3, 30, 0)
    assert dataset(after) == expected(30)


def test_redrive_only_sends_again_what_is_still_there(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        sent_messages()  # lost
        status_change(step["JobId"], "ABORTED")
        assert workflow.status(step["JobId"])["FailedToComplete"] == 3
        partner.requests.clear()

        call(redrive_job, step["JobId"])
        (successor,) = set(executions) - {workflow.EXECUTION}
        workflow.prepare({}, step["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(step["JobId"], successor))
        workflow.process_payload.handler(sent_messages(), Context())
        workflow.reconcile(step["JobId"], successor)

        assert partner.requests == []
    job = workflow.status(step["JobId"])
    assert (job["Status"], job["Pages"], job["RecordsReceived"]) == ("SUCCEEDED", 3, 30)
    assert dataset(job) == expected(30)


@pytest.mark.parametrize(
    ("state", "said"),
    [("RUNNING", "is RUNNING"), ("SUCCEEDED", "nothing failed"), ("REJECTED", "before it was planned")],
)
def test_what_cannot_be_redriven_says_why(sent_messages: Take, state: str, said: str) -> None:
    with serving(Partner(total=20)) as partner:
        if state == "RUNNING":
            job_id = planned(partner)["JobId"]
        else:
            url = partner.url if state == "SUCCEEDED" else "ftp://wrong"
            job_id = workflow.run({"url": url}, sent_messages)["JobId"]

    status, body = call(redrive_job, job_id)

    assert status == 409
    assert said in body["message"]


def test_a_redrive_whose_start_was_lost_can_be_asked_for_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
    start = edges.workflow().start

    def lost(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(edges.workflow(), "start", lost)
    with pytest.raises(TimeoutError):
        call(redrive_job, job["JobId"])
    monkeypatch.setattr(edges.workflow(), "start", start)

    status, _ = call(redrive_job, job["JobId"])

    assert status == 202
    assert len(executions) == 2


def test_a_deadline_ends_the_job_with_what_arrived(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, deadline_seconds=60)
        task = workflow.planned_tasks(step)[0]
        workflow.fetch_payload.handler({"JobId": step["JobId"], "Task": task}, Context())
        workflow.process_payload.handler(sent_messages(), Context())
        change(step["JobId"], DeadlineAt=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
        asked = len(partner.requests)

        states = workflow.fetch_all(step)
        workflow.reconcile(step["JobId"])

        assert len(partner.requests) == asked
    job = workflow.status(step["JobId"])
    assert states == ["SKIPPED"] * 3
    assert (job["Status"], job["SuccessfullyCompleted"], job["FailedToComplete"]) == ("PARTIAL", 1, 2)
    assert "DeadlineExceeded" in job["Error"]["Message"]


def test_more_failures_than_tolerated_stop_the_job(sent_messages: Take) -> None:
    with serving(Partner(total=100, refuses_page_from=10)) as partner:
        step = planned(partner, tolerated_failure_percentage=20)
        states = workflow.fetch_all(step)
        workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert states == ["ENQUEUED"] + ["FAILED"] * 3 + ["SKIPPED"] * 6
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "ToleratedFailuresExceeded")
    assert (job["FailedToComplete"], job["Pending"]) == (10, 0)


def test_as_many_failures_as_tolerated_do_not(sent_messages: Take) -> None:
    with serving(Partner(total=100, refuses_page_from=80)) as partner:
        job = workflow.run(
            {"url": partner.url, "paginator": offset(10), "tolerated_failure_percentage": 20}, sent_messages
        )

    assert (job["Status"], job["FailedToComplete"], job["SuccessfullyCompleted"]) == ("PARTIAL", 2, 8)


def test_a_long_retry_after_holds_back_every_worker_and_is_the_workflows_to_wait(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        partner.status, partner.headers = 429, {"Retry-After": "120"}
        asked = len(partner.requests)

        began = time.monotonic()
        states = workflow.fetch_all(step)
        waiting = workflow.reconcile(step["JobId"])

        assert len(partner.requests) == asked + 1
    assert time.monotonic() - began < 10
    assert states == ["SKIPPED"] * 3
    assert waiting["NextStep"] == "WAIT"
    assert 110 <= waiting["Seconds"] <= 121
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


@pytest.mark.parametrize(("asked", "waited"), [("99999999", 300), ("-5", 0), ("soon", 0)])
def test_an_absurd_retry_after_is_clamped(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, asked: str, waited: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(page_fetcher.time, "sleep", slept.append)
    with serving(Partner(total=10)) as partner:
        step = planned(partner, retry={"max_attempts": 2})
        partner.status, partner.headers = 429, {"Retry-After": asked}
        workflow.fetch_all(step)

    job = edges.jobs().job(step["JobId"])

    assert job is not None
    assert max(0, job.not_before - time.time()) == pytest.approx(waited, abs=3)


def test_a_probe_that_is_asked_to_wait_is_repeated_later(sent_messages: Take) -> None:
    with serving(Partner(total=30, status=429, headers={"Retry-After": "60"})) as partner:
        step = planned(partner)
        partner.status, partner.headers = 200, {}
        again = workflow.prepare({"url": partner.url, "paginator": offset(10)}, step["JobId"])

    assert step["NextStep"] == "PREPARE_LATER"
    assert 55 <= step["Seconds"] <= 61
    assert again["NextStep"] == "FETCH"


def test_a_consumer_that_fails_for_the_last_time_tells_the_job(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    (record,) = sent_messages()["Records"]

    def broken(*_: Any) -> None:
        raise OSError("S3 is away")

    monkeypatch.setattr(edges.dataset(), "put", broken)
    answers = []
    for delivery in (4, 5):
        record["attributes"]["ApproximateReceiveCount"] = str(delivery)
        answers.append(workflow.process_payload.handler({"Records": [record]}, Context()))
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])
    failed = {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert answers == [failed, failed]
    assert (job["Status"], job["FailedToComplete"]) == ("FAILED", 1)
    assert "ProcessingFailed" in job["Error"]["Message"]


def test_poison_oversized_and_attributeless_messages_disturb_no_others(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    good = sent_messages()["Records"]
    body = good[0]["body"]
    bad = [
        as_record({"MessageId": "poison", "Body": "{"}),
        as_record({"MessageId": "oversized", "Body": json.dumps({**json.loads(body), "More": "x" * 300_000})}),
        as_record({"MessageId": "attributeless", "Body": body}),
        as_record({"MessageId": "foreign", "Body": json.dumps({"JobId": "../other", "TaskId": "../../x"})}),
        as_record({"MessageId": "list", "Body": "[]"}),
    ]

    answer = workflow.process_payload.handler({"Records": [bad[0], good[0], *bad[1:], good[1]]}, Context())

    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == [r["messageId"] for r in bad]
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def test_a_message_of_an_expired_job_leaves_no_phantom(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    for item in boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"]:
        key = {name: item[name] for name in ("JobId", "TaskId")}
        boto3.client("dynamodb").delete_item(TableName="PollerTasksTable", Key=key)

    answer = workflow.process_payload.handler(sent_messages(), Context())

    assert answer == {"batchItemFailures": []}
    assert boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"] == []


def test_the_second_job_with_a_client_token_does_nothing_and_names_the_first(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        spec = {"url": partner.url, "client_token": "order sync 2026-01-01"}
        first = workflow.run(spec, sent_messages)
        asked = len(partner.requests)

        second = workflow.run(spec, sent_messages)

        assert len(partner.requests) == asked
    assert (second["Status"], second["DuplicateOf"]) == ("REJECTED", first["JobId"])
    assert first["DuplicateOf"] is None


def test_a_client_token_is_free_again_after_a_day(sent_messages: Take) -> None:
    day = 86_400
    first, second = str(uuid4()), str(uuid4())

    owners = [
        edges.jobs().first_with_token("t", first, 1_000_000, day),
        edges.jobs().first_with_token("t", first, 1_000_000, day),
        edges.jobs().first_with_token("t", second, 1_000_000 + day, day),
        edges.jobs().first_with_token("t", second, 1_000_001 + day, day),
    ]

    assert owners == [first, first, first, second]


def test_an_api_that_grew_after_the_plan_is_explained(sent_messages: Take) -> None:
    with serving(Partner(total=25)) as partner:
        step = planned(partner)
        partner.total = 28
        workflow.fetch_all(step)
    workflow.process_payload.handler(sent_messages(), Context())
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert (job["Status"], job["RecordsExpected"], job["RecordsReceived"]) == ("SUCCEEDED", 25, 28)
    assert job["Notice"]["Type"] == "GrewAfterPlan"
    assert "25 records when the job was planned and 28" in job["Notice"]["Message"]


def test_near_the_last_look_the_job_goes_on_in_a_fresh_execution(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        change(step["JobId"], Visits=rules.MOST_VISITS)

        left = workflow.reconcile(step["JobId"])
        (successor,) = set(executions) - {workflow.EXECUTION}
        again = workflow.reconcile(step["JobId"])
        workflow.prepare({}, step["JobId"], successor)
        taken = workflow.reconcile(step["JobId"], successor)
        late = workflow.reconcile(step["JobId"])

    assert (left["NextStep"], again["NextStep"], late["NextStep"]) == ("DONE", "DONE", "DONE")
    assert taken["NextStep"] == "FETCH"
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


@pytest.mark.parametrize("fate", ["FAILED", "MISSING"])
def test_the_janitor_ends_a_job_that_nobody_drives(sent_messages: Take, executions: dict[str, str], fate: str) -> None:
    with serving(Partner(total=30)) as partner:
        lost, driven = (
            planned(partner),
            workflow.prepare({"url": partner.url}, execution="arn:aws:states:x:execution:w:2"),
        )
    executions.update({workflow.EXECUTION: fate, "arn:aws:states:x:execution:w:2": "RUNNING"})

    answer = janitor.handler({}, Context())

    assert answer == {"Ended": [lost["JobId"]]}
    assert workflow.status(lost["JobId"])["Error"]["Message"].startswith(f"the workflow's execution is {fate}")
    assert workflow.status(driven["JobId"])["Status"] == "RUNNING"


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


def test_jobs_are_listed_newest_first_in_pages(sent_messages: Take) -> None:
    ids = []
    for second in range(3):
        event = {
            "JobId": str(uuid4()),
            "Spec": {},
            "ExecutionArn": "arn",
            "RequestedAt": f"2026-01-01T00:00:0{second}Z",
        }
        workflow.prepare_poller_job.handler(event, Context())
        ids.append(event["JobId"])

    _, first = call(list_jobs, "", limit="2")
    _, second_page = call(list_jobs, "", limit="2", next=first["Next"])

    assert [job["JobId"] for job in first["Jobs"] + second_page["Jobs"]] == ids[::-1]


def test_failed_tasks_are_listed_with_a_line_to_try_them_by_hand(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        spec = {"url": partner.url, "paginator": offset(10), "params": {"session": "canary", "q": "a b"}}
        job = workflow.run(spec, sent_messages)

    status, body = call(get_job_tasks, job["JobId"], state="FAILED")

    (task,) = body["Tasks"]
    assert status == 200
    assert (task["TaskId"], task["FirstPage"], task["Attempts"]) == ("t00000002", 2, 1)
    assert task["Error"]["Page"] == 2
    expected_url = f"{partner.url}?session=...&q=a+b&limit=10&offset=20"
    assert task["Request"] == f"curl --header 'Accept: application/json' '{expected_url}'"
    assert "canary" not in json.dumps(body)


def test_all_tasks_are_listed_over_pages(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    found, token = [], None
    while True:
        _, body = call(get_job_tasks, job["JobId"], limit="3", **({"next": token} if token else {}))
        found += [task["TaskId"] for task in body["Tasks"]]
        token = body["Next"]
        if token is None:
            break

    assert sorted(found) == [f"t{n:08d}" for n in range(10)]


@pytest.mark.parametrize("handler", [cancel_job, redrive_job, get_job_tasks])
def test_unknown_jobs_are_not_found(aws: None, handler: Any) -> None:
    for job_id in (str(uuid4()), "x#0", "../etc"):
        assert call(handler, job_id)[0] == 404


def test_a_task_that_completes_after_it_was_called_failed_is_complete(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    job = edges.jobs().job(step["JobId"])
    assert job is not None
    edges.tasks().advance(job, workflow_failed("t00000000"))

    workflow.process_payload.handler(sent_messages(), Context())

    row = edges.tasks().task(step["JobId"], "t00000000")
    assert row is not None
    assert (row.state, row.error) == (TaskState.COMPLETE, None)
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def workflow_failed(task_id: str) -> Any:
    from poller.jobs.model import TaskRow

    return TaskRow(task_id, TaskState.FAILED, error={"Type": "NoProgress", "Message": "given up"})
