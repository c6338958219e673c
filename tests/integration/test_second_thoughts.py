"""What a careful reader found: races around redrives and ends, and answers that are nearly right."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from poller.handlers import cancel_job, get_job_results, get_job_tasks, janitor, list_jobs, redrive_job
from poller.handlers import resources as edges
from poller.models import TaskState
from tests.integration import workflow
from tests.integration.conftest import Context
from tests.integration.partner import Partner, serving
from tests.integration.test_jobs import dataset, expected, offset
from tests.integration.test_survival import call, change, executions, planned, status_change

__all__ = ["executions"]
Take = Callable[[], dict[str, Any]]


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
@pytest.mark.parametrize("token", ["x", "WyJ4Il0=", "WyItNSJd", "WyI5IiwgIiMiXQ=="])
def test_a_made_up_next_is_refused(sent_messages: Take, handler: Any, token: str) -> None:
    status, body = call(handler, "0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001", next=token)

    assert (status, body["message"]) == (400, "next must be as an earlier answer gave it")


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
