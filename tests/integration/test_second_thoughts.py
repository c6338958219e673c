"""What a careful reader found: races around redrives and ends, and answers that are nearly right."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from poller.errors import UpstreamRefused
from poller.handlers import dependencies as edges
from poller.handlers import janitor, reconcile_job
from poller.handlers.api import cancel_job, get_job_results, get_job_tasks, list_jobs, redrive_job
from poller.jobs.job_store import JobStore
from poller.jobs.model import TaskState
from tests.integration import workflow
from tests.integration.conftest import Context
from tests.integration.partner import Partner, serving
from tests.integration.test_jobs import dataset, expected, offset
from tests.integration.test_survival import call, change, executions, planned, status_change

__all__ = ["executions"]
Take = Callable[[], dict[str, Any]]
DEEP = urlsafe_b64encode(b"[" * 7000).decode()  # as deep as a URL is long


class Clamping(Partner):
    """Asked for a page past its third, it sends its third again, as some servers do."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        return super().page({**query, "offset": str(min(int(query.get("offset", 0)), 20))}, earlier)


def partial(partner: Partner, take: Take) -> dict[str, Any]:
    """A job whose third page failed."""
    partner.refuses_page_from = 20
    job = workflow.run({"url": partner.url, "paginator": offset(10)}, take)
    partner.refuses_page_from = None
    return job


def test_a_page_repeated_across_tasks_is_no_success(sent_messages: Take) -> None:
    with serving(Clamping(total=50)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert (job["Total"], job["RecordsReceived"], job["RecordsExpected"]) == (5, 50, 50)
    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "PaginationLoop")
    assert "task t00000003" in job["Error"]["Message"]


class FromOne(Partner):
    """Counts its records from 1, as SCIM does, and takes 0 for 1: https://www.rfc-editor.org/rfc/rfc7644 (3.4.2.4)."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        offset = max(0, int(query.get("offset", 0)) - 1)
        return super().page({**query, "offset": str(offset)}, earlier)


@pytest.mark.parametrize("threads", [1, 10])
def test_pages_counted_from_one_are_no_success(sent_messages: Take, threads: int) -> None:
    spec = {"paginator": offset(10), "max_concurrency": threads}
    with serving(FromOne(total=600)) as partner:
        job = workflow.run({**spec, "url": partner.url}, sent_messages)

    assert (job["RecordsReceived"], job["RecordsExpected"]) == (600, 600)
    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "PagesOverlap")


def test_a_redrive_that_was_cancelled_at_once_can_be_redriven(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)
        call(redrive_job, job["JobId"])
        (first,) = set(executions) - {workflow.EXECUTION}
        call(cancel_job, job["JobId"])
        status_change(job["JobId"], "ABORTED", first)
        cancelled = workflow.status(job["JobId"])

        status, _ = call(redrive_job, job["JobId"])
        (second,) = set(executions) - {workflow.EXECUTION, first}
        workflow.prepare({}, job["JobId"], second)
        workflow.fetch_all(workflow.reconcile(job["JobId"], second))
        workflow.process_payload.handler(sent_messages(), Context())
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
    (first,) = set(executions) - {workflow.EXECUTION}
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


def test_a_job_in_which_no_task_failed_is_not_redriven(sent_messages: Take, executions: dict[str, str]) -> None:
    with serving(Clamping(total=50)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    status, body = call(redrive_job, job["JobId"])

    assert (job["Status"], job["FailedToComplete"]) == ("PARTIAL", 0)
    assert (status, body["message"]) == (
        409,
        f"Job {job['JobId']} is PARTIAL, but no task failed; submit a new job",
    )
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
            stale.setattr(edges.upstream(), "send", redriven_meanwhile)
            workflow.fetch_payload.handler({"JobId": job_id, "Task": task}, Context())
        (successor,) = set(executions) - {workflow.EXECUTION}
        workflow.prepare({}, job_id, successor)
        workflow.fetch_all(workflow.reconcile(job_id, successor))
        workflow.process_payload.handler(sent_messages(), Context())
        workflow.reconcile(job_id, successor)

    job = workflow.status(job_id)
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 30)


def undone(job_id: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The status change of a job request's execution of which no step came as far as the table."""
    request = {"id": job_id, "detail": detail, "time": "2026-01-01T00:00:00Z"}
    change = {"executionArn": workflow.EXECUTION, "status": "FAILED", "input": json.dumps(request)}
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
    assert edges.jobs().job(job_id) is None


def test_an_event_that_was_lost_is_sent_when_the_status_change_comes_again(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
    sent: list[str] = []
    bus_is_up = iter([False, True])

    def announce(summary: dict[str, Any]) -> None:
        if not next(bus_is_up):
            raise OSError("the bus is away")
        sent.append(summary["Status"])

    monkeypatch.setattr(edges.events(), "state_changed", announce)
    with pytest.raises(OSError, match="the bus is away"):
        status_change(step["JobId"], "ABORTED")

    status_change(step["JobId"], "ABORTED")

    assert sent == ["FAILED"]


def test_the_janitor_leaves_a_job_that_was_handed_over_just_now(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=30)) as partner:
        job = partial(partner, sent_messages)
    call(redrive_job, job["JobId"])
    executions.clear()  # not to be seen yet

    young = janitor.handler({}, Context())
    change(job["JobId"], HandedOverAt=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    old = janitor.handler({}, Context())

    assert (young, old) == ({"Ended": []}, {"Ended": [job["JobId"]]})
    assert workflow.status(job["JobId"])["Error"]["Type"] == "ExecutionEnded"


def test_a_job_that_cannot_be_read_does_not_hide_the_others(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=30)) as partner:
        bad = workflow.prepare({"url": partner.url}, execution="arn:aws:states:x:execution:w:bad")
        lost = planned(partner)
    executions.clear()

    def status(arn: str) -> str:
        if arn.endswith("bad"):
            raise OSError("cannot say")
        return "MISSING"

    monkeypatch.setattr(edges.workflow(), "status", status)

    assert janitor.handler({}, Context()) == {"Ended": [lost["JobId"]]}
    assert workflow.status(bad["JobId"])["Status"] == "RUNNING"


@pytest.mark.parametrize("handler", [list_jobs, get_job_tasks, get_job_results])
@pytest.mark.parametrize("token", ["x", "WyJ4Il0=", "WyItNSJd", "WyI5IiwgIiMiXQ==", "WzVd", DEEP])
def test_a_made_up_next_is_refused(sent_messages: Take, handler: Any, token: str) -> None:
    status, body = call(handler, "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001", next=token)

    assert (status, body["message"]) == (400, "next must be as an earlier answer gave it")


@pytest.mark.parametrize("handler", [list_jobs, get_job_tasks, get_job_results])
@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1001", "9" * 5000])
def test_a_made_up_limit_is_refused(sent_messages: Take, handler: Any, limit: str) -> None:
    status, body = call(handler, "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001", limit=limit)

    assert status == 400
    assert body["message"].startswith("limit must be 1 to ")


def test_failed_tasks_are_found_among_many_others_page_by_page(sent_messages: Take) -> None:
    with serving(Partner(total=200, refuses_page_from=150)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    found, query = [], {"state": "FAILED", "limit": "2"}
    while True:
        _, body = call(get_job_tasks, job["JobId"], **query)
        found += [task["TaskId"] for task in body["Tasks"]]
        if body["Next"] is None:
            break
        query["next"] = body["Next"]

    assert sorted(found) == [f"t{n:08d}" for n in range(15, 20)]


@pytest.mark.parametrize("where", [{"headers": {"X-Auth-Token": "s3cret"}}, {"params": {"api_key": "s3cret"}}])
def test_a_secret_in_a_spec_is_refused_and_not_repeated(sent_messages: Take, where: dict[str, Any]) -> None:
    job = workflow.run({"url": "https://example.com", **where}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "would store a secret" in job["Error"]["Message"]
    assert "have it replaced by whoever issued it" in job["Error"]["Message"]
    assert "s3cret" not in json.dumps(job)


def test_an_empty_page_among_counted_pages_is_no_success(sent_messages: Take) -> None:
    class Gap(Partner):
        def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
            rows = [] if query["page"] == "2" else [int(query["page"])]
            return 200, json.dumps({"data": rows, "pages": 3}).encode()

    with serving(Gap()) as partner:
        spec = {"url": partner.url, "paginator": {"type": "page_number", "total_pages_path": "pages"}}
        job = workflow.run(spec, sent_messages)

    failed = [row for row in edges.tasks().tasks(job["JobId"]) if row.state is TaskState.FAILED]
    assert job["Status"] == "PARTIAL"
    assert [row.error["Message"] for row in failed if row.error] == ["page 2 of 3 holds no records"]


class FromZero(Partner):
    """Five pages of two records, counted from 0."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        page = int(query["page"])
        rows = list(range(page * 2, min(page * 2 + 2, 10)))
        return 200, json.dumps({"data": rows, "pages": 5}).encode()


def test_pages_counted_from_zero_are_asked_for_from_there_or_said_to_be(sent_messages: Take) -> None:
    paginator = {"type": "page_number", "total_pages_path": "pages"}
    with serving(FromZero()) as partner:
        wrong = workflow.run({"url": partner.url, "paginator": paginator}, sent_messages)
        right = workflow.run({"url": partner.url, "paginator": {**paginator, "base_page": 0}}, sent_messages)

    assert (wrong["Status"], right["Status"], right["RecordsReceived"]) == ("PARTIAL", "SUCCEEDED", 10)
    assert wrong["Error"]["Message"].endswith(
        "InvalidPayload: page 5 of 5 holds no records; does the API count its pages from 0? set paginator.base_page"
    )


def test_a_single_counted_page_may_be_empty(sent_messages: Take) -> None:
    with serving(Partner(body=b'{"data": [], "pages": 1}')) as partner:
        spec = {"url": partner.url, "paginator": {"type": "page_number", "total_pages_path": "pages"}}
        job = workflow.run({**spec, "data_selector": "data"}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 0)
