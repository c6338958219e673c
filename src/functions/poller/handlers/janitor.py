"""Janitor: on a slow schedule, ends jobs whose execution is no more, so that none stays RUNNING for ever."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import resources
from poller.handlers.reconcile_job import abandon
from poller.logic import names

_YOUNG = timedelta(minutes=10)  # a job that began just now may not have its execution yet
_PAGE = 25
_RESERVE_SECONDS = 30.0


@resources.logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Looks at every job there is. Answers with the ids of those it ended."""
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    ended: list[str] = []
    start = None
    while time.monotonic() < deadline:
        page, start = resources.jobs().newest(_PAGE, start)
        for job, counts in page:
            if job.status.is_final or not _is_old(job.started_at):
                continue
            status = resources.workflow().status(names.owner(job.execution_arn, job.successor))
            if status != "RUNNING":
                abandon(job, counts, f"the workflow's execution is {status}", deadline)
                ended.append(job.job_id)
        if start is None:
            break
    resources.logger.info("swept", extra={"ended": ended})
    return {"Ended": ended}


def _is_old(started_at: str) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(started_at) > _YOUNG
