"""The tasks of a job, as far as they are known."""

from collections.abc import Iterable, Iterator

from poller.jobs.model import Job, TaskRow
from poller.jobs.plan import Ranges, Task


def known_tasks(job: Job, rows: Iterable[TaskRow]) -> Iterator[Task]:
    """The planned tasks in their order, and those behind them that `rows` know of."""
    yield from job.plan or ()
    if isinstance(job.plan, Ranges):
        for row in sorted(rows, key=lambda row: row.task_id):
            if row.goes_on_at is not None:
                yield job.plan.task_behind(row.task_id, row.goes_on_at)
