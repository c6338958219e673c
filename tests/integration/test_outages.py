"""An API that is down for a while ends no job; a page that fails for good ends only its own task, and soon.

No test waits itself: `passed` sets the job's times back.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from poller.handlers import dependencies
from poller.jobs.model import TaskState
from tests.support import workflow
from tests.support.partner import Partner, serving
from tests.support.workflow import TASK, Take, change, dataset, expected, passed, planned

pytestmark = pytest.mark.usefixtures("still_clock")
RETRY = {"max_attempts": 2, "max_delay_seconds": 0}


class Clock:
    """Drives a job, and knows how long it has waited. `at_wait` is told so before each round."""

    def __init__(self, take: Take, before_round: Callable[[int], None] = lambda _: None) -> None:
        self.take, self.before_round, self.waits = take, before_round, []

    def drive(self, step: dict[str, Any]) -> dict[str, Any]:
        for _ in range(200):
            match step["NextStep"]:
                case "FETCH":
                    self.before_round(sum(self.waits))
                    workflow.fetch_all(step)
                case "WAIT":
                    self.waits.append(step["Seconds"])
                    passed(step["JobId"], step["Seconds"])
                case "DONE":
                    return workflow.status(step["JobId"])
            if records := self.take()["Records"]:
                workflow.process({"Records": records})
            step = workflow.reconcile(step["JobId"])
        raise AssertionError("the job does not end")


@pytest.mark.parametrize("seconds", [600, 7200])
def test_an_outage_in_mid_job_is_waited_for_and_asks_little(sent_messages: Take, seconds: int) -> None:
    asked: list[int] = []

    def outage(waited: int) -> None:
        asked.append(len(partner.requests))
        partner.status = 503 if waited < seconds else 200

    with serving(Partner(total=30)) as partner:
        step = planned(partner, max_concurrency=1, retry=RETRY)
        workflow.fetch(step["JobId"], workflow.planned_tasks(step)[0])
        clock = Clock(sent_messages, outage)
        job = clock.drive(step)

    looks = [later - before for before, later in pairwise(asked)]
    row = dependencies.jobs().job(job["JobId"])
    assert (job["Status"], dataset(job)) == ("SUCCEEDED", expected(30))
    assert seconds <= sum(clock.waits) <= seconds + 300
    assert clock.waits[:3] == [60, 60, 120]
    assert looks[:-1] == [3] + [1] * (len(looks) - 2)  # two attempts and a look, and then one look a round
    assert row is not None
    assert row.down_since == 0


def test_a_page_that_fails_for_good_makes_its_job_partial_within_two_minutes(sent_messages: Take) -> None:
    with serving(Partner(total=50, broken={20})) as partner:
        clock = Clock(sent_messages)
        job = clock.drive(planned(partner, retry=RETRY))

    said = 'GET /orders?limit=10&offset=20: the API answered HTTP 500: "broken" (6 attempts in 3 rounds)'
    row = dependencies.tasks().task(job["JobId"], "t00000002")
    assert (job["Status"], job["SuccessfullyCompleted"], job["FailedToComplete"]) == ("PARTIAL", 4, 1)
    assert said in job["Error"]["Message"]
    assert row is not None
    assert row.error is not None
    assert (row.error.type, row.error.page) == ("UpstreamUnavailable", 2)
    assert row.attempts == 6 + 3  # three times, the first page was asked for as well
    assert sum(clock.waits) <= 120


@pytest.mark.parametrize("broken", [0, 20, 40])
def test_a_page_that_comes_in_its_last_round_is_there(sent_messages: Take, broken: int) -> None:
    rounds: list[int] = []

    def mended(_: int) -> None:
        rounds.append(len(partner.requests))
        partner.broken = {broken} if len(rounds) < 3 else set()

    with serving(Partner(total=50)) as partner:
        job = Clock(sent_messages, mended).drive(planned(partner, retry=RETRY))

    assert (job["Status"], dataset(job)) == ("SUCCEEDED", expected(50))
    assert len(rounds) == 3


def test_what_came_before_a_page_that_did_not_is_not_asked_for_again(sent_messages: Take) -> None:
    with serving(Partner(total=60, broken={20})) as partner:
        step = planned(partner, max_concurrency=1, retry=RETRY)
        change(step["JobId"], PagesPerTask=6)
        partner.requests.clear()
        workflow.fetch(step["JobId"], {"TaskId": TASK, "FirstPage": 0, "Pages": 6})
        alone = {"TaskId": f"{TASK}p00000002", "FirstPage": 2, "Pages": 1}
        row = dependencies.tasks().task(step["JobId"], alone["TaskId"])
        partner.broken = set()
        partner.requests.clear()
        workflow.fetch(step["JobId"], alone)
        asked = [request["offset"] for request in partner.requests]

    assert row is not None
    assert (row.state, row.pages, row.failed_rounds, row.goes_on_at) == (TaskState.STARTED, 0, 1, 3)
    assert row.error is not None
    assert (row.error.type, row.error.page) == ("TransientUpstreamError", 2)
    assert asked == ["20"]
    after = dependencies.tasks().task(step["JobId"], alone["TaskId"])
    assert after is not None
    assert (after.state, after.pages, after.failed_rounds, after.error) == (TaskState.ENQUEUED, 1, 0, None)


def test_the_first_page_itself_is_judged_by_the_second(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, retry=RETRY)
        partner.broken = {0}
        job = Clock(sent_messages).drive(step)

    assert (job["Status"], job["FailedToComplete"]) == ("PARTIAL", 1)


def test_an_api_that_asks_others_to_wait_is_not_down(sent_messages: Take) -> None:
    with serving(Partner(total=30, broken={10})) as partner:
        step = planned(partner, retry=RETRY)
        partner.quota = 2  # both attempts at the second page; the first page then meets the limit
        workflow.fetch(step["JobId"], workflow.planned_tasks(step)[1])
        row = dependencies.tasks().task(step["JobId"], "t00000001")
        job = dependencies.jobs().job(step["JobId"])

    assert row is not None
    assert job is not None
    assert (row.failed_rounds, job.down_since) == (1, 0)


def test_an_outage_beyond_the_deadline_says_since_when(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, retry=RETRY, deadline_seconds=3500)
        partner.status = 503
        job = Clock(sent_messages).drive(step)

    task = dependencies.tasks().task(job["JobId"], TASK)
    assert job["Status"] == "FAILED"
    assert "deadline passed with 3 of 3 tasks left; the API has given no page since " in job["Error"]["Message"]
    assert task is not None
    assert task.error is not None
    assert task.error.message.endswith("last seen: GET /orders?limit=10&offset=0: the API answered HTTP 503")


def test_a_task_that_meets_an_outage_says_so(aws: None) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, retry=RETRY)
        partner.status = 503
        states = workflow.fetch_all(step)

    rows = [dependencies.tasks().task(step["JobId"], f"t0000000{number}") for number in range(3)]
    errors = [row.error for row in rows if row is not None and row.error is not None]
    assert states == ["SKIPPED"] * 3
    assert [error.type for error in errors] == ["UpstreamDown"] * 3
    assert errors[0].message == "GET /orders?limit=10&offset=0: the API answered HTTP 503 (2 attempts)"
    assert errors[1].message == "the API gives no page"
