"""How long a job is waited for: outages, pauses that the API asks for, and when it is enough.

No test waits itself: `passed` sets the job's times back.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from poller.errors import TransientUpstreamError
from poller.fetching import page_fetcher, pause
from poller.handlers import dependencies as edges
from poller.handlers import prepare_poller_job
from poller.values import PageRequest, Response
from tests.integration import workflow
from tests.integration.conftest import Context
from tests.integration.partner import Partner, serving
from tests.integration.test_jobs import dataset, expected, offset
from tests.integration.test_survival import change, executions, planned

__all__ = ["executions"]
Take = Callable[[], dict[str, Any]]
Fetch = Callable[[dict[str, Any]], Any]


def passed(job_id: str, seconds: float) -> None:
    """So much time passed, as far as the job can tell."""
    job = edges.jobs().job(job_id)
    assert job is not None

    def earlier(moment: str) -> str:
        return (datetime.fromisoformat(moment) - timedelta(seconds=seconds)).isoformat()

    change(
        job_id,
        ProgressAt=earlier(job.progress_at) if job.progress_at else None,
        DeadlineAt=earlier(job.deadline_at),
        NotBefore=max(0, job.not_before - int(seconds)),
    )


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
                    workflow.process_payload.handler({"Records": records}, Context())
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

    assert waits[:4] == [15, 30, 60, 120]
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


def probe(partner: Partner, **spec: Any) -> tuple[dict[str, Any], int, int]:
    """PreparePollerJob until it is not to be called again; its answer, how many calls, and the seconds between them."""
    job_id, calls, seconds = str(uuid4()), 0, 0
    while True:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10), **spec}, job_id)
        calls += 1
        if step["NextStep"] != "PREPARE_LATER":
            return step, calls, seconds
        seconds += step["Seconds"]
        passed(job_id, step["Seconds"])
        if calls == 12:
            partner.status = partner.status if spec else 200


def test_a_probe_waits_for_an_hourly_quota_too(sent_messages: Take) -> None:
    with serving(Partner(total=30, status=429, headers={"Retry-After": "3000"})) as partner:
        step, calls, _ = probe(partner)

    assert (step["NextStep"], calls) == ("FETCH", 13)
    job = edges.jobs().job(step["JobId"])
    assert job is not None
    left = datetime.fromisoformat(job.deadline_at) - datetime.now(UTC)
    assert left < timedelta(seconds=86_400 - 12 * 300)  # the deadline counts from the first probe


def test_a_probe_that_is_asked_to_wait_beyond_the_deadline_is_given_up(sent_messages: Take) -> None:
    with serving(Partner(total=30, status=429, headers={"Retry-After": "3000"})) as partner:
        step, calls, seconds = probe(partner, deadline_seconds=3500)
        job = workflow.reconcile(step["JobId"])["Summary"]

    assert (step["NextStep"], calls) == ("RECONCILE", 12)
    assert seconds <= 3500
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "UpstreamUnavailable")
    assert "asked for a pause before its first page, 12 times, at last until " in job["Error"]["Message"]
    assert json.dumps(job).count("the job's deadline is ") == 1


class Silence:
    """An API that accepts whoever connects and never answers: each attempt takes 30 seconds of a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.attempts = 1_800_000_000.0, 0
        for module in (prepare_poller_job, page_fetcher, pause):
            monkeypatch.setattr(module, "time", self)
        monkeypatch.setattr(edges.upstream(), "send", self.send)

    def time(self) -> float:
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, _request: PageRequest) -> Response:
        self.now, self.attempts = self.now + 30, self.attempts + 1
        raise TransientUpstreamError("api.example.com did not answer in time")

    def probe(self, **spec: Any) -> tuple[dict[str, Any], int]:
        """PreparePollerJob until it is not to be called again; the job's summary, and how many calls."""
        job_id = str(uuid4())
        for calls in range(1, 30):
            began = self.now
            step = workflow.prepare({"url": "https://api.example.com", **spec}, job_id)
            if step["NextStep"] != "PREPARE_LATER":
                return workflow.reconcile(job_id)["Summary"], calls
            passed(job_id, self.now - began + step["Seconds"])
        raise AssertionError("it is never given up")


@pytest.mark.parametrize(("attempts", "calls"), [(1, 1), (2, 1), (3, 2), (6, 3)])
def test_an_api_that_never_answers_is_given_up_after_as_many_attempts_as_the_spec_allows(
    aws: None, monkeypatch: pytest.MonkeyPatch, attempts: int, calls: int
) -> None:
    silence = Silence(monkeypatch)

    job, called = silence.probe(retry={"max_attempts": attempts})

    assert (silence.attempts, called) == (attempts, calls)
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "UpstreamUnavailable")
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    assert job["Error"]["Message"] == f"api.example.com did not answer in time ({tries})"


def test_an_api_that_never_answers_is_given_up_at_the_deadline(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = Silence(monkeypatch)

    job, calls = silence.probe(retry={"max_attempts": 20}, deadline_seconds=100)

    assert (silence.attempts, calls) == (4, 3)  # the last call comes too late for an attempt, and knows what was seen
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "UpstreamUnavailable")
    assert job["Error"]["Message"].startswith(
        "api.example.com did not answer in time (4 attempts); the job's deadline is "
    )


def test_a_deadline_shorter_than_the_function_s_time_ends_the_attempts(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = Silence(monkeypatch)
    long_step = Context(seconds=900.0)
    monkeypatch.setattr(workflow, "Context", lambda: long_step)

    job, calls = silence.probe(retry={"max_attempts": 20}, deadline_seconds=60)

    assert (silence.attempts, calls) == (2, 2)
    assert "the job's deadline is " in job["Error"]["Message"]


def test_failures_before_a_pause_count_after_it(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = {"Retry-After": "100"}
    with serving(Partner(total=30, status=503, headers=pauses)) as partner:
        step, calls, _ = probe(partner, retry={"max_attempts": 3})
        job = workflow.reconcile(step["JobId"])["Summary"]

    assert (calls, len(partner.requests)) == (3, 3)
    assert job["Error"]["Message"] == "the API answered HTTP 503 (3 attempts)"
