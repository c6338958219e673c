"""ReconcileJob on the status change of a workflow's execution that did not end well."""

import json
from typing import Any
from uuid import uuid4

import pytest

from poller.handlers import dependencies, reconcile_job
from poller.handlers.api import redrive_job
from poller.jobs.model import Counts, Job
from tests.support import workflow
from tests.support.handlers import EXECUTION, Context, call, status_change
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, offset, planned


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_job_whose_execution_did_not_end_well_ends_with_the_reason(sent_messages: Take, status: str) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        task = workflow.planned_tasks(step)[0]
        workflow.fetch(step["JobId"], task)
    workflow.process(sent_messages())

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


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Input by execution, for those that Step Functions still knows."""
    known: dict[str, str] = {}
    monkeypatch.setattr(dependencies.workflow(), "input", known.get)
    return known


def ended_with_a_long_input(**more: Any) -> dict[str, Any]:
    # Beyond 248 KB an input is left out: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    left_out = {"input": None, "inputDetails": {"included": False}}
    detail = {"executionArn": EXECUTION, "status": "FAILED", **left_out, **more}
    return reconcile_job.handler({"source": "aws.states", "detail": detail}, Context())


def test_a_job_whose_first_step_never_ran_ends_with_the_reason(inputs: dict[str, str]) -> None:
    job_id = str(uuid4())
    spec = {"url": "https://example.com", "headers": {"x": "x" * 255_000}}
    inputs[EXECUTION] = json.dumps({"id": job_id, "detail": spec, "time": "2026-01-01T00:00:00Z"})

    ended_with_a_long_input(error="States.DataLimitExceeded")

    job = workflow.status(job_id)
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "ExecutionEnded")
    assert job["Error"]["Message"] == (
        "the workflow's execution ended as FAILED with States.DataLimitExceeded; "
        "its spec is larger than a workflow takes: shorten it, and submit the job again"
    )


def test_a_planned_job_of_which_the_event_leaves_out_the_input_ends_too(
    sent_messages: Take, inputs: dict[str, str]
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    inputs[EXECUTION] = json.dumps({"id": step["JobId"], "detail": {"url": partner.url}})

    ended_with_a_long_input()

    job = workflow.status(step["JobId"])
    assert (job["Status"], job["FailedToComplete"]) == ("FAILED", 3)
    assert job["Error"]["Message"].endswith("redrive the job to fetch what is missing")


def test_an_execution_that_is_not_known_any_more_is_left_to_the_janitor(inputs: dict[str, str]) -> None:
    assert ended_with_a_long_input()["NextStep"] == "DONE"


def undone(job_id: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The status change of a job request's execution of which no step came as far as the table."""
    request = {"id": job_id, "detail": detail, "time": "2026-01-01T00:00:00Z"}
    change = {"executionArn": EXECUTION, "status": "FAILED", "input": json.dumps(request)}
    return reconcile_job.handler({"source": "aws.states", "detail": change}, Context())


def test_a_job_that_no_step_could_write_down_fails_with_the_reason(aws: None) -> None:
    job_id = str(uuid4())

    for _ in range(2):  # EventBridge delivers at least once
        undone(job_id, {"url": "https://api.example.com"})

    job = workflow.status(job_id)
    assert job["Status"] == "FAILED"
    assert job["Error"] == {
        "Type": "ExecutionEnded",
        "Message": "the workflow's execution ended as FAILED; it had no plan yet: submit the job again",
    }
    assert call(redrive_job, job_id)[0] == 409


def test_an_execution_of_a_job_that_has_expired_leaves_no_phantom(aws: None) -> None:
    job_id = str(uuid4())

    answer = undone(job_id, {})

    assert answer["NextStep"] == "DONE"
    assert dependencies.jobs().job(job_id) is None


def test_an_event_that_was_lost_is_sent_when_the_status_change_comes_again(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    sent: list[str] = []
    bus_is_up = iter([False, True])

    def announce(job: Job, _counts: Counts) -> dict[str, Any]:
        if not next(bus_is_up):
            raise OSError("the bus is away")
        sent.append(job.status)
        return {}

    monkeypatch.setattr(dependencies.events(), "announce", announce)
    with pytest.raises(OSError, match="the bus is away"):
        status_change(step["JobId"], "ABORTED")

    status_change(step["JobId"], "ABORTED")

    assert sent == ["FAILED"]
