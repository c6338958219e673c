"""What a job's summary shows of its way: what arrives, and what it met."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from poller.fetching import tally
from poller.handlers import dependencies
from tests.support import workflow
from tests.support.partner import Partner, serving
from tests.support.workflow import TASK, Take, change, planned

WHOLE = {"TaskId": TASK, "FirstPage": 0, "Pages": 10, "IsOpen": True}


def one_task(partner: Partner, **spec: Any) -> str:
    job_id: str = planned(partner, **spec)["JobId"]
    change(job_id, PagesPerTask=10)
    return job_id


def test_pages_are_shown_as_they_arrive(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_EVERY", 0.0)
    seen: list[dict[str, Any]] = []

    class Watched(Partner):
        def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
            if job_ids:
                seen.append(workflow.status(job_ids[0]))
            return super().page(query, earlier)

    job_ids: list[str] = []
    with serving(Watched(total=95)) as partner:
        job_ids.append(one_task(partner, max_concurrency=1))
        workflow.fetch(job_ids[0], WHOLE)
        job_id = job_ids.pop()

    assert [one["Pages"] for one in seen] == [0] * len(seen)
    assert [one["PagesArrived"] for one in seen[:10]] == list(range(10))
    assert [one["RecordsArrived"] for one in seen[:10]] == list(range(0, 100, 10))
    assert {one["PagesPlanned"] for one in seen} == {10}
    workflow.process(sent_messages())
    workflow.reconcile(job_id)
    job = workflow.status(job_id)
    assert (job["Status"], job["PagesArrived"], job["RecordsArrived"]) == ("SUCCEEDED", 10, 95)
    assert job["Requests"] == 12  # what is behind the last page, and the first once more


def test_what_was_sent_again_and_waited_for_is_counted(sent_messages: Take) -> None:
    retry = {"max_attempts": 3, "max_delay_seconds": 0}
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner, retry=retry)
        partner.requests.clear()
        partner.failures = 1
        workflow.fetch(job_id, WHOLE)
        after_errors = workflow.status(job_id)
        asked = len(partner.requests)
        other = one_task(partner, retry=retry)
        partner.failures, partner.quota = 0, 3
        workflow.fetch(other, WHOLE)

    assert (after_errors["Requests"], after_errors["Retried"], after_errors["WaitedSeconds"]) == (asked, asked // 2, 0)
    paused = workflow.status(other)
    assert 30 <= paused["WaitedSeconds"] <= 60
    assert paused["Requests"] >= 4


def test_a_task_goes_on_where_its_progress_cannot_be_shown(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        monkeypatch.setattr(dependencies.table().client, "update_item", refused)
        state = workflow.fetch(job_id, WHOLE)
        monkeypatch.undo()

    assert state == "ENQUEUED"
