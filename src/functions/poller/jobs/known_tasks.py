"""The tasks of a job, as far as they are known."""

from collections.abc import Iterable, Iterator

from poller.jobs.model import Job, TaskRow
from poller.jobs.one_partition import by_partition, job_in
from poller.jobs.plan import Partitions, Task, halved


def known_tasks(job: Job, rows: Iterable[TaskRow], planned: Iterable[Task]) -> Iterator[Task]:
    """The `planned` tasks in their order, and those that go on from them, each up to where `rows` say that it ends.

    Of a partition, the row of its first task says which tasks are planned.
    """
    if isinstance(job.plan, Partitions):
        return _of_partitions(job, rows, planned)
    return _of_plan(job, rows, planned)


def _of_partitions(job: Job, rows: Iterable[TaskRow], planned: Iterable[Task]) -> Iterator[Task]:
    return _known(job, by_partition(rows), planned)


def _known(job: Job, known: dict[str, list[TaskRow]], planned: Iterable[Task]) -> Iterator[Task]:
    for task in planned:
        its_rows = known.get(task.task_id, [])
        first = next((row for row in its_rows if row.task_id == task.task_id), None)
        if first is None or first.opening is None:
            yield task
            if first is not None and first.halves:
                yield from _known(job, known, halved(task.task_id, first.halves))
            continue
        part = job_in(job, task.partition or {}, first.opening)
        for each in _of_plan(part, its_rows, first.opening.plan):
            yield each.within(task.partition)


def _of_plan(job: Job, rows: Iterable[TaskRow], planned: Iterable[Task]) -> Iterator[Task]:
    ends = {row.task_id: row.goes_on_at for row in rows if row.goes_on_at is not None}
    for task in planned:
        yield task.up_to(ends.get(task.task_id))
    if job.plan is not None and not isinstance(job.plan, Partitions):
        for task_id in sorted(ends):
            task = job.plan.task_behind(task_id, ends[task_id])
            yield task.up_to(ends.get(task.task_id))
