"""Pauses that the API asks for: who waits, who leaves them to the workflow, and who stops with the job."""

import time
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Any

import pytest
import time_machine

from poller.errors import JobStopped, PauseRequested
from poller.fetching.pause import Throttle
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs.model import JobStatus
from tests.support.rows import STOP, a_job


def gate(job_id: str, told: list[int] | None = None) -> Throttle:
    """What a worker of the job passes; the pauses that it publishes go to `told`."""
    return Throttle(
        partial(dependencies.jobs().standing, job_id), told.append if told is not None else None, sleep=lambda _: None
    )


@pytest.mark.parametrize(
    "fields", [{"stop": STOP}, {"status": JobStatus.PARTIAL}, {"deadline_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_a_worker_in_the_middle_of_its_pages_stops_with_its_job(aws: None, fields: dict[str, Any]) -> None:
    job = a_job(**fields)

    with pytest.raises(JobStopped):
        gate(job.job_id).wait(TimeBox(inf))


def test_a_worker_whose_job_is_gone_stops(aws: None) -> None:
    closed = gate("unknown")

    with pytest.raises(JobStopped):
        closed.wait(TimeBox(inf))


def test_a_long_pause_is_left_to_the_workflow_and_a_short_one_is_waited() -> None:
    slept: list[float] = []
    short, long = Throttle(sleep=slept.append), Throttle(sleep=slept.append)
    now = datetime(2026, 1, 1, tzinfo=UTC)

    with time_machine.travel(now, tick=False):  # however slow the machine is
        short.pause_for(5)
        long.pause_for(120)
        short.wait(TimeBox(inf))
        with pytest.raises(PauseRequested) as held:
            long.wait(TimeBox(inf))

    assert len(slept) == 1
    assert 6 <= slept[0] <= 6 * 1.5
    assert held.value.not_before == int(now.timestamp()) + 121


def test_a_pause_that_another_worker_met_holds_this_one(aws: None) -> None:
    job = a_job(not_before=int(time.time()) + 120)

    with pytest.raises(PauseRequested) as held:
        gate(job.job_id).wait(TimeBox(inf))

    assert held.value.not_before == job.not_before


def test_a_shorter_pause_does_not_end_a_longer_one(aws: None) -> None:
    told: list[int] = []
    closed = gate(a_job().job_id, told)

    closed.pause_for(120)
    closed.pause_for(1)

    with pytest.raises(PauseRequested):
        closed.wait(TimeBox(inf))
    assert len(told) == 1
