"""FetchPayload: fetch one task's pages, store them as one raw object, and point the consumer to it.

What has arrived when the API or the time box calls a halt is stored as a part, and the next call goes on after it. Of a
job with partitions, a call gets several tasks.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import JobStopped, PauseRequested, UpstreamUnavailable
from poller.fetching.pause import Throttle
from poller.fetching.tally import Tally
from poller.fetching.time_box import TimeBox
from poller.handlers import dependencies
from poller.jobs.model import Job
from poller.jobs.partition_opener import PartitionOpener
from poller.jobs.plan import Partitions, Task
from poller.jobs.steps import tasks_in
from poller.jobs.task_fetcher import TaskFetcher

# Of the function's time, kept for the last request (60 seconds at most) and for storing what was fetched.
_RESERVE_SECONDS = 70.0


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: JobId and Task, one line of the plan. Answers with the state that the task is in now; or each of Tasks.

    Raises RetriablePollerError where the workflow should call again.
    """
    tasks = list(tasks_in(event["Task"]))
    dependencies.logger.append_keys(job_id=event["JobId"], task_id=tasks[0].task_id)
    job = dependencies.jobs().job(event["JobId"])
    if job is None or job.is_stopped(datetime.now(UTC)):
        states = ["SKIPPED"] * len(tasks)
    else:
        states = _fetch_all(job, tasks, TimeBox.of(context, _RESERVE_SECONDS))
    shown = [{"TaskId": task.task_id, "State": state} for task, state in zip(tasks, states, strict=True)]
    return {"Tasks": shown} if "Tasks" in event["Task"] else shown[0]


def _fetch_all(job: Job, tasks: list[Task], box: TimeBox) -> list[str]:
    """Bring each task as far as the time allows, several at once. The states that they are in now."""
    jobs, fetched = dependencies.jobs(), dependencies.fetched_tasks()
    waits = Tally(partial(fetched.count, job, tasks[0].task_id))
    share, sender = dependencies.paced(job.resolved_spec, job.job_id, waits.wait)
    standing, publish = partial(jobs.standing, job.job_id), partial(jobs.publish_pause, job.job_id)
    throttle, at_once = Throttle(standing, publish, share=share, waited=waits.wait), min(job.threads, len(tasks))
    fetcher = TaskFetcher(job, fetched, sender, throttle, box, job.threads // at_once)
    fetch = PartitionOpener(fetcher).fetch if isinstance(job.plan, Partitions) else fetcher.fetch

    def state(task: Task) -> str:
        try:
            row = fetch(task)
        except (PauseRequested, JobStopped, UpstreamUnavailable) as halt:
            why = halt.seen or halt.message
            dependencies.logger.info("the task is left for later", extra={"task_id": task.task_id, "why": why})
            return "SKIPPED"
        return row.state.value if row else "SKIPPED"

    try:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(state, tasks))
    finally:
        throttle.close()
        waits.report()
