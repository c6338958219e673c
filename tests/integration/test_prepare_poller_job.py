"""The first step: who claims a job, when it is tried again, and what it begins."""

from typing import Any
from uuid import uuid4

import pytest

from poller.errors import JobRejected
from poller.handlers import dependencies
from poller.handlers.api import redrive_job
from tests.support import workflow
from tests.support.handlers import call
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, change, offset, planned


def test_an_id_that_is_none_begins_no_job(aws: None) -> None:
    job_id = "../other"

    with pytest.raises(JobRejected):
        workflow.prepare({"url": "https://x"}, job_id)

    assert dependencies.jobs().job(job_id) is None


def test_the_second_execution_of_an_event_ends_quietly(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        first = workflow.prepare(spec)

        second = workflow.prepare(spec, first["JobId"], execution="arn:another")
        asked = len(partner.requests)

    assert second["NextStep"] == "DONE"
    assert asked == 1
    assert workflow.status(first["JobId"])["Status"] == "RUNNING"


def test_the_second_job_with_a_client_token_does_nothing_and_names_the_first(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        spec = {"url": partner.url, "client_token": "order sync 2026-01-01"}
        first = workflow.run(spec, sent_messages)
        asked = len(partner.requests)

        second = workflow.run(spec, sent_messages)

        assert len(partner.requests) == asked
    assert (second["Status"], second["DuplicateOf"]) == ("REJECTED", first["JobId"])
    assert first["DuplicateOf"] is None


@pytest.mark.parametrize(("named", "pinned"), [(None, ("id",)), ("name", ("name",)), (["name", "id"], ("name", "id"))])
def test_the_key_of_the_records_is_pinned_with_the_plan(
    sent_messages: Take, named: object, pinned: tuple[str, ...]
) -> None:
    with serving(Partner(total=20)) as partner:
        step = planned(partner, **({"primary_key": named} if named else {}))

    job = dependencies.jobs().job(step["JobId"])

    assert job is not None
    assert job.record_key == pinned


def test_a_job_whose_records_lack_the_named_key_is_rejected(sent_messages: Take) -> None:
    with serving(Partner(total=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10), "primary_key": "order"}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "primary_key order leads to nothing" in job["Error"]["Message"]
    assert "id, amount, name" in job["Error"]["Message"]


def test_a_plan_that_came_too_late_is_not_fetched(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = str(uuid4())
    put = dependencies.raw_payloads().put

    def ended(*args: Any) -> str:
        change(job_id, Status="FAILED")
        return put(*args)

    monkeypatch.setattr(dependencies.raw_payloads(), "put", ended)
    with serving(Partner(total=10)) as partner:
        step = workflow.prepare({"url": partner.url}, job_id)

    assert step["NextStep"] == "RECONCILE"
    assert workflow.status(job_id)["Status"] == "FAILED"


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
