"""Fetching the tasks of a job in one call of a function: range or walk, from its row to the queue."""

from dataclasses import dataclass
from functools import partial

from poller.errors import JobStopped, PauseRequested, PermanentPollerError
from poller.fetching.chain import ChainSource
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.outage import Circuit
from poller.fetching.page_fetcher import PageFetcher
from poller.fetching.pause import Throttle
from poller.fetching.tally import Tally
from poller.fetching.task_pages import WantedPages, fetch_planned
from poller.fetching.time_box import TimeBox
from poller.fetching.walk import walk_on
from poller.fetching.whole_page import PageSource
from poller.jobs import keys
from poller.jobs.fetched_tasks import FetchedTasks
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.plan import Task, Walks
from poller.jobs.walker import Walker
from poller.paging.envelope import Envelope
from poller.specs.page_request import page_request, request_at
from poller.values import PageRequest, Sender

Came = tuple[PageRequest, Envelope]


@dataclass(frozen=True, slots=True)
class TaskFetcher:
    """What fetching takes. `sender` and `throttle` are those of all tasks of this call, `threads` each one's.

    `came` is a first page that has come already; `other_page` asks for one of another partition, where there is one.
    """

    job: Job
    fetched: FetchedTasks
    sender: Sender
    throttle: Throttle
    box: TimeBox
    threads: int = 1
    came: Came | None = None
    other_page: PageRequest | None = None

    def fetch(self, task: Task) -> TaskRow | None:
        """Bring the task as far as the queue, and those that go on from it too while there is time. The last one's row.

        Raises the halt that leaves pages for later.
        """
        return self._walk(self.job.plan, task) if isinstance(self.job.plan, Walks) else self._run(task)

    def asking(self, tally: Tally, first: PageRequest, second: PageRequest) -> tuple[PageFetcher, Circuit]:
        """What the job's pages are asked for with. `first` and `second` tell how the API is."""
        job, jobs = self.job, self.fetched.jobs
        fetcher = PageFetcher(self.sender, job.resolved_spec, self.box, self.throttle, tally)
        publish, recovered = partial(jobs.publish_pause, job.job_id), partial(jobs.publish_recovery, job.job_id)
        circuit = Circuit(fetcher, self.throttle, self.box, first, second, job.down_since, publish, recovered)
        circuit.came.extend([self.came] if self.came else [])
        return fetcher, circuit

    def tally(self, task_id: str) -> Tally:
        """Counts what is asked for, and shows it."""
        return Tally(partial(self.fetched.count, self.job, task_id))

    def _run(self, task: Task) -> TaskRow:
        fetched, job, digest_before = self.fetched, self.job, self.job.first_page_digest
        while True:
            row = fetched.begin(job, task)
            if row.state is TaskState.STARTED:
                row = self._fetch(task.up_to(row.goes_on_at), row, digest_before)
            row = fetched.enqueue(job, row)
            if row.goes_on_at is None or self.box.is_over:
                return row
            digest_before = row.last_digest
            task = job.planned[1].task_behind(row.task_id, row.goes_on_at).within(task.partition)

    def _walk(self, plan: Walks, task: Task) -> TaskRow | None:
        job = self.job
        spec = job.resolved_spec
        first = request_at(spec, None)
        tally = self.tally(task.task_id)
        fetcher, circuit = self.asking(tally, first, self.other_page or first)
        source = ChainSource(spec, job.record_key, fetcher, circuit, job.first_page_digest)
        try:
            return Walker(job, plan, self.fetched, source, self.box).walk(task)
        finally:
            tally.report()

    def _fetch(self, task: Task, row: TaskRow, digest_before: str) -> TaskRow:
        """Fetch the pages that are not stored yet, and store what arrived, even where the rest has to wait.

        Answers with the last row that was written: the task's, or that of one that goes on from it.
        """
        job, fetched = self.job, self.fetched
        part = fetched.raw_payloads.get(keys.raw_key(job.job_id, task.task_id, row.part)) if row.part else b""
        if part is None:  # removed, by the bucket's lifecycle for instance: begin again
            fetched.log("the task's stored pages are gone", extra={"pages": row.pages})
            row, part = TaskRow(task.task_id, TaskState.STARTED, row.attempts, goes_on_at=row.goes_on_at), b""
        tally = self.tally(task.task_id)
        source, wanted = self._source(tally), self._wanted(task, row, digest_before)
        try:
            source.circuit.look_again()
            pieces = fetch_planned(wanted, source)
            if task.is_open and pieces[-1].failed is None:
                walk_on(wanted, source, pieces[-1])
            elif source.pages == 1:
                pieces[-1].first_again = next(iter(pieces[-1].pages), None)
        except PauseRequested as halt:
            pieces = [FetchedPages(wanted.first, halt=halt)]
        except PermanentPollerError as error:
            return fetched.fail(job, row, error, row.attempts + tally.requests, max(1, task.pages))
        except JobStopped as halt:
            fetched.note(job, row, halt, row.attempts + tally.requests)
            raise
        finally:
            tally.report()
        return fetched.store(job, row, part, pieces, tally.requests)

    def _source(self, tally: Tally) -> PageSource:
        spec, ranges = self.job.planned
        first, second = (page_request(spec, index, ranges.page_size) for index in (0, min(1, ranges.pages - 1)))
        if ranges.pages == 1 and self.other_page:
            second = self.other_page
        fetcher, circuit = self.asking(tally, first, second)
        return PageSource(spec, self.job.record_key, ranges.pages, ranges.page_size, fetcher, circuit)

    def _wanted(self, task: Task, row: TaskRow, digest_before: str) -> WantedPages:
        """The task's pages after those that `row` describes. `digest_before` is that of the page before the task."""
        first = task.first_page + row.pages
        return WantedPages(
            first,
            end=max(first, task.first_page + task.pages),
            pages=self.job.planned[1].pages,
            is_open=task.is_open,
            is_fixed=row.goes_on_at is not None,
            records=self.job.records_expected,
            digest_before=row.last_digest if row.pages else digest_before,
            first_digest=self.job.first_page_digest,
            kept_bytes=row.bytes,
            had=row.begun,
            failed_rounds=row.failed_rounds,
            threads=self.threads,
        )
