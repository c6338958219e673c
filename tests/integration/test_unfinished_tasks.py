"""What is said of a task that had to wait, and of those that a job's end cuts off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from poller.errors import RetriablePollerError
from poller.handlers import dependencies
from poller.handlers.api import cancel_job, get_job_tasks
from tests.support import workflow
from tests.support.handlers import Context, call
from tests.support.partner import Partner, serving
from tests.support.silence import SAID, Silence
from tests.support.workflow import Take, change, planned

ASKED = "GET /orders?limit=10&offset=10"


def fetch(step: dict[str, Any], number: int) -> dict[str, Any]:
    task = workflow.planned_tasks(step)[number]
    return dict(workflow.fetch_payload.handler({"JobId": step["JobId"], "Task": task}, Context()))


def deadline_passes(job_id: str) -> None:
    change(job_id, DeadlineAt=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())


def tasks_of(step: dict[str, Any]) -> list[dict[str, Any]]:
    return list(call(get_job_tasks, step["JobId"])[1]["Tasks"])


def test_a_task_that_had_to_wait_says_why_and_how_to_try_it_by_hand(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    silence = Silence(monkeypatch)

    with pytest.raises(RetriablePollerError):
        fetch(step, 1)

    (task,) = tasks_of(step)
    assert (task["State"], task["Attempts"]) == ("STARTED", silence.attempts)
    assert task["Error"] == {"Type": "TransientUpstreamError", "Message": f"{ASKED}: {SAID}", "Page": 1}
    assert "offset=10" in task["Request"]


def test_a_task_that_the_deadline_cuts_off_keeps_its_cause_and_its_curl_line(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    Silence(monkeypatch)
    with pytest.raises(RetriablePollerError):
        fetch(step, 1)
    deadline_passes(step["JobId"])

    workflow.reconcile(step["JobId"])

    tasks = {task["TaskId"]: task for task in tasks_of(step)}
    late = "the job's deadline passed with 3 of 3 tasks left"
    assert tasks["t00000001"]["Error"]["Type"] == "DeadlineExceeded"
    assert tasks["t00000001"]["Error"]["Message"] == f"{late}; last seen: {ASKED}: {SAID}"
    assert "offset=10" in tasks["t00000001"]["Request"]
    assert (tasks["t00000002"]["Error"]["Message"], tasks["t00000002"]["Request"]) == (late, None)


def test_the_deadline_that_passes_between_two_attempts_loses_no_cause(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    silence = Silence(monkeypatch)
    answer = silence.send

    def send_late(request: Any) -> Any:
        deadline_passes(step["JobId"])
        return answer(request)

    monkeypatch.setattr(dependencies.upstream(), "send", send_late)

    assert fetch(step, 0)["State"] == "SKIPPED"

    (task,) = tasks_of(step)
    assert task["Error"]["Message"] == f"GET /orders?limit=10&offset=0: {SAID}"


def test_a_task_that_the_api_held_back_says_so(aws: None) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        partner.status, partner.headers = 429, {"Retry-After": "300"}

        assert fetch(step, 1)["State"] == "SKIPPED"
        assert fetch(step, 2)["State"] == "SKIPPED"

    asked, held = tasks_of(step)
    assert asked["Error"] == {"Type": "PauseRequested", "Message": f"{ASKED}: the API answered HTTP 429", "Page": 1}
    assert held["Error"] == {"Type": "PauseRequested", "Message": "the API asked for a pause", "Page": 2}


def test_what_comes_in_the_end_has_no_error(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        with monkeypatch.context() as patch:
            Silence(patch)
            with pytest.raises(RetriablePollerError):
                fetch(step, 1)

        workflow.fetch_all(step)
    workflow.process_payload.handler(sent_messages(), Context())

    tasks = tasks_of(step)
    assert [(task["State"], task["Error"]) for task in tasks] == [("COMPLETE", None)] * 3


def test_a_job_cancelled_with_everything_there_says_so(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    workflow.process_payload.handler(sent_messages(), Context())
    call(cancel_job, step["JobId"])

    job = workflow.reconcile(step["JobId"])["Summary"]

    assert (job["Status"], job["Error"]["Type"]) == ("CANCELLED", "Cancelled")
    assert job["Error"]["Message"] == (
        "the job was cancelled when every record was in the dataset already; redriven, it ends SUCCEEDED"
    )


def test_a_job_cancelled_with_nothing_left_to_fetch_and_records_missing_does_not_say_so(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        partner.total = 28
        workflow.fetch_all(step)
    workflow.process_payload.handler(sent_messages(), Context())
    call(cancel_job, step["JobId"])

    job = workflow.reconcile(step["JobId"])["Summary"]

    assert (job["Status"], job["Error"]["Message"]) == ("CANCELLED", "the job was cancelled; redrive it to go on")
