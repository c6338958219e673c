"""Processing: what a message may do, and in what order."""

import json
from hashlib import sha256
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from poller.aws.s3 import Bucket
from poller.datasets.fingerprints import read_fingerprints
from poller.datasets.records import compress
from poller.errors import RetriablePollerError
from poller.handlers import dependencies, process_payload
from poller.jobs import keys
from poller.jobs.model import TaskState
from poller.jobs.task_store import TaskStore
from tests.support import workflow
from tests.support.faulty import once
from tests.support.handlers import as_record
from tests.support.partner import Partner, serving
from tests.support.rows import STOP, failed, row_of
from tests.support.workflow import TASK, Take, planned


def message(name: str, body: str, job_id: str, task_id: str) -> dict[str, Any]:
    attributes = {"jobId": {"StringValue": job_id}, "taskId": {"StringValue": task_id}}
    return as_record({"MessageId": name, "Body": body, "MessageAttributes": attributes})


@pytest.mark.parametrize(
    ("job_id", "task_id", "more"),
    [("JOB", TASK, "x" * 2000), ("../other", TASK, ""), ("JOB", "../../x", ""), ("JOB", "#COUNT", "")],
)
def test_a_message_is_a_pointer_or_comes_again(sent_messages: Take, job_id: str, task_id: str, more: str) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    job_id = job_id.replace("JOB", step["JobId"])
    body = json.dumps({"JobId": job_id, "TaskId": task_id, "More": more})

    answer = workflow.process({"Records": [message("odd", body, job_id, task_id)]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert workflow.status(step["JobId"])["Enqueued"] == 1


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

    answer = workflow.process({"Records": [bad[0], good[0], *bad[1:], good[1]]})

    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == [r["messageId"] for r in bad]
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def test_a_message_of_an_expired_job_leaves_no_phantom(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    for item in boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"]:
        key = {name: item[name] for name in ("JobId", "TaskId")}
        boto3.client("dynamodb").delete_item(TableName="PollerTasksTable", Key=key)

    answer = workflow.process(sent_messages())

    assert answer == {"batchItemFailures": []}
    assert boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"] == []


@pytest.mark.parametrize("ended", [True, False])
def test_a_message_that_comes_after_the_verdict_changes_nothing(sent_messages: Take, ended: bool) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    if ended:
        dependencies.tasks().transition(dependencies.jobs().job(step["JobId"]), failed())  # type: ignore[arg-type]
        assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "FAILED"
    else:
        dependencies.jobs().request_stop(step["JobId"], STOP)
    before = workflow.status(step["JobId"])

    answer = workflow.process(sent_messages())

    assert answer == {"batchItemFailures": []}
    assert workflow.status(step["JobId"]) == before
    assert dependencies.raw_payloads().has(workflow.raw_key(step["JobId"], TASK))


def test_a_task_that_completes_after_it_was_called_failed_is_complete(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    dependencies.tasks().transition(job, failed())

    workflow.process(sent_messages())

    row = dependencies.tasks().task(step["JobId"], TASK)
    assert row is not None
    assert (row.state, row.error) == (TaskState.COMPLETE, None)
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("lost", ["dataset", "row"])
def test_raw_pages_stay_until_their_task_is_complete(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    (delivered,) = sent_messages()["Records"]
    owner, name = (Bucket, "put") if lost == "dataset" else (TaskStore, "transition")
    monkeypatch.setattr(owner, name, once(getattr(owner, name), RetriablePollerError("away")))

    first = workflow.process({"Records": [delivered]})
    second = workflow.process({"Records": [delivered]})

    assert (len(first["batchItemFailures"]), len(second["batchItemFailures"])) == (1, 0)
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def fingerprints_of(job_id: str, sha256: str) -> list[int]:
    body = dependencies.raw_payloads().get(keys.proof_key(job_id, TASK, sha256))
    assert body is not None
    return list(read_fingerprints(body))


def test_the_fingerprints_are_there_before_their_task_is_complete(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    monkeypatch.setattr(TaskStore, "transition", once(TaskStore.transition, RetriablePollerError("away")))

    answer = workflow.process(sent_messages())

    assert len(answer["batchItemFailures"]) == 1
    stored = dependencies.dataset().get(keys.dataset_key("default", step["JobId"], TASK))
    assert stored is not None
    found = fingerprints_of(step["JobId"], sha256(stored).hexdigest())
    assert len(set(found)) == len(found) == 10


def test_a_key_that_comes_twice_has_the_same_fingerprint_twice(sent_messages: Take) -> None:
    rows = [{"n": 1, "k": {"x": 1}}, {"n": 2, "k": {"x": 2}}, {"n": 3, "k": {"x": 1}}]
    with serving(Partner(body=json.dumps({"data": rows, "total": 3}).encode())) as partner:
        step = planned(partner, primary_key="k.x")
        workflow.fetch_all(step)

    workflow.process(sent_messages())

    found = fingerprints_of(step["JobId"], row_of(step["JobId"]).sha256)
    assert found[0] == found[2] != found[1]


def test_the_row_says_how_many_records_lack_their_key(sent_messages: Take) -> None:
    rows = [{"k": 1}, {"n": 1}, {"k": None}, {"k": 2}]
    with serving(Partner(body=json.dumps({"data": rows, "total": 4}).encode())) as partner:
        step = planned(partner, primary_key=["k"])
        workflow.fetch_all(step)

    workflow.process(sent_messages())

    assert row_of(step["JobId"]).keyless == 2


def test_a_task_without_records_has_no_fingerprints(sent_messages: Take) -> None:
    with serving(Partner(total=0)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)

    workflow.process(sent_messages())

    row = row_of(step["JobId"])
    assert row.state is TaskState.COMPLETE
    assert not dependencies.raw_payloads().has(keys.proof_key(step["JobId"], TASK, row.sha256))


def test_raw_pages_that_were_left_over_go_with_the_next_delivery(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    batch = sent_messages()
    raw = dependencies.raw_payloads()
    monkeypatch.setattr(raw, "delete", once(raw.delete, OSError("S3 is away")))
    assert len(workflow.process(batch)["batchItemFailures"]) == 1
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"

    answer = workflow.process(batch)

    assert answer == {"batchItemFailures": []}
    assert not dependencies.raw_payloads().has(workflow.raw_key(step["JobId"], TASK))


def test_a_consumer_that_was_overtaken_by_another_is_content(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    batch = sent_messages()
    get = dependencies.raw_payloads().get

    def overtaken(key: str) -> bytes | None:
        monkeypatch.setattr(dependencies.raw_payloads(), "get", get)
        process_payload.process_message(SQSRecord(batch["Records"][0]))
        return get(key)

    monkeypatch.setattr(dependencies.raw_payloads(), "get", overtaken)

    answer = workflow.process(batch)

    assert answer == {"batchItemFailures": []}
    assert workflow.status(step["JobId"])["SuccessfullyCompleted"] == 1


def test_a_raw_page_that_is_none_fails_its_task_at_once(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    key = workflow.raw_key(step["JobId"], TASK)
    dependencies.raw_payloads().put(key, compress([b'{"other": 1}']), "application/gzip")

    answer = workflow.process(sent_messages())

    row = dependencies.tasks().task(step["JobId"], TASK)
    assert answer == {"batchItemFailures": []}
    assert row is not None
    assert row.error is not None
    assert (row.state, row.error.type) == (TaskState.FAILED, "InvalidPayload")


def test_a_consumer_that_fails_for_the_last_time_tells_the_job(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    (record,) = sent_messages()["Records"]

    def broken(*_: Any) -> None:
        raise OSError("S3 is away")

    monkeypatch.setattr(dependencies.dataset(), "put", broken)
    answers = []
    for delivery in (4, 5):
        record["attributes"]["ApproximateReceiveCount"] = str(delivery)
        answers.append(workflow.process({"Records": [record]}))
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])
    failed = {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert answers == [failed, failed]
    assert (job["Status"], job["FailedToComplete"]) == ("FAILED", 1)
    assert "ProcessingFailed" in job["Error"]["Message"]
