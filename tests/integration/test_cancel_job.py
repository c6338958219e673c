"""Cancelling."""

import pytest

from poller.handlers import dependencies
from poller.handlers.api import cancel_job
from tests.support import workflow
from tests.support.faulty import once
from tests.support.handlers import EXECUTION, call, status_change
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, planned


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
    assert executions[EXECUTION] == "ABORTED"


def test_a_job_that_is_over_cannot_be_cancelled(sent_messages: Take) -> None:
    with serving(Partner(total=10)) as partner:
        job = workflow.run({"url": partner.url}, sent_messages)

    status, body = call(cancel_job, job["JobId"])

    assert (status, body["message"]) == (409, f"Job {job['JobId']} is already SUCCEEDED")
    assert workflow.status(job["JobId"]) == job


def test_a_cancel_that_is_asked_for_again_stops_the_execution_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    monkeypatch.setattr(dependencies.workflow(), "stop", once(dependencies.workflow().stop, TimeoutError()))
    with pytest.raises(TimeoutError):
        call(cancel_job, step["JobId"])

    status, _ = call(cancel_job, step["JobId"])

    assert (status, executions[EXECUTION]) == (202, "ABORTED")
