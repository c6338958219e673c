"""RecordUnprocessedTask: what becomes of a message that ProcessPayload never said a word about."""

import json
from typing import Any

import pytest

from poller.handlers import dependencies, record_unprocessed_task
from poller.jobs.model import TaskState
from tests.support import workflow
from tests.support.handlers import Context, as_record
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, planned

NONE_AGAIN = {"batchItemFailures": []}


def fetched(total: int) -> str:
    """A job whose pages of ten wait to be processed; its id."""
    with serving(Partner(total=total)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    return str(step["JobId"])


def give_up(*records: dict[str, Any]) -> dict[str, Any]:
    return record_unprocessed_task.handler({"Records": list(records)}, Context())


def state(job_id: str, record: dict[str, Any]) -> TaskState:
    row = dependencies.tasks().task(job_id, json.loads(record["body"])["TaskId"])
    assert row
    return row.state


def test_a_task_whose_consumer_never_said_a_word_is_failed_and_its_job_ends(sent_messages: Take) -> None:
    job_id = fetched(20)
    timed_out, processed = sent_messages()["Records"]
    workflow.process({"Records": [processed]})

    answer = give_up(timed_out)
    summary = workflow.reconcile(job_id)["Summary"]

    assert answer == NONE_AGAIN
    assert (summary["Status"], summary["SuccessfullyCompleted"], summary["FailedToComplete"]) == ("PARTIAL", 1, 1)
    assert "ProcessingFailed" in summary["Error"]["Message"]
    assert "timed out, out of memory or throttled" in summary["Error"]["Message"]


def test_a_task_that_has_an_end_already_keeps_it(sent_messages: Take) -> None:
    job_id = fetched(10)
    (record,) = sent_messages()["Records"]
    workflow.process({"Records": [record]})

    answer = give_up(record)

    assert answer == NONE_AGAIN
    assert state(job_id, record) is TaskState.COMPLETE


def test_a_reason_that_the_consumer_gave_stays(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = fetched(10)
    (record,) = sent_messages()["Records"]
    record["attributes"]["ApproximateReceiveCount"] = "5"

    def broken(*_: Any) -> None:
        raise OSError("S3 is away")

    monkeypatch.setattr(dependencies.dataset(), "put", broken)
    workflow.process({"Records": [record]})
    give_up(record)

    assert "OSError" in workflow.reconcile(job_id)["Summary"]["Error"]["Message"]


def test_a_task_that_is_fetched_again_is_left_alone(sent_messages: Take) -> None:
    job_id = fetched(10)
    (record,) = sent_messages()["Records"]
    give_up(record)
    task = dependencies.tasks().task(job_id, json.loads(record["body"])["TaskId"])
    job = dependencies.jobs().job(job_id)
    assert job
    assert task
    dependencies.tasks().reset(job, task, saved=False)  # as a redrive does

    answer = give_up(record)

    assert answer == NONE_AGAIN
    assert dependencies.tasks().task(job_id, task.task_id) is None


def test_a_job_that_is_over_is_left_alone(sent_messages: Take) -> None:
    job_id = fetched(10)
    (record,) = sent_messages()["Records"]
    give_up(record)
    before = workflow.reconcile(job_id)["Summary"]

    answer = give_up(record)

    assert answer == NONE_AGAIN
    assert workflow.status(job_id) == before


def test_what_is_no_message_of_ours_stays_on_the_queue_and_holds_up_no_other(sent_messages: Take) -> None:
    job_id = fetched(10)
    (record,) = sent_messages()["Records"]

    answer = give_up(as_record({"MessageId": "poison", "Body": "{"}), record)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "poison"}]}
    assert state(job_id, record) is TaskState.FAILED
