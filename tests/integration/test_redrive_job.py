"""Running again what failed."""

import json
from typing import Any

import pytest

from poller.errors import UpstreamRefused
from poller.handlers import dependencies
from poller.handlers.api import cancel_job, redrive_job
from poller.jobs.job_store import JobStore
from tests.support import workflow
from tests.support.handlers import EXECUTION, call, status_change
from tests.support.partner import Partner, serving
from tests.support.workflow import TASK, Take, change, dataset, expected, offset, partial, planned


def test_redrive_runs_only_what_failed_under_the_same_id(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
        partner.refuses_page_from = None
        partner.requests.clear()

        status, _ = call(redrive_job, job["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        step = workflow.prepare({}, job["JobId"], successor)
        while step["NextStep"] != "DONE":
            if step["NextStep"] == "FETCH":
                workflow.fetch_all(step)
                workflow.process(sent_messages())
            step = workflow.reconcile(job["JobId"], successor)

        assert [request["offset"] for request in partner.requests] == [
            "20",
            "30",
            "0",
        ]  # behind the end, and the first again
    after = workflow.status(job["JobId"])
    assert status == 202
    assert (after["Status"], after["JobId"], after["ExecutionArn"]) == ("SUCCEEDED", job["JobId"], successor)
    assert (after["Pages"], after["RecordsReceived"], after["FailedToComplete"]) == (3, 30, 0)
    assert dataset(after) == expected(30)


def test_the_days_before_a_redrive_are_no_running_time(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)  # began in January
        change(job["JobId"], RunSeconds=10)

        call(redrive_job, job["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        running = workflow.status(job["JobId"])
        workflow.prepare({}, job["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(job["JobId"], successor))
        workflow.process(sent_messages())
        workflow.reconcile(job["JobId"], successor)

    after = workflow.status(job["JobId"])
    assert job["RunSeconds"] > 86_400
    assert (running["FinishedAt"], running["RunSeconds"]) == (None, None)
    assert after["Status"] == "SUCCEEDED"
    assert 10 <= after["RunSeconds"] < 3600
    assert after["StartedAt"] < after["RedrivenAt"] <= after["FinishedAt"]


def test_redrive_only_sends_again_what_is_still_there(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        sent_messages()  # lost
        status_change(step["JobId"], "ABORTED")
        assert workflow.status(step["JobId"])["FailedToComplete"] == 3
        partner.requests.clear()

        call(redrive_job, step["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        workflow.prepare({}, step["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(step["JobId"], successor))
        workflow.process(sent_messages())
        workflow.reconcile(step["JobId"], successor)

        assert partner.requests == []
    job = workflow.status(step["JobId"])
    assert (job["Status"], job["Pages"], job["RecordsReceived"]) == ("SUCCEEDED", 3, 30)
    assert dataset(job) == expected(30)


def test_redrive_fetches_again_what_is_no_longer_there(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        sent_messages()  # lost
        status_change(step["JobId"], "ABORTED")
        dependencies.raw_payloads().delete(workflow.raw_key(step["JobId"], TASK))  # as its lifecycle rule would
        call(redrive_job, step["JobId"])
        (successor,) = set(executions) - {EXECUTION}
        partner.requests.clear()

        workflow.prepare({}, step["JobId"], successor)
        workflow.fetch_all(workflow.reconcile(step["JobId"], successor))
        workflow.process(sent_messages())
        workflow.reconcile(step["JobId"], successor)

        assert partner.requests == [{"limit": "10", "offset": "0"}, {"limit": "10", "offset": "10"}]
    job = workflow.status(step["JobId"])
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 10)


@pytest.mark.parametrize(
    ("state", "said"),
    [("RUNNING", "is RUNNING"), ("SUCCEEDED", "nothing failed"), ("REJECTED", "before it was planned")],
)
def test_what_cannot_be_redriven_says_why(sent_messages: Take, state: str, said: str) -> None:
    with serving(Partner(total=20)) as partner:
        if state == "RUNNING":
            job_id = planned(partner)["JobId"]
        else:
            url = partner.url if state == "SUCCEEDED" else "ftp://wrong"
            job_id = workflow.run({"url": url}, sent_messages)["JobId"]

    status, body = call(redrive_job, job_id)

    assert status == 409
    assert said in body["message"]


def test_a_partial_job_without_failures_asks_again_for_what_may_be_to_blame(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=50, clamps_at=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
        partner.clamps_at = None
        status, shown = call(redrive_job, job["JobId"], dry_run="true")
        unchanged = workflow.status(job["JobId"])

        after = redriven(job, sent_messages, executions)

    assert (job["Status"], job["FailedToComplete"]) == ("PARTIAL", 0)
    assert (status, unchanged) == (200, job)
    assert shown["Tasks"] == sum(reason["Tasks"] for reason in shown["Reasons"])
    assert 2 <= shown["Tasks"] <= 5
    assert shown["message"].endswith("would be run again")
    assert (after["Status"], dataset(after)) == ("SUCCEEDED", expected(50))


def redriven(job: dict[str, Any], take: Take, executions: dict[str, str]) -> dict[str, Any]:
    """The summary after a redrive that was followed to its end."""
    assert call(redrive_job, job["JobId"])[0] == 202
    (successor,) = set(executions) - {EXECUTION}
    step = workflow.prepare({}, job["JobId"], successor)
    while step["NextStep"] != "DONE":
        if step["NextStep"] == "FETCH":
            workflow.fetch_all(step)
            workflow.process(take())
        step = workflow.reconcile(job["JobId"], successor)
    return workflow.status(job["JobId"])


def test_a_redrive_whose_start_was_lost_can_be_asked_for_again(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
    start = dependencies.workflow().start

    def lost(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(dependencies.workflow(), "start", lost)
    with pytest.raises(TimeoutError):
        call(redrive_job, job["JobId"])
    monkeypatch.setattr(dependencies.workflow(), "start", start)

    status, _ = call(redrive_job, job["JobId"])

    assert status == 202
    assert len(executions) == 2


def test_a_redrive_that_was_cancelled_at_once_can_be_redriven(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)
        call(redrive_job, job["JobId"])
        (first,) = set(executions) - {EXECUTION}
        call(cancel_job, job["JobId"])
        status_change(job["JobId"], "ABORTED", first)
        cancelled = workflow.status(job["JobId"])

        status, _ = call(redrive_job, job["JobId"])
        (second,) = set(executions) - {EXECUTION, first}
        workflow.prepare({}, job["JobId"], second)
        workflow.fetch_all(workflow.reconcile(job["JobId"], second))
        workflow.process(sent_messages())
        workflow.reconcile(job["JobId"], second)

    after = workflow.status(job["JobId"])
    assert (cancelled["Status"], status, after["Status"]) == ("CANCELLED", 202, "SUCCEEDED")
    assert dataset(after) == expected(30)


def test_a_redrive_whose_first_step_gave_up_says_why_and_can_be_redriven(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)
    call(redrive_job, job["JobId"])
    (first,) = set(executions) - {EXECUTION}
    failure = {"Error": "Sandbox.Timedout", "Cause": json.dumps({"errorMessage": "timed out"})}

    workflow.reconcile(job["JobId"], first, failure)

    after = workflow.status(job["JobId"])
    assert (after["Status"], after["Error"]) == ("FAILED", {"Type": "Sandbox.Timedout", "Message": "timed out"})
    assert call(redrive_job, job["JobId"])[0] == 202
    assert len(executions) == 3


def test_a_redrive_whose_write_was_answered_too_late_is_started(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)
    hand_over = JobStore.hand_over

    def answered_late(*args: Any) -> bool:
        hand_over(*args)  # the answer is lost, and the client asks once more
        return hand_over(*args)

    monkeypatch.setattr(JobStore, "hand_over", answered_late)

    status, _ = call(redrive_job, job["JobId"])

    assert status == 202
    assert len(executions) == 2


def test_a_redrive_that_was_overtaken_is_refused(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)

    def overtaken(*_: Any) -> bool:
        change(job["JobId"], Status="RUNNING", ExecutionArn="another")
        return False

    monkeypatch.setattr(JobStore, "hand_over", overtaken)

    status, body = call(redrive_job, job["JobId"])

    assert (status, body["message"]) == (409, f"Job {job['JobId']} is being redriven already")
    assert len(executions) == 1


def test_a_child_of_the_run_before_does_not_stop_a_redriven_job(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, tolerated_failure_percentage=10)
        job_id, task = step["JobId"], workflow.planned_tasks(step)[2]

        def redriven_meanwhile(_: Any) -> None:
            call(cancel_job, job_id)
            status_change(job_id, "ABORTED")
            call(redrive_job, job_id)
            raise UpstreamRefused("the API answered HTTP 403")

        with monkeypatch.context() as stale:
            stale.setattr(dependencies.upstream(), "send", redriven_meanwhile)
            workflow.fetch(job_id, task)
        (successor,) = set(executions) - {EXECUTION}
        workflow.prepare({}, job_id, successor)
        workflow.fetch_all(workflow.reconcile(job_id, successor))
        workflow.process(sent_messages())
        workflow.reconcile(job_id, successor)

    job = workflow.status(job_id)
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 30)
