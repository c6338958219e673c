"""StartSourceRun: a source is due, by its schedule. Its run begins, or is skipped."""

import re
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.handlers import dependencies
from poller.specs.fields import is_name

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """`event`: Source, and Due as RFC 3339. Answers with the job's id and what became of the run, if there is one.

    A schedule calls at least once, and Lambda calls again what failed: one time has one run.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/getting-started.html
    """
    name, due = event["Source"], event["Due"]
    if not is_name(name) or not _TIME.fullmatch(due):
        raise ValueError("the event names no source, or no time")
    run = dependencies.runner().on_schedule(name, due)
    if run is None:
        dependencies.logger.info("nothing to do: no such source, paused, or called before", extra={"source": name})
        return {"Source": name, "JobId": None, "Outcome": None}
    dependencies.logger.append_keys(job_id=run.job_id)
    dependencies.logger.info("a source is due", extra={"source": name, "outcome": run.outcome.value, "why": run.why})
    return {"Source": name, "JobId": run.job_id, "Outcome": run.outcome.value}
