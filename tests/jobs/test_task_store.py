"""The rows of tasks and their counters: one writer at a time, whoever else writes."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poller.handlers import dependencies
from poller.jobs.model import Counts, TaskRow, TaskState
from tests.support.faulty import Faulty, cancelled, raising
from tests.support.rows import a_job, counts, saved
from tests.support.workflow import TASK


def test_of_two_first_writers_of_a_task_one_is_counted(table: Faulty) -> None:
    job = a_job()

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        dependencies.tasks().transition(job, saved(records=5))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = dependencies.tasks().transition(job, TaskRow(TASK, TaskState.STARTED))

    assert row.state is TaskState.PAYLOAD_SAVED
    assert counts(job) == Counts(payload_saved=1, pages=1, records=5, bytes=50)


def test_a_task_that_was_overtaken_between_read_and_write_stays_ahead(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, saved())

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        dependencies.tasks().transition(job, TaskRow(TASK, TaskState.COMPLETE, records=7))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = dependencies.tasks().transition(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert row.state is TaskState.COMPLETE
    assert counts(job) == Counts(complete=1, pages=1, records=7, bytes=70)


def test_a_task_that_was_put_back_and_failed_again_is_not_counted_by_its_old_numbers(table: Faulty) -> None:
    job = a_job()
    failed = TaskRow(TASK, TaskState.FAILED)
    dependencies.tasks().transition(job, saved())
    dependencies.tasks().transition(job, failed)

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        dependencies.tasks().reset(job, failed, saved=False)
        dependencies.tasks().transition(job, failed)
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = dependencies.tasks().transition(job, TaskRow(TASK, TaskState.COMPLETE))

    assert counts(job) == Counts(complete=1)
    assert row == TaskRow(TASK, TaskState.COMPLETE)


def test_a_task_that_was_put_back_and_saved_again_keeps_its_new_raw_object(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, replace(saved(), raw="old"))

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        dependencies.tasks().transition(job, TaskRow(TASK, TaskState.FAILED))
        dependencies.tasks().reset(job, TaskRow(TASK, TaskState.FAILED), saved=False)
        dependencies.tasks().transition(job, replace(saved(), raw="new"))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = dependencies.tasks().transition(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert (row.state, row.raw) == (TaskState.ENQUEUED, "new")


def test_a_task_that_was_cut_between_read_and_write_stays_cut(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, TaskRow(TASK, TaskState.STARTED))

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        dependencies.tasks().transition(job, TaskRow(TASK, TaskState.STARTED, goes_on_at=1))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = dependencies.tasks().transition(job, replace(saved(), raw="whole"))

    assert row == TaskRow(TASK, TaskState.STARTED, goes_on_at=1)


@pytest.mark.parametrize(
    "reasons",
    [
        ("TransactionConflict", "None"),
        ("None", "TransactionConflict"),
        ("ThrottlingError", "None"),
        ("None", "ProvisionedThroughputExceeded"),
        ("ConditionalCheckFailed", "None"),
    ],
)
def test_a_transaction_that_met_another_is_tried_again(table: Faulty, reasons: tuple[str, ...]) -> None:
    job = a_job()
    table.faults["transact_write_items"] = [raising(cancelled(*reasons))] * 5

    row = dependencies.tasks().transition(job, saved())

    assert row.state is TaskState.PAYLOAD_SAVED
    assert counts(job) == Counts(payload_saved=1, pages=1, records=7, bytes=70)


@pytest.mark.parametrize("code", ["TransactionInProgressException", "ThrottlingException"])
def test_a_transaction_that_was_throttled_is_tried_again(table: Faulty, code: str) -> None:
    job = a_job()
    busy = ClientError({"Error": {"Code": code, "Message": "busy"}}, "TransactWriteItems")
    table.faults["transact_write_items"] = [raising(busy)] * 5

    row = dependencies.tasks().transition(job, saved())

    assert row.state is TaskState.PAYLOAD_SAVED


def test_a_transaction_that_can_never_succeed_is_not_tried_again(table: Faulty) -> None:
    job = a_job()
    table.faults["transact_write_items"] = [raising(cancelled("ValidationError", "TransactionConflict"))]

    with pytest.raises(ClientError):
        dependencies.tasks().transition(job, saved())

    assert [name for name, _ in table.asked].count("transact_write_items") == 1


def test_a_commit_whose_answer_was_lost_is_counted_once(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, saved())

    def lost(whole: Any, request: dict[str, Any]) -> None:
        whole(**request)
        raise cancelled("None", "TransactionConflict")

    table.faults["transact_write_items"] = [lost]

    row = dependencies.tasks().transition(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert row.state is TaskState.ENQUEUED
    assert counts(job) == Counts(enqueued=1, pages=1, records=7, bytes=70)


def test_only_a_failed_task_is_put_back(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, TaskRow(TASK, TaskState.COMPLETE, pages=1, records=7, bytes=70))

    dependencies.tasks().reset(job, TaskRow(TASK, TaskState.FAILED), saved=True)

    assert counts(job) == Counts(complete=1, pages=1, records=7, bytes=70)
