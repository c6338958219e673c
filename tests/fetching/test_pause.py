"""Pauses that the API asks for: who waits, who leaves them to the workflow, and who stops with the job."""

import time
from typing import Any

import pytest

from poller.errors import HeldBack, JobStopped
from poller.fetching.pause import Gate
from poller.jobs.model import Job, JobStatus
from tests.support.rows import STOP, a_job


def gate(job: Job | None, told: list[int] | None = None) -> Gate:
    """What a worker of `job` passes; the pauses that it publishes go to `told`."""
    return Gate(lambda: job, told.append if told is not None else None, sleep=lambda _: None)


@pytest.mark.parametrize("fields", [{"stop": STOP}, {"status": JobStatus.PARTIAL}, {"deadline_at": "2026-01-01"}])
def test_a_worker_in_the_middle_of_its_pages_stops_with_its_job(aws: None, fields: dict[str, Any]) -> None:
    job = a_job(**fields)

    with pytest.raises(JobStopped):
        gate(job).wait()


def test_a_worker_whose_job_is_gone_stops(aws: None) -> None:
    closed = gate(None)

    with pytest.raises(JobStopped):
        closed.wait()


def test_a_long_pause_is_left_to_the_workflow_and_a_short_one_is_waited() -> None:
    slept: list[float] = []
    short, long = Gate(sleep=slept.append), Gate(sleep=slept.append)
    short.close_for(5)
    long.close_for(120)

    short.wait()
    with pytest.raises(HeldBack) as held:
        long.wait()

    assert len(slept) == 1
    assert 4 < slept[0] <= 9
    assert held.value.not_before >= time.time() + 118


def test_a_pause_that_another_worker_met_holds_this_one(aws: None) -> None:
    job = a_job(not_before=int(time.time()) + 120)

    with pytest.raises(HeldBack) as held:
        gate(job).wait()

    assert held.value.not_before == job.not_before


def test_a_shorter_pause_does_not_end_a_longer_one(aws: None) -> None:
    told: list[int] = []
    closed = gate(a_job(), told)

    closed.close_for(120)
    closed.close_for(1)

    with pytest.raises(HeldBack):
        closed.wait()
    assert len(told) == 1
