"""How long a job is waited for: outages, pauses that the API asks for, and when it is enough.

No test waits itself: `passed` sets the job's times back.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import workflow
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, dataset, expected, passed, planned

pytestmark = pytest.mark.usefixtures("still_clock")
Fetch = Callable[[dict[str, Any]], Any]


def drive(step: dict[str, Any], take: Take, fetch: Fetch = workflow.fetch_all) -> tuple[dict[str, Any], list[int]]:
    """The workflow from `step` to its end; its summary, and the seconds of every Wait."""
    waits: list[int] = []
    for _ in range(100):
        match step["NextStep"]:
            case "FETCH":
                fetch(step)
            case "WAIT":
                waits.append(step["Seconds"])
                if records := take()["Records"]:
                    workflow.process({"Records": records})
                passed(step["JobId"], step["Seconds"])
            case "DONE":
                return workflow.status(step["JobId"]), waits
        step = workflow.reconcile(step["JobId"])
    raise AssertionError("the job does not end")


def test_an_outage_of_minutes_is_waited_for(sent_messages: Take) -> None:
    fails = iter([True] * 5)  # the second follows at once, and begins the clock
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        job, waits = drive(step, sent_messages, lambda step: next(fails, False) or workflow.fetch_all(step))

    assert all(due / 2 < wait <= due for wait, due in zip(waits, [15, 30, 60, 120], strict=False))
    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(30)


def test_an_outage_without_end_is_given_up_after_half_an_hour(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        job, waits = drive(planned(partner), sent_messages, lambda _: None)

    assert 30 * 60 <= sum(waits) <= 40 * 60
    assert (job["Status"], job["FailedToComplete"]) == ("FAILED", 3)
    assert "NoProgress: given up after 11 rounds of fetching in 32 minutes" in job["Error"]["Message"]


def test_an_hourly_quota_that_is_used_up_is_waited_for(sent_messages: Take) -> None:
    rounds: list[int] = []

    def fetch(step: dict[str, Any]) -> None:
        rounds.append(len(partner.requests))
        partner.status = 429 if len(rounds) <= 12 else 200  # five minutes each, as the API is not asked sooner
        workflow.fetch_all(step)

    with serving(Partner(total=30, headers={"Retry-After": "3000"})) as partner:
        job, waits = drive(planned(partner), sent_messages, fetch)

    assert sum(waits) > 12 * 300
    assert max(waits) <= 301  # retry.max_delay_seconds
    assert rounds[1:13] == list(range(2, 14))  # one request a round: the first answer holds the others back
    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(30)


def test_an_api_that_asks_for_pauses_until_the_deadline_is_named(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, deadline_seconds=3500)
        partner.status, partner.headers = 429, {"Retry-After": "3000"}
        job, waits = drive(step, sent_messages)

    assert 3400 <= sum(waits) <= 3510
    assert (job["Status"], job["FailedToComplete"]) == ("FAILED", 3)
    assert "DeadlineExceeded: the job's deadline passed with 3 of 3 tasks left" in job["Error"]["Message"]
    assert "the API kept asking for a pause, at last until " in job["Error"]["Message"]


def test_after_a_pause_as_many_tasks_as_run_at_once_ask_first(sent_messages: Take) -> None:
    with serving(Partner(total=50, pause_once=300)) as partner:
        step = planned(partner, max_concurrency=1)
        workflow.fetch_all(step)  # the first child meets the pause
        assert workflow.reconcile(step["JobId"])["NextStep"] == "WAIT"
        passed(step["JobId"], 301)

        scouts = workflow.reconcile(step["JobId"])
        passed(step["JobId"], 15)
        without_success = workflow.reconcile(step["JobId"])
        workflow.fetch_all(scouts)
        with_success = workflow.reconcile(step["JobId"])

    assert [t["TaskId"] for t in workflow.planned_tasks(scouts)] == ["t00000000"]
    assert len(workflow.planned_tasks(without_success)) == 5
    assert len(workflow.planned_tasks(with_success)) == 4
