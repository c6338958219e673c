"""Jobs that nobody drives any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from poller.handlers import dependencies, janitor
from poller.handlers.api import redrive_job
from poller.jobs.model import JobStatus
from poller.jobs.owner import Owner
from tests.support import workflow
from tests.support.handlers import EXECUTION, Context, call
from tests.support.partner import Partner, serving
from tests.support.rows import a_job
from tests.support.workflow import Take, change, partial, planned


@pytest.mark.parametrize("fate", ["FAILED", "MISSING"])
def test_the_janitor_ends_a_job_that_nobody_drives(sent_messages: Take, executions: dict[str, str], fate: str) -> None:
    with serving(Partner(total=30)) as partner:
        lost, driven = (
            planned(partner),
            workflow.prepare({"url": partner.url}, execution="arn:aws:states:x:execution:w:2"),
        )
    executions.update({EXECUTION: fate, "arn:aws:states:x:execution:w:2": "RUNNING"})

    answer = janitor.handler({}, Context())

    assert answer == {"Ended": [lost["JobId"]]}
    assert workflow.status(lost["JobId"])["Error"]["Message"].startswith(f"the workflow's execution is {fate}")
    assert workflow.status(driven["JobId"])["Status"] == "RUNNING"


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


def test_the_janitor_leaves_young_and_finished_jobs_alone(
    sent_messages: Take, executions: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[Any] = []
    young = a_job(started_at=datetime.now(UTC).replace(microsecond=0), owner=Owner("not there yet"))
    handed = a_job(owner=Owner(EXECUTION, 1, "not there yet", datetime.now(UTC)))
    over = a_job(status=JobStatus.FAILED, owner=Owner("gone"))
    monkeypatch.setattr(dependencies.events(), "announce", lambda *ended: announced.append(ended))

    answer = janitor.handler({}, Context())

    assert (answer, announced) == ({"Ended": []}, [])
    assert [dependencies.jobs().job(job.job_id) for job in (young, handed, over)] == [young, handed, over]


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

    monkeypatch.setattr(dependencies.workflow(), "status", status)

    assert janitor.handler({}, Context()) == {"Ended": [lost["JobId"]]}
    assert workflow.status(bad["JobId"])["Status"] == "RUNNING"
