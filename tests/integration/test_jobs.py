"""Whole jobs through the real handlers: storage on moto, the partner's API on loopback."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from poller.handlers import dependencies as edges
from poller.upstream import client
from tests.integration import workflow
from tests.integration.conftest import as_record
from tests.integration.partner import Partner, record, serving

Take = Callable[[], dict[str, Any]]


def offset(limit: int) -> dict[str, Any]:
    return {"type": "offset", "limit": limit}


def dataset(job: dict[str, Any]) -> list[str]:
    """Every line of the job's dataset, in the order of its tasks."""
    manifest = json.loads(edges.dataset().get(f"{job['Name']}/{job['JobId']}/_manifest.json") or b"{}")
    lines: list[str] = []
    for item in manifest.get("Objects", []):
        lines += gzip.decompress(edges.dataset().get(item["Key"]) or b"").decode().splitlines()
    return lines


def expected(total: int) -> list[str]:
    return [json.dumps(record(n), ensure_ascii=False, separators=(",", ":")) for n in range(total)]


@pytest.mark.parametrize("total", [0, 1, 10, 11, 95])
@pytest.mark.parametrize("paginator", [offset(10), "auto"], ids=["offset", "auto"])
def test_every_record_arrives_exactly_once(sent_messages: Take, total: int, paginator: Any) -> None:
    with serving(Partner(total=total)) as partner:
        job = workflow.run({"url": partner.url, "paginator": paginator}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(total)
    assert (job["RecordsReceived"], job["RecordsExpected"], job["Error"]) == (total, total, None)


def test_a_server_that_caps_the_page_size_is_noticed(sent_messages: Take) -> None:
    with serving(Partner(total=95, cap=50)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(500)}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(95)


def test_a_page_that_errs_now_and_then_is_asked_for_again(sent_messages: Take) -> None:
    with serving(Partner(total=30, failures=2)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(30)


def test_a_page_that_fails_for_good_makes_the_job_partial(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert job["Status"] == "PARTIAL"
    assert (job["SuccessfullyCompleted"], job["FailedToComplete"]) == (2, 1)
    assert job["Error"]["Type"] == "TasksFailed"
    assert job["Error"]["Message"] == (
        "1 of 3 tasks failed; the first, t00000002, with "
        "UpstreamRefused: the API answered HTTP 404; asking again would not help"
    )
    assert dataset(job) == expected(20)


def test_an_api_that_ignores_the_offset_is_no_success(sent_messages: Take) -> None:
    with serving(Partner(total=30, ignores_offset=True)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert job["Status"] == "PARTIAL"
    errors = {row.error["Type"] for row in edges.tasks().tasks(job["JobId"]) if row.error}
    assert errors == {"PaginationLoop"}


def test_an_api_that_shrinks_while_polled_is_reported(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10)})
        partner.total = 28
        workflow.fetch_all(step)
    workflow.process_payload.handler(sent_messages(), workflow.Context())
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert job["Status"] == "PARTIAL"
    assert job["Error"]["Type"] == "TotalsDisagree"
    assert job["Error"]["Message"] == "the API declared between 28 and 30 records and sent 28"


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({}, "REJECTED", "url is missing"),
        ({"url": "example.com/x"}, "REJECTED", "url has no scheme"),
        ({"url": "URL", "pagniator": "auto"}, "REJECTED", "pagniator is not a field of the job spec"),
        ({"url": "URL", "maximum_pages": 3, "paginator": offset(10)}, "REJECTED", "maximum_pages is 3"),
        ({"url": "http://nowhere.invalid/x", "retry": {"max_attempts": 1}}, "FAILED", "cannot be resolved"),
        ({"url": "http://10.0.0.1/x"}, "REJECTED", "an address that may not be polled"),
    ],
)
def test_what_cannot_start_says_why(sent_messages: Take, spec: dict[str, Any], status: str, said: str) -> None:
    with serving(Partner()) as partner:
        spec = {name: partner.url if value == "URL" else value for name, value in spec.items()}
        job = workflow.run(spec, sent_messages)

    assert job["Status"] == status
    assert said in job["Error"]["Message"]
    assert job["Total"] == 0


@pytest.mark.parametrize(
    ("partner", "status", "said"),
    [
        (Partner(status=404), "REJECTED", "the API answered HTTP 404"),
        (Partner(status=503), "FAILED", "the API answered HTTP 503 (2 attempts)"),
        (Partner(body=b"<!DOCTYPE html><p>Sign in", content_type="text/html"), "REJECTED", "an HTML page"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": "many"}'), "REJECTED", "'many', not a"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": -5}'), "REJECTED", "-5, not a believable"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": 1000000000}'), "REJECTED", "maximum_pages"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1}'), "REJECTED", "no total"),
        (Partner(body=b'{"data": [], "offset": 0, "limit": 1, "total": 7}'), "REJECTED", "first page holds no records"),
    ],
)  # fmt: skip
def test_an_answer_that_allows_no_plan_says_why(sent_messages: Take, partner: Partner, status: str, said: str) -> None:
    with serving(partner):
        spec = {"url": partner.url, "paginator": offset(1), "retry": {"max_attempts": 2}}
        job = workflow.run(spec, sent_messages)

    assert job["Status"] == status
    assert said in job["Error"]["Message"]


def test_a_page_size_of_zero_is_refused_before_the_fan_out(sent_messages: Take) -> None:
    body = b'{"payload": [1], "maxRecordsPerPage": 0, "totalRecords": 7}'
    with serving(Partner(body=body)) as partner:
        job = workflow.run({"url": partner.url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "the page size at maxRecordsPerPage is 0" in job["Error"]["Message"]
    assert len(partner.requests) == 1


def test_a_page_larger_than_the_cap_is_refused(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BODY_BYTES", 1000)
    with serving(Partner(body=b'["' + b"x" * 2000 + b'"]')) as partner:
        job = workflow.run({"url": partner.url, "paginator": "single_page"}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "larger than" in job["Error"]["Message"]


def test_the_second_execution_of_an_event_ends_quietly(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        first = workflow.prepare(spec)

        second = workflow.prepare(spec, first["JobId"], execution="arn:another")
        asked = len(partner.requests)

    assert second["NextStep"] == "DONE"
    assert asked == 1
    assert workflow.status(first["JobId"])["Status"] == "RUNNING"


def test_every_step_may_run_twice(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        step = workflow.prepare(spec)
        assert workflow.prepare(spec, step["JobId"])["NextStep"] == "RECONCILE"
        workflow.fetch_all(step)
        assert workflow.fetch_all(step) == ["ENQUEUED"] * 3
    messages = sent_messages()
    for _ in range(2):
        assert workflow.process_payload.handler(messages, workflow.Context()) == {"batchItemFailures": []}
    for _ in range(2):
        assert workflow.reconcile(step["JobId"])["NextStep"] == "DONE"

    job = workflow.status(step["JobId"])

    assert job["Status"] == "SUCCEEDED"
    assert (job["Pages"], job["RecordsReceived"], job["SuccessfullyCompleted"]) == (3, 30, 3)
    assert dataset(job) == expected(30)


def test_raw_pages_are_gone_once_they_are_processed(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    keys = [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket="raw")["Contents"]]

    assert [key for key in keys if key.startswith("raw/")] == []


def test_one_bad_message_does_not_disturb_the_others(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10)})
        workflow.fetch_all(step)
    batch = sent_messages()
    poison = as_record({"MessageId": "poison", "Body": "{"})
    batch["Records"].insert(1, poison)

    answer = workflow.process_payload.handler(batch, workflow.Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "poison"}]}
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def test_what_never_got_fetched_is_planned_again(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10)})
        task = workflow.planned_tasks(step)[1]
        workflow.fetch_payload.handler({"JobId": step["JobId"], "Task": task}, workflow.Context())

        again = workflow.reconcile(step["JobId"])

    assert again["NextStep"] == "FETCH"
    assert again["Plan"]["Key"].endswith("plan-1.jsonl")
    assert [t["TaskId"] for t in workflow.planned_tasks(again)] == ["t00000000", "t00000002"]


def test_a_job_whose_preparation_crashed_ends_all_the_same(sent_messages: Take) -> None:
    job_id = "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001"
    failure = {"Error": "RetriablePollerError", "Cause": json.dumps({"errorMessage": "the time box ended"})}

    workflow.reconcile(job_id, failure=failure)

    job = workflow.status(job_id)
    assert job["Status"] == "FAILED"
    assert job["Error"] == {"Type": "RetriablePollerError", "Message": "the time box ended"}


def test_a_final_state_is_announced_on_the_bus(sent_messages: Take) -> None:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["poller.jobs"]}')
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    with serving(Partner(total=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]

    event = json.loads(messages[0]["Body"])
    assert len(messages) == 1
    assert event["detail-type"] == "Poller Job State Change"
    assert event["detail"] == job
