"""When no more requests may be sent for a job."""

from datetime import timedelta

import pytest

from poller.errors import Reason
from poller.jobs.model import JobStatus, StopRequest
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
