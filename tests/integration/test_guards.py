"""Guards that only show when something goes wrong at the right moment, each with the one test that misses it.

tests/mutants takes the guards away one by one.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from poller.datasets.records import compressed
from poller.errors import HeldBack, JobRejected, JobStopped, RetriablePollerError, UpstreamRefused
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Gate
from poller.handlers import dependencies as edges
from poller.handlers import fetch_payload, janitor, prepare_poller_job, process_payload, record_undelivered_job
from poller.handlers.api import cancel_job, redrive_job
from poller.jobs import next_step as rules
from poller.jobs.events import JobEvents
from poller.jobs.model import Counts, Job, JobStatus, TaskRow, TaskState
from poller.jobs.workflow import Workflow
from poller.specs.model import JobSpec
from poller.values import PageRequest
from tests.integration import workflow
from tests.integration.conftest import Context, as_record
from tests.integration.partner import Partner, serving
from tests.integration.test_jobs import dataset, expected, offset
from tests.integration.test_survival import call, change, executions, planned, status_change

Take = Callable[[], dict[str, Any]]
TASK = "t00000000"
STOP = {"Status": "CANCELLED", "Error": {"Type": "Cancelled", "Message": "the job was cancelled"}}
__all__ = ["executions"]


class Faulty:
    """A DynamoDB client whose next calls go wrong in the ways that are queued, by operation."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.faults: dict[str, list[Callable[[Any, dict[str, Any]], Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        whole = getattr(self._client, name)
        if not callable(whole):
            return whole

        def operation(*args: Any, **request: Any) -> Any:
            self.asked.append((name, request))
            queued = self.faults.get(name)
            return queued.pop(0)(whole, request) if queued else whole(*args, **request)

        return operation


def cancelled(*reasons: str) -> ClientError:
    """As DynamoDB refuses a transaction."""
    answer = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in reasons],
    }
    return ClientError(answer, "TransactWriteItems")  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> None:
        raise error

    return fail


def once(call: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """`call`, except that it raises the first time."""
    errors = [error]

    def called(*args: Any, **kwargs: Any) -> Any:
        if errors:
            raise errors.pop()
        return call(*args, **kwargs)

    return called


@pytest.fixture
def table(aws: None) -> Faulty:
    client = Faulty(edges.table().client)
    edges.table().client = client
    edges.table()._sleep = lambda _: None
    return client


def a_job(**fields: Any) -> Job:
    usual = Job(str(uuid4()), "n", JobStatus.RUNNING, workflow.EXECUTION, "2026-01-01T00:00:00Z", 2_000_000_000)
    return edges.jobs().claim(replace(usual, **fields))


def counts(job: Job) -> Counts:
    found = edges.jobs().snapshot(job.job_id)
    assert found is not None
    return found[1]


def saved(records: int = 7) -> TaskRow:
    return TaskRow(TASK, TaskState.PAYLOAD_SAVED, pages=1, records=records, bytes=records * 10)


# The task store: one writer at a time, whoever else writes


def test_of_two_first_writers_of_a_task_one_is_counted(table: Faulty) -> None:
    job = a_job()

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        edges.tasks().advance(job, saved(records=5))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = edges.tasks().advance(job, TaskRow(TASK, TaskState.STARTED))

    assert row.state is TaskState.PAYLOAD_SAVED
    assert counts(job) == Counts(payload_saved=1, pages=1, records=5, bytes=50)


def test_a_task_that_was_overtaken_between_read_and_write_stays_ahead(table: Faulty) -> None:
    job = a_job()
    edges.tasks().advance(job, saved())

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        edges.tasks().advance(job, TaskRow(TASK, TaskState.COMPLETE, records=7))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = edges.tasks().advance(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert row.state is TaskState.COMPLETE
    assert counts(job) == Counts(complete=1, pages=1, records=7, bytes=70)


def test_a_task_that_was_put_back_and_failed_again_is_not_counted_by_its_old_numbers(table: Faulty) -> None:
    job = a_job()
    failed = TaskRow(TASK, TaskState.FAILED)
    edges.tasks().advance(job, saved())
    edges.tasks().advance(job, failed)

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        edges.tasks().put_back(job, failed, saved=False)
        edges.tasks().advance(job, failed)
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = edges.tasks().advance(job, TaskRow(TASK, TaskState.COMPLETE))

    assert counts(job) == Counts(complete=1)
    assert row == TaskRow(TASK, TaskState.COMPLETE)


def test_a_task_that_was_put_back_and_saved_again_keeps_its_new_raw_object(table: Faulty) -> None:
    job = a_job()
    edges.tasks().advance(job, replace(saved(), raw="old"))

    def rival(whole: Any, request: dict[str, Any]) -> Any:
        edges.tasks().advance(job, TaskRow(TASK, TaskState.FAILED))
        edges.tasks().put_back(job, TaskRow(TASK, TaskState.FAILED), saved=False)
        edges.tasks().advance(job, replace(saved(), raw="new"))
        return whole(**request)

    table.faults["transact_write_items"] = [rival]

    row = edges.tasks().advance(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert (row.state, row.raw) == (TaskState.ENQUEUED, "new")


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

    row = edges.tasks().advance(job, saved())

    assert row.state is TaskState.PAYLOAD_SAVED
    assert counts(job) == Counts(payload_saved=1, pages=1, records=7, bytes=70)


@pytest.mark.parametrize("code", ["TransactionInProgressException", "ThrottlingException"])
def test_a_transaction_that_was_throttled_is_tried_again(table: Faulty, code: str) -> None:
    job = a_job()
    busy = ClientError({"Error": {"Code": code, "Message": "busy"}}, "TransactWriteItems")
    table.faults["transact_write_items"] = [raising(busy)] * 5

    row = edges.tasks().advance(job, saved())

    assert row.state is TaskState.PAYLOAD_SAVED


def test_a_transaction_that_can_never_succeed_is_not_tried_again(table: Faulty) -> None:
    job = a_job()
    table.faults["transact_write_items"] = [raising(cancelled("ValidationError", "TransactionConflict"))]

    with pytest.raises(ClientError):
        edges.tasks().advance(job, saved())

    assert [name for name, _ in table.asked].count("transact_write_items") == 1


def test_a_commit_whose_answer_was_lost_is_counted_once(table: Faulty) -> None:
    job = a_job()
    edges.tasks().advance(job, saved())

    def lost(whole: Any, request: dict[str, Any]) -> None:
        whole(**request)
        raise cancelled("None", "TransactionConflict")

    table.faults["transact_write_items"] = [lost]

    row = edges.tasks().advance(job, TaskRow(TASK, TaskState.ENQUEUED))

    assert row.state is TaskState.ENQUEUED
    assert counts(job) == Counts(enqueued=1, pages=1, records=7, bytes=70)


def test_only_a_failed_task_is_put_back(table: Faulty) -> None:
    job = a_job()
    edges.tasks().advance(job, TaskRow(TASK, TaskState.COMPLETE, pages=1, records=7, bytes=70))

    edges.tasks().put_back(job, TaskRow(TASK, TaskState.FAILED), saved=True)

    assert counts(job) == Counts(complete=1, pages=1, records=7, bytes=70)


def unanswered(whole: Any, request: dict[str, Any]) -> Any:
    """DynamoDB answers for the first key only."""
    ((name, asked),) = request["RequestItems"].items()
    first, rest = asked["Keys"][:1], asked["Keys"][1:]
    answer = whole(RequestItems={name: {**asked, "Keys": first}})
    return {**answer, "UnprocessedKeys": {name: {**asked, "Keys": rest}} if rest else {}}


def test_keys_that_dynamodb_left_out_are_asked_for_again(table: Faulty) -> None:
    job = a_job()
    edges.tasks().advance(job, saved())
    table.faults["batch_get_item"] = [unanswered] * 5

    found = edges.jobs().snapshot(job.job_id)

    assert found == (job, Counts(payload_saved=1, pages=1, records=7, bytes=70))


def test_counters_that_cannot_be_read_whole_are_not_taken_for_the_whole(table: Faulty) -> None:
    job = a_job()
    nothing = {"Responses": {}, "UnprocessedKeys": {"PollerTasksTable": {"Keys": []}}}
    table.faults["batch_get_item"] = [lambda *_: nothing] * 100

    with pytest.raises(RetriablePollerError):
        edges.jobs().snapshot(job.job_id)


def test_every_read_that_decides_is_consistent(table: Faulty) -> None:
    job = a_job()
    edges.jobs().job(job.job_id)
    edges.tasks().task(job.job_id, TASK)
    edges.jobs().snapshot(job.job_id)
    with_pages = table._client.get_paginator("query")
    table.get_paginator = lambda _: Recording(with_pages, table.asked)
    list(edges.tasks().tasks(job.job_id))

    reads = [(name, request) for name, request in table.asked if name in ("get_item", "batch_get_item", "query")]

    assert {name for name, _ in reads} == {"get_item", "batch_get_item", "query"}
    for name, request in reads:
        whole = request["RequestItems"]["PollerTasksTable"] if name == "batch_get_item" else request
        assert whole["ConsistentRead"] is True, name


@dataclass
class Recording:
    paginator: Any
    asked: list[tuple[str, dict[str, Any]]]

    def paginate(self, **request: Any) -> Any:
        self.asked.append(("query", request))
        return self.paginator.paginate(**request)


# The job's row: who may change it, and when


def test_a_job_in_other_hands_is_not_written(aws: None) -> None:
    job = a_job()
    change(job.job_id, ExecutionArn="another")

    written = edges.jobs().save(job, replace(job, visits=3))

    assert not written
    assert edges.jobs().job(job.job_id) == replace(job, execution_arn="another")


@pytest.mark.parametrize("status", [status for status in JobStatus if status.is_final])
def test_a_job_that_is_over_is_not_written(aws: None, status: JobStatus) -> None:
    job = a_job(status=status)

    written = edges.jobs().save(job, replace(job, status=JobStatus.RUNNING))
    stopped = edges.jobs().request_stop(job.job_id, STOP)
    edges.jobs().hold_back(job.job_id, 2_000_000_000)

    assert (written, stopped) == (False, False)
    assert edges.jobs().job(job.job_id) == job


def test_the_first_verdict_stands(aws: None) -> None:
    job = a_job()

    answers = [edges.jobs().request_stop(job.job_id, {**STOP, "Status": status}) for status in ("CANCELLED", "FAILED")]

    assert answers == [True, False]
    assert edges.jobs().job(job.job_id) == replace(job, stop=STOP)


def test_a_verdict_of_an_earlier_owner_is_not_heard(aws: None) -> None:
    job = a_job()
    change(job.job_id, ExecutionArn="another")

    answer = edges.jobs().request_stop(job.job_id, STOP, job.execution_arn)

    change(job.job_id, ExecutionArn=job.execution_arn, Successor="another")
    handed_over = edges.jobs().request_stop(job.job_id, STOP, job.execution_arn)

    assert (answer, handed_over) == (False, False)
    assert edges.jobs().job(job.job_id) == replace(job, successor="another")


def test_a_pause_is_never_shortened(aws: None) -> None:
    job = a_job()

    for not_before in (2_000_000_000, 1_900_000_000):
        edges.jobs().hold_back(job.job_id, not_before)

    assert edges.jobs().job(job.job_id) == replace(job, not_before=2_000_000_000)


def test_a_job_is_handed_over_once(aws: None) -> None:
    job = a_job()

    answers = [edges.jobs().hand_over(job, successor, {}) for successor in ("second", "third")]

    assert answers == [True, False]
    found = edges.jobs().job(job.job_id)
    assert found is not None
    assert found.successor == "second"


def test_only_the_named_successor_takes_over(aws: None) -> None:
    job = a_job(successor="second")

    answers = [edges.jobs().take_over(job, execution) for execution in ("third", "second", "second")]

    assert answers == [False, True, False]
    assert edges.jobs().job(job.job_id) == replace(job, execution_arn="second", successor=None, executions=2)


def test_an_id_that_is_none_begins_no_job(aws: None) -> None:
    job_id = "../other"

    with pytest.raises(JobRejected):
        workflow.prepare({"url": "https://x"}, job_id)

    assert edges.jobs().job(job_id) is None


# Fetching: who asks, how often, and what a late answer may change


def test_a_fetch_that_fails_after_another_saved_the_pages_changes_nothing(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    job = edges.jobs().job(step["JobId"])
    assert job is not None

    def overtaken(_: Any) -> None:
        edges.tasks().advance(job, saved(records=10))
        raise UpstreamRefused("the API answered HTTP 404")

    monkeypatch.setattr(edges.upstream(), "send", overtaken)

    states = workflow.fetch_all(step)

    row = edges.tasks().task(job.job_id, TASK)
    assert states == ["ENQUEUED"]
    assert row is not None
    assert (row.state, row.error) == (TaskState.ENQUEUED, None)


def test_a_child_that_runs_twice_asks_and_sends_once(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        asked = len(partner.requests)

        states = workflow.fetch_all(step)

        assert len(partner.requests) == asked
    assert states == ["ENQUEUED"] * 3
    assert len(sent_messages()["Records"]) == 3


def test_a_child_of_a_failed_task_does_not_ask_again(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        asked = len(partner.requests)

        states = workflow.fetch_all(step)

        assert len(partner.requests) == asked
    assert states == ["ENQUEUED", "ENQUEUED", "FAILED"]


def test_a_child_that_begins_after_the_stop_leaves_no_trace(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        edges.jobs().request_stop(step["JobId"], STOP)

        states = workflow.fetch_all(step)

    assert states == ["SKIPPED"] * 3
    assert list(edges.tasks().tasks(step["JobId"])) == []


def test_a_child_that_begins_after_the_end_is_skipped(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        workflow.process_payload.handler(sent_messages(), Context())
        assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "PARTIAL"

        states = workflow.fetch_all(step)

    assert states == ["SKIPPED"] * 3


def gate(job: Job | None, told: list[int] | None = None) -> Gate:
    """What a worker of `job` passes; the pauses that it publishes go to `told`."""
    return Gate(lambda: job, told.append if told is not None else None, sleep=lambda _: None)


@pytest.mark.parametrize("fields", [{"stop": STOP}, {"status": JobStatus.PARTIAL}, {"deadline_at": "2026-01-01"}])
def test_a_worker_in_the_middle_of_its_pages_stops_with_its_job(aws: None, fields: dict[str, Any]) -> None:
    job = a_job(**fields)

    with pytest.raises(JobStopped):
        gate(job).wait()


def test_a_worker_whose_job_is_gone_stops(aws: None) -> None:
    closed = gate(None)

    with pytest.raises(JobStopped):
        closed.wait()


def test_a_long_pause_is_left_to_the_workflow_and_a_short_one_is_waited() -> None:
    slept: list[float] = []
    short, long = Gate(sleep=slept.append), Gate(sleep=slept.append)
    short.close_for(5)
    long.close_for(120)

    short.wait()
    with pytest.raises(HeldBack) as held:
        long.wait()

    assert len(slept) == 1
    assert 4 < slept[0] <= 9
    assert held.value.not_before >= time.time() + 118


def test_a_pause_that_another_worker_met_holds_this_one(aws: None) -> None:
    job = a_job(not_before=int(time.time()) + 120)

    with pytest.raises(HeldBack) as held:
        gate(job).wait()

    assert held.value.not_before == job.not_before


def test_a_shorter_pause_does_not_end_a_longer_one(aws: None) -> None:
    told: list[int] = []
    closed = gate(a_job(), told)

    closed.close_for(120)
    closed.close_for(1)

    with pytest.raises(HeldBack):
        closed.wait()
    assert len(told) == 1


def test_no_page_is_asked_for_after_the_time_box() -> None:
    asked: list[Any] = []

    class Silent:
        def send(self, request: Any) -> None:
            asked.append(request)
            raise AssertionError("asked")

    fetcher = PageFetcher(Silent(), JobSpec("https://x"), time.monotonic() - 1, Gate())  # type: ignore[arg-type]

    with pytest.raises(RetriablePollerError):
        fetcher.fetch(PageRequest("GET", "https://x", {}))

    assert asked == []


class Clamping(Partner):
    """Serves its last page again for every offset beyond `last`."""

    last = 40

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        return super().page({**query, "offset": str(min(int(query["offset"]), self.last))}, earlier)


def test_a_page_that_repeats_the_one_before_it_is_a_loop(sent_messages: Take) -> None:
    with serving(Clamping(total=60)) as partner:
        step = planned(partner)
        change(step["JobId"], PagesPerTask=3)
        last = {"TaskId": "t00000001", "FirstPage": 3, "Pages": 3}

        answer = fetch_payload.handler({"JobId": step["JobId"], "Task": last}, Context())

    row = edges.tasks().task(step["JobId"], "t00000001")
    assert answer["State"] == "FAILED"
    assert row is not None
    assert row.error is not None
    assert (row.error["Type"], row.error["Page"]) == ("PaginationLoop", 5)


def test_pages_that_are_empty_by_now_are_no_loop(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        change(step["JobId"], PagesPerTask=3)
        partner.total = 10
        whole = {"TaskId": TASK, "FirstPage": 0, "Pages": 3}

        answer = fetch_payload.handler({"JobId": step["JobId"], "Task": whole}, Context())

    assert answer["State"] == "ENQUEUED"


# Processing: what a message may do, and in what order


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

    answer = process_payload.handler({"Records": [message("odd", body, job_id, task_id)]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert workflow.status(step["JobId"])["Enqueued"] == 1


@pytest.mark.parametrize("ended", [True, False])
def test_a_message_that_comes_after_the_verdict_changes_nothing(sent_messages: Take, ended: bool) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    if ended:
        edges.tasks().advance(edges.jobs().job(step["JobId"]), failed_task())  # type: ignore[arg-type]
        assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "FAILED"
    else:
        edges.jobs().request_stop(step["JobId"], STOP)
    before = workflow.status(step["JobId"])

    answer = process_payload.handler(sent_messages(), Context())

    assert answer == {"batchItemFailures": []}
    assert workflow.status(step["JobId"]) == before
    assert edges.raw_payloads().has(workflow.raw_key(step["JobId"], TASK))


def failed_task() -> TaskRow:
    return TaskRow(TASK, TaskState.FAILED, error={"Type": "NoProgress", "Message": "given up"})


@pytest.mark.parametrize("lost", ["dataset", "row"])
def test_raw_pages_stay_until_their_task_is_complete(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    (delivered,) = sent_messages()["Records"]
    owner, name = (type(edges.dataset()), "put") if lost == "dataset" else (type(edges.tasks()), "advance")
    monkeypatch.setattr(owner, name, once(getattr(owner, name), RetriablePollerError("away")))

    first = process_payload.handler({"Records": [delivered]}, Context())
    second = process_payload.handler({"Records": [delivered]}, Context())

    assert (len(first["batchItemFailures"]), len(second["batchItemFailures"])) == (1, 0)
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"


def test_raw_pages_that_were_left_over_go_with_the_next_delivery(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    batch = sent_messages()
    monkeypatch.setattr(edges.raw_payloads(), "delete", once(edges.raw_payloads().delete, OSError("S3 is away")))
    assert len(process_payload.handler(batch, Context())["batchItemFailures"]) == 1
    assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "SUCCEEDED"

    answer = process_payload.handler(batch, Context())

    assert answer == {"batchItemFailures": []}
    assert not edges.raw_payloads().has(workflow.raw_key(step["JobId"], TASK))


def test_a_consumer_that_was_overtaken_by_another_is_content(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    batch = sent_messages()
    get = edges.raw_payloads().get

    def overtaken(key: str) -> bytes | None:
        monkeypatch.setattr(edges.raw_payloads(), "get", get)
        process_payload.process_message(SQSRecord(batch["Records"][0]))
        return get(key)

    monkeypatch.setattr(edges.raw_payloads(), "get", overtaken)

    answer = process_payload.handler(batch, Context())

    assert answer == {"batchItemFailures": []}
    assert workflow.status(step["JobId"])["SuccessfullyCompleted"] == 1


def test_a_raw_page_that_is_none_fails_its_task_at_once(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    edges.raw_payloads().put(workflow.raw_key(step["JobId"], TASK), compressed(['{"other": 1}']), "application/gzip")

    answer = process_payload.handler(sent_messages(), Context())

    row = edges.tasks().task(step["JobId"], TASK)
    assert answer == {"batchItemFailures": []}
    assert row is not None
    assert row.error is not None
    assert (row.state, row.error["Type"]) == (TaskState.FAILED, "InvalidPayload")


# Ending, handing over and running again


def test_the_manifest_is_there_before_the_job_says_that_it_is_over(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    process_payload.handler(sent_messages(), Context())
    monkeypatch.setattr(edges.dataset(), "put", once(edges.dataset().put, OSError("S3 is away")))

    with pytest.raises(OSError, match="S3 is away"):
        workflow.reconcile(step["JobId"])

    assert workflow.status(step["JobId"])["Status"] == "RUNNING"
    job = workflow.reconcile(step["JobId"])["Summary"]
    assert (job["Status"], dataset(job)) == ("SUCCEEDED", expected(10))


def test_rounds_without_progress_are_counted(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)

    steps = []
    for _ in range(rules.IDLE_ROUNDS + 1):
        change(step["JobId"], ProgressAt=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
        steps.append(workflow.reconcile(step["JobId"])["NextStep"])

    assert steps == ["FETCH"] * rules.IDLE_ROUNDS + ["DONE"]


def test_a_job_that_changed_hands_during_the_look_is_looked_at_again(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    put = edges.raw_payloads().put

    def taken(*args: Any) -> str:
        change(step["JobId"], ExecutionArn="another")
        return put(*args)

    monkeypatch.setattr(edges.raw_payloads(), "put", taken)

    answer = workflow.reconcile(step["JobId"])

    assert answer["NextStep"] == "RECONCILE"


def test_a_plan_that_came_too_late_is_not_fetched(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = str(uuid4())
    put = edges.raw_payloads().put

    def ended(*args: Any) -> str:
        change(job_id, Status="FAILED")
        return put(*args)

    monkeypatch.setattr(edges.raw_payloads(), "put", ended)
    with serving(Partner(total=10)) as partner:
        step = workflow.prepare({"url": partner.url}, job_id)

    assert step["NextStep"] == "RECONCILE"
    assert workflow.status(job_id)["Status"] == "FAILED"


def test_a_hand_over_whose_start_was_lost_is_started_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    change(step["JobId"], Visits=rules.MOST_VISITS)
    monkeypatch.setattr(edges.workflow(), "start", once(edges.workflow().start, TimeoutError()))
    with pytest.raises(TimeoutError):
        workflow.reconcile(step["JobId"])

    answer = workflow.reconcile(step["JobId"])

    assert answer["NextStep"] == "DONE"
    assert len(executions) == 2


def test_an_execution_that_handed_its_job_over_does_not_go_on_with_it(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
        assert call(redrive_job, job["JobId"])[0] == 202

        late = workflow.prepare({}, job["JobId"])

    after = workflow.status(job["JobId"])
    assert late["NextStep"] == "DONE"
    assert (after["Status"], after["FailedToComplete"]) == ("PENDING", 1)


def test_a_first_step_that_runs_twice_takes_back_no_failure(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)

        again = workflow.prepare({}, step["JobId"])

    assert again["NextStep"] == "RECONCILE"
    assert workflow.status(step["JobId"])["FailedToComplete"] == 1


def test_redrive_fetches_again_what_is_no_longer_there(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        sent_messages()  # lost
        status_change(step["JobId"], "ABORTED")
        edges.raw_payloads().delete(workflow.raw_key(step["JobId"], TASK))  # as its lifecycle rule would
        call(redrive_job, step["JobId"])
        (successor,) = set(executions) - {workflow.EXECUTION}
        partner.requests.clear()

        workflow.prepare({}, step["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(step["JobId"], successor))
        process_payload.handler(sent_messages(), Context())
        workflow.reconcile(step["JobId"], successor)

        assert partner.requests == [{"limit": "10", "offset": "0"}]
    job = workflow.status(step["JobId"])
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 10)


def test_a_probe_that_is_asked_to_wait_for_ever_is_given_up(sent_messages: Take) -> None:
    with serving(Partner(status=429, headers={"Retry-After": "60"})) as partner:
        job_id = str(uuid4())
        steps = [workflow.prepare({"url": partner.url}, job_id)["NextStep"]]
        change(job_id, Preparations=prepare_poller_job._MOST_PREPARATIONS - 2)
        steps += [workflow.prepare({"url": partner.url}, job_id)["NextStep"] for _ in range(2)]

    workflow.reconcile(job_id)

    assert steps == ["PREPARE_LATER"] * 2 + ["RECONCILE"]
    assert workflow.status(job_id)["Error"]["Type"] == "UpstreamUnavailable"


def test_an_end_that_takes_longer_than_the_function_goes_on_in_the_next_call(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    edges.jobs().request_stop(step["JobId"], STOP)
    event = {"JobId": step["JobId"], "ExecutionArn": workflow.EXECUTION, "Failure": None}
    detail = {"executionArn": workflow.EXECUTION, "status": "ABORTED", "input": json.dumps({"id": step["JobId"]})}

    answer = workflow.reconcile_job.handler(event, Context(seconds=0))
    with pytest.raises(RetriablePollerError):
        workflow.reconcile_job.handler({"source": "aws.states", "detail": detail}, Context(seconds=0))

    assert answer["NextStep"] == "RECONCILE"
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


def test_the_janitor_leaves_young_and_finished_jobs_alone(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[Any] = []
    young = a_job(started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), execution_arn="not there yet")
    handed = a_job(handed_over_at=datetime.now(UTC).isoformat(), successor="not there yet")
    over = a_job(status=JobStatus.FAILED, execution_arn="gone")
    monkeypatch.setattr(edges.events(), "state_changed", announced.append)

    answer = janitor.handler({}, Context())

    assert (answer, announced) == ({"Ended": []}, [])
    assert [edges.jobs().job(job.job_id) for job in (young, handed, over)] == [young, handed, over]


def test_an_undelivered_copy_of_a_job_that_runs_changes_nothing(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[Any] = []
    monkeypatch.setattr(edges.events(), "state_changed", announced.append)
    job = a_job()
    copy = as_record({"MessageId": "1", "Body": json.dumps({"id": job.job_id, "time": "2026-01-01T00:00:00Z"})})
    foreign = as_record({"MessageId": "2", "Body": json.dumps({"id": "../x", "time": "2026-01-01T00:00:00Z"})})

    answer = record_undelivered_job.handler({"Records": [copy, foreign]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert edges.jobs().job(job.job_id) == job
    assert announced == []


def test_a_cancel_that_is_asked_for_again_stops_the_execution_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    monkeypatch.setattr(edges.workflow(), "stop", once(edges.workflow().stop, TimeoutError()))
    with pytest.raises(TimeoutError):
        call(cancel_job, step["JobId"])

    status, _ = call(cancel_job, step["JobId"])

    assert (status, executions[workflow.EXECUTION]) == (202, "ABORTED")


# What AWS answers


class Refusing:
    """A client whose every call is refused with one error code."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return raising_any(ClientError({"Error": {"Code": self._code, "Message": ""}}, name))


def raising_any(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_an_execution_that_was_started_before_is_no_error() -> None:
    known, broken = Workflow(Refusing("ExecutionAlreadyExists")), Workflow(Refusing("AccessDeniedException"))

    known.start(workflow.EXECUTION, "job", "2026-01-01T00:00:00Z")

    with pytest.raises(ClientError):
        broken.start(workflow.EXECUTION, "job", "2026-01-01T00:00:00Z")


def test_only_an_execution_that_does_not_exist_is_missing() -> None:
    gone, broken = Workflow(Refusing("ExecutionDoesNotExist")), Workflow(Refusing("ThrottlingException"))

    status = gone.status(workflow.EXECUTION)

    assert status == "MISSING"
    with pytest.raises(ClientError):
        broken.status(workflow.EXECUTION)


def test_an_event_that_the_bus_did_not_take_is_sent_again() -> None:
    class Full:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    events = JobEvents(Full(), "bus")

    with pytest.raises(RetriablePollerError, match="ThrottlingException"):
        events.state_changed({})
