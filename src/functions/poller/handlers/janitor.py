"""Janitor: on a slow schedule, ends jobs whose execution is no more, so that none stays RUNNING for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs.model import Job

_YOUNG = timedelta(minutes=10)  # a job that began just now may not have its execution yet
_PAGE = 25
_RESERVE_SECONDS = 30.0


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Looks at every job there is. Answers with the ids of those it ended."""
    box = TimeBox.of(context, _RESERVE_SECONDS)
    ended: list[str] = []
    start = None
    while not box.is_over:
        page, start = dependencies.jobs().newest(_PAGE, start)
        for job, _ in page:
            try:
                ended += [job.job_id] if _lost(job) and _end(job.job_id, box) else []
            except Exception:  # one job that cannot be looked at must not hide the others
                dependencies.logger.exception("could not look at a job", extra={"job_id": job.job_id})
        if start is None:
            break
    dependencies.logger.info("swept", extra={"ended": ended})
    return {"Ended": ended}


def _lost(job: Job) -> str | None:
    """How the execution that should drive the job ended; None if it runs, or the job needs none or may still get it."""
    if job.status.is_final or datetime.now(UTC) - (job.owner.handed_over_at or job.started_at) <= _YOUNG:
        return None
    status = dependencies.workflow().status(job.owner.current)
    return status if status != "RUNNING" else None


def _end(job_id: str, box: TimeBox) -> bool:
    """Look once more, since the job may have changed hands meanwhile, and end it."""
    found = dependencies.jobs().snapshot(job_id)
    if found is None or (status := _lost(found[0])) is None:
        return False
    dependencies.reconciler().abandon(*found, f"the workflow's execution is {status}", box)
    return True
