"""Fetching tasks of a job with partitions: whoever gets the first task of one looks what there is in it.

The first page that shows it is not asked for twice.
"""

from dataclasses import dataclass, replace

from poller.errors import JobStopped, PauseRequested, PermanentPollerError, RetriablePollerError, UpstreamUnavailable
from poller.fetching.first_look import FirstLook, first_look
from poller.fetching.page_fetcher import PageFetcher
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.one_partition import job_in
from poller.jobs.opening import Opening
from poller.jobs.partition_planning import is_too_large, open_partition
from poller.jobs.plan import MAX_HALVINGS, Partitions, Ranges, Task, partition_id, partition_of
from poller.jobs.task_fetcher import Came, TaskFetcher
from poller.paging.paginators import Auto, SinglePage
from poller.partitions.values import Values
from poller.specs.model import JobSpec
from poller.specs.page_request import page_request
from poller.specs.partitioned import halves_of, in_partition
from poller.values import PageRequest


@dataclass(frozen=True, slots=True)
class PartitionOpener:
    """`fetcher` is that of the whole job."""

    fetcher: TaskFetcher

    def fetch(self, task: Task) -> TaskRow | None:
        """Bring the task as far as `TaskFetcher.fetch` does. None: what it is a part of has not begun.

        Raises the halt that leaves pages for later.
        """
        job, fetched = self.fetcher.job, self.fetcher.fetched
        if task.task_id != (first := partition_of(task.task_id)):
            row = fetched.tasks.task(job.job_id, first)
            return self._within(row.opening, task).fetch(task) if row and row.opening else None
        row, look = fetched.begin(job, task), None
        if row.opening is None and row.state is TaskState.STARTED:
            row, look = self._look(task, row)
        if row.opening is None:
            return row
        return self._within(row.opening, task, look).fetch(next(iter(row.opening.plan)).within(task.partition))

    def _within(self, opening: Opening, task: Task, look: FirstLook | None = None) -> TaskFetcher:
        """What fetches the tasks of the partition that `task` is of. `look`: what has come of it already."""
        values = task.partition or {}
        part = job_in(self.fetcher.job, values, opening)
        came = _came(part, look) if look else None
        return replace(self.fetcher, job=part, came=came, other_page=self._other_page(values))

    def _look(self, task: Task, row: TaskRow) -> tuple[TaskRow, FirstLook | None]:
        """Look at the partition's first page, and write down what it shows; or why it does not come.

        Raises the halt that leaves it for later.
        """
        fetcher, fetched, values = self.fetcher, self.fetcher.fetched, task.partition or {}
        tally = fetcher.tally(task.task_id)
        try:
            spec = self._spec_in(values)
            request = page_request(spec, 0, None)
            _, circuit = fetcher.asking(tally, request, self._other_page(values) or request)
            circuit.look_again()
            try:
                look = first_look(
                    spec, lambda known: PageFetcher(fetcher.sender, known, fetcher.box, fetcher.throttle, tally)
                )
            except UpstreamUnavailable as error:
                error.page = 0
                circuit.judge(error)
                raise
            halves, change = self._halves(task, look), TaskRow(task.task_id, TaskState.COMPLETE, partition=values)
            if not halves:
                opening = open_partition(look, task.task_id, fetcher.job.record_key, self._workers, fetcher.threads)
                opening = replace(opening, is_too_large=is_too_large(fetcher.job.resolved_spec, look))
                change = replace(change, state=TaskState.STARTED, opening=opening)
        except (PauseRequested, RetriablePollerError, JobStopped, PermanentPollerError) as error:
            error.page = 0
            left = fetched.leave(fetcher.job, row, error, row.attempts + tally.requests, lost=1)
            if left.state is not TaskState.FAILED:
                raise
            return left, None
        finally:
            tally.report()
        change = replace(change, attempts=row.attempts + tally.requests if halves else row.attempts, halves=halves)
        written = fetched.tasks.transition(fetcher.job, change)
        return written, look if written.opening == change.opening else None

    def _halves(self, task: Task, look: FirstLook) -> tuple[Values, ...]:
        """The values of what is read in place of a window with too many records; none where it is read itself."""
        spec = self.fetcher.job.resolved_spec
        may_halve = len(task.task_id) < len(partition_id(0)) + MAX_HALVINGS and is_too_large(spec, look)
        return halves_of(spec, task.partition or {}) if may_halve else ()

    def _spec_in(self, values: Values) -> JobSpec:
        """What the partition is asked for by. A single page that `auto` found in another one is no promise for it."""
        job = self.fetcher.job
        spec = in_partition(job.resolved_spec, values)
        is_guess = job.detected is not None and isinstance(spec.paginator, SinglePage)
        return replace(spec, paginator=Auto(), data_selector=None) if is_guess else spec

    @property
    def _workers(self) -> int:
        """How many there are for each partition."""
        job = self.fetcher.job
        return job.map_concurrency // len(job.plan) if job.plan else 1

    def _other_page(self, values: Values) -> PageRequest | None:
        """The first page of another partition; None where there is none."""
        job = self.fetcher.job
        samples = job.plan.samples if isinstance(job.plan, Partitions) else ()
        other = next((sample for sample in samples if sample != values), None)
        return page_request(in_partition(job.resolved_spec, other), 0, None) if other is not None else None


def _came(part: Job, look: FirstLook) -> Came:
    """The first page of a partition, and how its plan asks for it: for as many records as came, if there were some."""
    request = look.request
    if isinstance(part.plan, Ranges) and look.first.rows in (0, part.plan.page_size):
        request = page_request(part.resolved_spec, 0, part.plan.page_size)
    return request, look.first
