"""The step that plans again, hands over and alone ends a job."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from poller.errors import MAX_MESSAGE, RetriablePollerError
from poller.handlers import dependencies, reconcile_job
from poller.jobs import next_step, reconciler, rows
from tests.support import workflow
from tests.support.faulty import once
from tests.support.handlers import EXECUTION, Context
from tests.support.partner import Partner, serving
from tests.support.rows import STOP
from tests.support.workflow import Take, change, dataset, expected, offset, planned


def test_what_never_got_fetched_is_planned_again(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10)})
        task = workflow.planned_tasks(step)[1]
        workflow.fetch(step["JobId"], task)

        again = workflow.reconcile(step["JobId"])

    assert again["NextStep"] == "FETCH"
    assert again["Plan"]["Key"].endswith("plan-1.jsonl")
    assert [t["TaskId"] for t in workflow.planned_tasks(again)] == ["t00000000", "t00000002"]


def test_rounds_without_progress_are_counted(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)

    steps = []
    for _ in range(next_step.MAX_STALLED_ROUNDS + 1):
        change(step["JobId"], ProgressAt=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
        steps.append(workflow.reconcile(step["JobId"])["NextStep"])

    assert steps == ["FETCH"] * next_step.MAX_STALLED_ROUNDS + ["DONE"]


def test_a_job_that_changed_hands_during_the_look_is_looked_at_again(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    put = dependencies.raw_payloads().put

    def taken(*args: Any) -> str:
        change(step["JobId"], ExecutionArn="another")
        return put(*args)

    monkeypatch.setattr(dependencies.raw_payloads(), "put", taken)

    answer = workflow.reconcile(step["JobId"])

    assert answer["NextStep"] == "RECONCILE"


def while_waiting(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[float]:
    """Have ReconcileJob wait between its looks, and `act` happen in the first wait; returns the waits."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            act()

    monkeypatch.setattr(reconciler, "LOOKS", (0.1, 0.2, 0.3))
    monkeypatch.setattr(reconciler.time, "sleep", sleep)
    return waited


def test_a_consumer_that_is_nearly_done_is_waited_for_in_the_call(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    waited = while_waiting(monkeypatch, lambda: workflow.process(sent_messages()))

    answer = workflow.reconcile(step["JobId"])

    assert (answer["NextStep"], answer["Summary"]["Status"], waited) == ("DONE", "SUCCEEDED", [0.1])


def test_a_consumer_that_is_not_is_left_to_the_workflows_wait(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    waited = while_waiting(monkeypatch, lambda: None)

    assert workflow.reconcile(step["JobId"])["NextStep"] == "WAIT"
    assert waited == [0.1, 0.2, 0.3]


def test_a_job_that_changes_hands_while_its_consumer_is_waited_for_is_left_alone(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    taken = {"ExecutionArn": "another", "Stop": rows.from_stop(STOP)}
    while_waiting(monkeypatch, lambda: change(step["JobId"], **taken))

    answer = workflow.reconcile(step["JobId"])

    assert answer["NextStep"] == "RECONCILE"
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


def test_the_manifest_is_there_before_the_job_says_that_it_is_over(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    workflow.process(sent_messages())
    monkeypatch.setattr(dependencies.dataset(), "put", once(dependencies.dataset().put, OSError("S3 is away")))

    with pytest.raises(OSError, match="S3 is away"):
        workflow.reconcile(step["JobId"])

    assert workflow.status(step["JobId"])["Status"] == "RUNNING"
    job = workflow.reconcile(step["JobId"])["Summary"]
    assert (job["Status"], dataset(job)) == ("SUCCEEDED", expected(10))


def test_an_end_that_takes_longer_than_the_function_goes_on_in_the_next_call(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    dependencies.jobs().request_stop(step["JobId"], STOP)
    event = {"JobId": step["JobId"], "ExecutionArn": EXECUTION, "Failure": None}
    detail = {"executionArn": EXECUTION, "status": "ABORTED", "input": json.dumps({"id": step["JobId"]})}

    answer = reconcile_job.handler(event, Context(seconds=0))
    with pytest.raises(RetriablePollerError):
        reconcile_job.handler({"source": "aws.states", "detail": detail}, Context(seconds=0))

    assert answer["NextStep"] == "RECONCILE"
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


def test_a_job_whose_preparation_crashed_ends_all_the_same(sent_messages: Take) -> None:
    job_id = "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001"
    failure = {"Error": "RetriablePollerError", "Cause": json.dumps({"errorMessage": "the time box ended"})}

    workflow.reconcile(job_id, failure=failure)

    job = workflow.status(job_id)
    assert job["Status"] == "FAILED"
    assert job["Error"] == {"Type": "RetriablePollerError", "Message": "the time box ended"}


def test_the_longest_cause_that_a_catch_hands_on_is_cut(aws: None) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html
    cause = json.dumps({"errorMessage": "m" * 32_000, "errorType": "Exception"})
    job_id = str(uuid4())

    step = workflow.reconcile(job_id, failure={"Error": "E" * 256, "Cause": cause[:32_768]})

    assert step["Summary"]["Status"] == "FAILED"
    assert len(step["Summary"]["Error"]["Message"]) <= MAX_MESSAGE


def test_near_the_last_look_the_job_goes_on_in_a_fresh_execution(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        change(step["JobId"], Visits=next_step.MAX_ITERATIONS)

        left = workflow.reconcile(step["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        again = workflow.reconcile(step["JobId"])
        workflow.prepare({}, step["JobId"], successor)
        taken = workflow.reconcile(step["JobId"], successor)
        late = workflow.reconcile(step["JobId"])

    assert (left["NextStep"], again["NextStep"], late["NextStep"]) == ("DONE", "DONE", "DONE")
    assert taken["NextStep"] == "FETCH"
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


def test_a_hand_over_whose_start_was_lost_is_started_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    change(step["JobId"], Visits=next_step.MAX_ITERATIONS)
    monkeypatch.setattr(dependencies.workflow(), "start", once(dependencies.workflow().start, TimeoutError()))
    with pytest.raises(TimeoutError):
        workflow.reconcile(step["JobId"])

    answer = workflow.reconcile(step["JobId"])

    assert answer["NextStep"] == "DONE"
    assert len(executions) == 2
