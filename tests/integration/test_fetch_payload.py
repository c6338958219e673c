"""Fetching: who asks, how often, and what a late answer may change."""

import time
from typing import Any

import pytest

from poller.errors import RetriablePollerError, UpstreamRefused
from poller.fetching import pause
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies, fetch_payload
from poller.jobs.model import TaskState
from poller.specs.model import JobSpec
from poller.values import PageRequest
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.partner import Partner, serving
from tests.support.rows import STOP, saved
from tests.support.workflow import TASK, Take, change, planned


def test_a_fetch_that_fails_after_another_saved_the_pages_changes_nothing(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=10)) as partner:
        step = planned(partner)
    job = dependencies.jobs().job(step["JobId"])
    assert job is not None

    def overtaken(_: Any) -> None:
        dependencies.tasks().transition(job, saved(records=10))
        raise UpstreamRefused("the API answered HTTP 404")

    monkeypatch.setattr(dependencies.upstream(), "send", overtaken)

    states = workflow.fetch_all(step)

    row = dependencies.tasks().task(job.job_id, TASK)
    assert states == ["ENQUEUED"]
    assert row is not None
    assert (row.state, row.error) == (TaskState.ENQUEUED, None)


def test_a_child_that_runs_twice_asks_and_sends_once(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        asked = len(partner.requests)

        states = workflow.fetch_all(step)

        assert len(partner.requests) == asked
    assert states == ["ENQUEUED"] * 3
    assert len(sent_messages()["Records"]) == 3


def test_a_child_of_a_failed_task_does_not_ask_again(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        asked = len(partner.requests)

        states = workflow.fetch_all(step)

        assert len(partner.requests) == asked
    assert states == ["ENQUEUED", "ENQUEUED", "FAILED"]


def test_a_child_that_begins_after_the_stop_leaves_no_trace(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        dependencies.jobs().request_stop(step["JobId"], STOP)

        states = workflow.fetch_all(step)

    assert states == ["SKIPPED"] * 3
    assert list(dependencies.tasks().tasks(step["JobId"])) == []


def test_a_child_that_begins_after_the_end_is_skipped(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
        workflow.process(sent_messages())
        assert workflow.reconcile(step["JobId"])["Summary"]["Status"] == "PARTIAL"

        states = workflow.fetch_all(step)

    assert states == ["SKIPPED"] * 3


def test_a_page_that_repeats_the_one_before_it_is_a_loop(sent_messages: Take) -> None:
    with serving(Partner(total=60, clamps_at=40)) as partner:
        step = planned(partner)
        change(step["JobId"], PagesPerTask=3)
        last = {"TaskId": "t00000001", "FirstPage": 3, "Pages": 3}

        answer = fetch_payload.handler({"JobId": step["JobId"], "Task": last}, Context())

    kept, row = (dependencies.tasks().task(step["JobId"], f"t00000001{cut}") for cut in ("", "p00000005"))
    assert answer["State"] == "FAILED"
    assert kept is not None
    assert row is not None
    assert row.error is not None
    assert (kept.pages, kept.goes_on_at) == (2, 5)
    assert (row.error.type, row.error.page) == ("PaginationLoop", 5)


def test_pages_that_are_empty_by_now_are_no_loop(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        change(step["JobId"], PagesPerTask=3)
        partner.total = 10
        whole = {"TaskId": TASK, "FirstPage": 0, "Pages": 3}

        answer = fetch_payload.handler({"JobId": step["JobId"], "Task": whole}, Context())

    assert answer["State"] == "ENQUEUED"


@pytest.mark.usefixtures("still_clock")
def test_a_long_retry_after_holds_back_every_worker_and_is_the_workflows_to_wait(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner)
        partner.status, partner.headers = 429, {"Retry-After": "120"}
        asked = len(partner.requests)

        states = workflow.fetch_all(step)
        waiting = workflow.reconcile(step["JobId"])

        assert len(partner.requests) == asked + 1
    assert states == ["SKIPPED"] * 3
    assert waiting["NextStep"] == "WAIT"
    assert waiting["Seconds"] == 121
    assert workflow.status(step["JobId"])["Status"] == "RUNNING"


@pytest.mark.parametrize(("asked", "waited"), [("99999999", 301), ("soon", 0)])
@pytest.mark.usefixtures("still_clock")
def test_an_absurd_retry_after_is_clamped(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, asked: str, waited: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pause.time, "sleep", slept.append)
    with serving(Partner(total=10)) as partner:
        step = planned(partner, retry={"max_attempts": 2})
        partner.status, partner.headers = 429, {"Retry-After": asked}
        workflow.fetch_all(step)

    job = dependencies.jobs().job(step["JobId"])

    assert job is not None
    assert max(0, job.not_before - time.time()) == waited


def test_no_page_is_asked_for_after_the_time_box() -> None:
    asked: list[Any] = []

    class Silent:
        def send(self, request: Any) -> None:
            asked.append(request)
            raise AssertionError("asked")

    fetcher = PageFetcher(Silent(), JobSpec("https://x"), TimeBox(time.monotonic() - 1), Throttle())  # type: ignore[arg-type]

    with pytest.raises(RetriablePollerError):
        fetcher.fetch(PageRequest("GET", "https://x", {}))

    assert asked == []
