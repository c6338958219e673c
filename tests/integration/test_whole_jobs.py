"""Whole jobs through the real handlers: storage on moto, the partner's API on loopback."""

import json
import logging
import re
from typing import Any

import boto3
import pytest

from tests.support import workflow
from tests.support.partner import Partner, answering, serving
from tests.support.workflow import Take, dataset, expected, offset, planned

ROWS = [{"id": n} for n in range(50)]


@pytest.mark.parametrize("total", [0, 1, 10, 11, 95])
@pytest.mark.parametrize("paginator", [offset(10), "auto"], ids=["offset", "auto"])
def test_every_record_arrives_exactly_once(sent_messages: Take, total: int, paginator: Any) -> None:
    with serving(Partner(total=total)) as partner:
        job = workflow.run({"url": partner.url, "paginator": paginator}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(total)
    assert (job["RecordsReceived"], job["RecordsExpected"], job["Error"]) == (total, total, None)


@pytest.mark.parametrize(
    "paginator", ["auto", "single_page", offset(10), {"type": "page_number", "total_path": "info.count"}], ids=str
)
@pytest.mark.parametrize("selector", [{}, {"data_selector": "data"}], ids=["guessed", "named"])
def test_no_content_is_an_empty_dataset(sent_messages: Take, paginator: Any, selector: dict[str, str]) -> None:
    with serving(Partner(status=204, body=b"")) as partner:
        job = workflow.run({"url": partner.url, "paginator": paginator, **selector}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == []
    assert (job["RecordsReceived"], job["RecordsExpected"], job["Pages"]) == (0, 0, 1)


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


def test_every_step_may_run_twice(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        step = workflow.prepare(spec)
        assert workflow.prepare(spec, step["JobId"])["NextStep"] == "RECONCILE"
        workflow.fetch_all(step)
        assert workflow.fetch_all(step) == ["ENQUEUED"] * 3
    messages = sent_messages()
    for _ in range(2):
        assert workflow.process(messages) == {"batchItemFailures": []}
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


def test_the_total_that_the_spec_names_counts(sent_messages: Take) -> None:
    paginator = {"type": "offset", "limit": 20, "total_path": "total_count"}
    with answering(
        lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20, "total_count": 50, "has_more": offset < 40}, {})
    ) as (url, _):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 50)
    assert [json.loads(line) for line in dataset(job)] == ROWS


def test_every_page_has_its_records_where_the_first_has_them(sent_messages: Take) -> None:
    def answer(offset: int, _: int) -> tuple[dict[str, Any], dict[str, str]]:
        page = {"rows": ROWS[offset:][:20], "offset": offset, "limit": 20, "total": 50}
        return {"warnings": [{"late": True}] if offset else [], "data": page}, {}

    with answering(answer) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert [json.loads(line) for line in dataset(job)] == ROWS


def test_growth_between_the_plan_and_the_only_page_is_told(sent_messages: Take) -> None:
    """The first three requests plan the job, the fourth fetches."""
    with answering(lambda _, number: ({"items": ROWS[:20], "total": 20 if number < 4 else 35}, {})) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert (job["Status"], job["RecordsReceived"], job["RecordsExpected"]) == ("SUCCEEDED", 20, 20)
    assert job["Notice"]["Type"] == "GrewAfterPlan"
    assert "20 records when the job was planned and 35" in job["Notice"]["Message"]


def test_of_a_single_page_that_was_asked_for_no_sum_is_taken_for_its_total(sent_messages: Take) -> None:
    with answering(lambda *_: ({"items": ROWS[:2], "total": 1500}, {})) as (url, _):
        job = workflow.run({"url": url, "paginator": "single_page"}, sent_messages)

    assert (job["Status"], job["RecordsReceived"], job["Error"], job["Notice"]) == ("SUCCEEDED", 2, None, None)


def test_a_single_counted_page_may_be_empty(sent_messages: Take) -> None:
    with serving(Partner(body=b'{"data": [], "pages": 1}')) as partner:
        spec = {"url": partner.url, "paginator": {"type": "page_number", "total_pages_path": "pages"}}
        job = workflow.run({**spec, "data_selector": "data"}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 0)


def test_an_api_that_grew_after_the_plan_is_explained(sent_messages: Take) -> None:
    with serving(Partner(total=25)) as partner:
        step = planned(partner)
        partner.total = 28
        workflow.fetch_all(step)
    workflow.process(sent_messages())
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert (job["Status"], job["RecordsExpected"], job["RecordsReceived"]) == ("SUCCEEDED", 25, 28)
    assert job["Notice"]["Type"] == "GrewAfterPlan"
    assert "25 records when the job was planned and 28" in job["Notice"]["Message"]


def test_what_is_logged_is_json_and_words_and_nothing_that_only_python_reads(
    sent_messages: Take, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    own = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
    lines = [
        json.dumps({k: v for k, v in vars(r).items() if k not in own}) for r in caplog.records if r.name == "poller"
    ]
    assert caplog.messages[-1] == "ending"
    assert any('"counts": {"started"' in line for line in lines)
    assert [line for line in lines if re.search(r"<\w+\.\w+|\b[A-Z]\w+\(\w+=", line)] == []


def test_a_list_beside_fields_of_its_own_is_the_records_where_many_are_asked_for(sent_messages: Take) -> None:
    body = {"id": 7, "name": "Berlin"}
    with answering(lambda at, _: ({**body, "towns": ROWS[at:][:20]}, {})) as (url, _):
        job = workflow.run({"url": url, "paginator": {"type": "offset", "limit": 20}}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 50)
