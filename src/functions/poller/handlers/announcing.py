"""Telling the bus how a job ended."""

from typing import Any

from poller.handlers import resources
from poller.logic.summary import summary
from poller.models import Counts, Job


def announce(job: Job, counts: Counts) -> dict[str, Any]:
    """Put the job's state event on the bus, and return the summary that is its detail.

    May happen more than once, with the same content.
    """
    detail = summary(job, counts)
    resources.events().state_changed(detail)
    return detail
