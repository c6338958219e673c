"""The first request, which the plan is made from: how often and how long PreparePollerJob asks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from poller.handlers import dependencies, prepare_poller_job
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.partner import Partner, serving
from tests.support.silence import SAID, Silence
from tests.support.workflow import Take, change, offset, passed, planned

pytestmark = pytest.mark.usefixtures("still_clock")


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


def test_a_probe_that_is_asked_to_wait_is_repeated_later(sent_messages: Take) -> None:
    with serving(Partner(total=30, status=429, headers={"Retry-After": "60"})) as partner:
        step = planned(partner)
        partner.status, partner.headers = 200, {}
        again = workflow.prepare({"url": partner.url, "paginator": offset(10)}, step["JobId"])

    assert step["NextStep"] == "PREPARE_LATER"
    assert step["Seconds"] == 61
    assert again["NextStep"] == "FETCH"


def test_a_probe_that_is_asked_to_wait_for_ever_is_given_up(sent_messages: Take) -> None:
    with serving(Partner(status=429, headers={"Retry-After": "60"})) as partner:
        job_id = str(uuid4())
        steps = [workflow.prepare({"url": partner.url}, job_id)["NextStep"]]
        change(job_id, Preparations=prepare_poller_job._MAX_PREPARATIONS - 2)
        steps += [workflow.prepare({"url": partner.url}, job_id)["NextStep"] for _ in range(2)]

    workflow.reconcile(job_id)

    assert steps == ["PREPARE_LATER"] * 2 + ["RECONCILE"]
    assert workflow.status(job_id)["Error"]["Type"] == "UpstreamUnavailable"


def test_a_probe_waits_for_an_hourly_quota_too(sent_messages: Take) -> None:
    with serving(Partner(total=30, status=429, headers={"Retry-After": "3000"})) as partner:
        step, calls, _ = probe(partner)

    assert (step["NextStep"], calls) == ("FETCH", 13)
    job = dependencies.jobs().job(step["JobId"])
    assert job is not None
    left = job.deadline_at - datetime.now(UTC)
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


def probe_silence(silence: Silence, **spec: Any) -> tuple[dict[str, Any], int]:
    """PreparePollerJob until it is not to be called again; the job's summary, and how many calls."""
    job_id = str(uuid4())
    for calls in range(1, 30):
        began = silence.now
        step = workflow.prepare({"url": "https://api.example.com", **spec}, job_id)
        if step["NextStep"] != "PREPARE_LATER":
            return workflow.reconcile(job_id)["Summary"], calls
        passed(job_id, silence.now - began + step["Seconds"])
    raise AssertionError("it is never given up")


@pytest.mark.parametrize(("attempts", "calls"), [(1, 1), (2, 1), (3, 2), (6, 3)])
def test_an_api_that_never_answers_is_given_up_after_as_many_attempts_as_the_spec_allows(
    aws: None, monkeypatch: pytest.MonkeyPatch, attempts: int, calls: int
) -> None:
    silence = Silence(monkeypatch)

    job, called = probe_silence(silence, retry={"max_attempts": attempts})

    assert (silence.attempts, called) == (attempts, calls)
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "UpstreamUnavailable")
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    assert job["Error"]["Message"] == f"GET /: {SAID} ({tries})"


def test_an_api_that_never_answers_is_given_up_at_the_deadline(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = Silence(monkeypatch)

    job, calls = probe_silence(silence, retry={"max_attempts": 20}, deadline_seconds=100)

    assert (silence.attempts, calls) == (4, 3)  # the last call comes too late for an attempt, and knows what was seen
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "UpstreamUnavailable")
    assert job["Error"]["Message"].startswith(f"GET /: {SAID} (4 attempts); the job's deadline is ")


def test_a_deadline_shorter_than_the_function_s_time_ends_the_attempts(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = Silence(monkeypatch)
    long_step = Context(seconds=900.0)
    monkeypatch.setattr(workflow, "Context", lambda: long_step)

    job, calls = probe_silence(silence, retry={"max_attempts": 20}, deadline_seconds=60)

    assert (silence.attempts, calls) == (2, 2)
    assert "the job's deadline is " in job["Error"]["Message"]


def test_failures_before_a_pause_count_after_it(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = {"Retry-After": "100"}
    with serving(Partner(total=30, status=503, headers=pauses)) as partner:
        step, calls, _ = probe(partner, retry={"max_attempts": 3})
        job = workflow.reconcile(step["JobId"])["Summary"]

    assert (calls, len(partner.requests)) == (3, 3)
    assert job["Error"]["Message"] == "GET /orders?limit=10&offset=0: the API answered HTTP 503 (3 attempts)"
