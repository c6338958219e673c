"""The tasks of a job, as far as they are known."""

from collections.abc import Iterable, Iterator

from poller.jobs.model import Job, TaskRow
from poller.jobs.plan import Task


def known_tasks(job: Job, rows: Iterable[TaskRow]) -> Iterator[Task]:
    """The planned tasks in their order, and those that go on from them, each up to where `rows` say that it ends."""
    ends = {row.task_id: row.goes_on_at for row in rows if row.goes_on_at is not None}
    for task in job.plan or ():
        yield task.up_to(ends.get(task.task_id))
    if job.plan is not None:
        for task_id in sorted(ends):
            task = job.plan.task_behind(task_id, ends[task_id])
            yield task.up_to(ends.get(task.task_id))
