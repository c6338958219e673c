"""A job as it is in one of its partitions: whoever fetches, judges or shows one sees a job without partitions."""

from collections.abc import Iterable
from dataclasses import replace

from poller.jobs.model import Job, TaskRow
from poller.jobs.opening import Opening
from poller.jobs.plan import partition_of
from poller.partitions.values import Values
from poller.specs.partitioned import in_partition


def job_in(job: Job, values: Values, opening: Opening) -> Job:
    """`job` as if the partition with these values were all of it."""
    spec = in_partition(job.resolved_spec, values)
    return replace(
        job,
        spec=replace(spec, data_selector=opening.data_selector, paginator=opening.paginator),
        plan=opening.plan,
        records_expected=opening.records,
        total_is_final=opening.is_declared,
        first_page_digest=opening.digest,
    )


def by_partition(rows: Iterable[TaskRow]) -> dict[str, list[TaskRow]]:
    """The rows of each partition that has some, by its id."""
    found: dict[str, list[TaskRow]] = {}
    for row in rows:
        found.setdefault(partition_of(row.task_id), []).append(row)
    return found
