"""Telling the bus how a job ended."""

from typing import Any

from poller.handlers import dependencies
from poller.jobs.model import Counts, Job
from poller.jobs.summary import summary


def announce(job: Job, counts: Counts) -> dict[str, Any]:
    """Put the job's state event on the bus, and return the summary that is its detail.

    May happen more than once, with the same content.
    """
    detail = summary(job, counts)
    dependencies.events().state_changed(detail)
    return detail
