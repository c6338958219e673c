"""What follows from a job's fields."""

from datetime import timedelta

import pytest

from poller.errors import Reason
from poller.jobs.model import Counts, JobStatus, StopRequest
from poller.jobs.plan import Ranges
from tests.support.builders import NOW, job

STOP = StopRequest(JobStatus.CANCELLED, Reason("Cancelled", "cancelled by its caller"))


@pytest.mark.parametrize(
    ("fields", "stopped"),
    [
        ({}, False),
        ({"status": JobStatus.PARTIAL}, True),
        ({"stop": STOP}, True),
        ({"deadline_at": NOW}, False),
        ({"deadline_at": NOW - timedelta(seconds=1)}, True),
        ({"deadline_at": NOW + timedelta(seconds=1)}, False),
        ({"deadline_at": NOW + timedelta(seconds=1), "stop": STOP}, True),
    ],
)
def test_a_job_is_stopped_when_it_is_over_too_late_or_told_to_stop(fields: dict[str, object], stopped: bool) -> None:
    assert job(**fields).is_stopped(NOW) is stopped


@pytest.mark.parametrize(("plan", "total"), [(None, 2), (Ranges(10, 3, 1), 6)])
def test_tasks_that_go_on_from_others_are_tasks_of_the_job(plan: Ranges | None, total: int) -> None:
    assert job(plan=plan).total(Counts(behind=2)) == total
