"""What came of a task is stored, and its row says so; where a page did not come, the task is cut there."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError

from poller.aws.s3 import Bucket
from poller.datasets import records
from poller.errors import (
    PauseRequested,
    PermanentPollerError,
    PollerError,
    Reason,
    TransientUpstreamError,
    UpstreamUnavailable,
)
from poller.fetching.fetched_pages import FetchedPages
from poller.fetching.outage import MAX_ROUNDS, failed_for_good
from poller.jobs import keys
from poller.jobs.job_store import JobStore
from poller.jobs.model import Job, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.plan import Task
from poller.jobs.queue import PayloadQueue
from poller.jobs.task_state import FETCHING_MAY_FAIL, with_pages
from poller.jobs.task_store import TaskStore
from poller.jobs.verdict import exceeds_tolerance, too_many_failures


@dataclass(frozen=True, slots=True)
class FetchedTasks:
    """What storing takes. `log` is a logger's method for warnings."""

    jobs: JobStore
    tasks: TaskStore
    raw_payloads: Bucket
    queue: PayloadQueue
    log: Callable[..., None]

    def begin(self, job: Job, task: Task) -> TaskRow:
        """The task's row, as it stands now."""
        return self.tasks.transition(job, TaskRow(task.task_id, TaskState.STARTED, partition=task.partition))

    def store(self, job: Job, row: TaskRow, part: bytes, pieces: list[FetchedPages], requests: int) -> TaskRow:
        """Store each piece as a task, the first as that of `row` with its `part`. All took so many `requests`.

        Answers with the last row written. Raises the halt of the last piece, where what is missing is for later.
        """
        first, *others = pieces
        if others and not first.pages and not row.pages:  # its very first page does not come
            first, *others = others
        row = self._store_piece(job, row, part, first, requests - sum(piece.requests for piece in others))
        for piece in others:
            if row.goes_on_at != piece.first:
                return row  # another call was faster, and cut the task in another way
            self.enqueue(job, row)
            row = self.begin(job, job.planned[1].task_behind(row.task_id, piece.first).within(row.partition))
            if row.state is not TaskState.STARTED or row.pages:
                return row  # another call is ahead of this one
            row = self._store_piece(job, row, b"", piece, piece.requests)
        return row

    def enqueue(self, job: Job, row: TaskRow) -> TaskRow:
        """Point the consumer to the task's raw pages, once they are all there."""
        if row.state is not TaskState.PAYLOAD_SAVED:
            return row
        self.queue.send(job.job_id, row.task_id)
        return self.tasks.transition(job, TaskRow(row.task_id, TaskState.ENQUEUED))

    def fail(self, job: Job, row: TaskRow, error: PermanentPollerError, attempts: int, lost: int) -> TaskRow:
        """Fail the task of `row`, of which `lost` pages are missing."""
        if isinstance(error, UpstreamUnavailable):
            error = failed_for_good(error, row.failed_rounds, job.resolved_spec.retry)
        self.log("the task failed", extra={"error": error.reason.as_dict()})
        failed = replace(TaskRow(row.task_id, TaskState.FAILED), attempts=attempts, error=error.reason, lost=lost)
        row = self.tasks.transition(job, replace(failed, goes_on_at=row.goes_on_at), FETCHING_MAY_FAIL)
        if job.resolved_spec.tolerated_failure_percentage is not None:
            now = self.jobs.snapshot(job.job_id)
            if now and exceeds_tolerance(*now):
                stop = StopRequest(JobStatus.FAILED, too_many_failures(*now))
                self.jobs.request_stop(job.job_id, stop, job.owner.execution_arn)
        return row

    def count(self, job: Job, task_id: str, news: dict[str, int]) -> None:
        """Show how far the task is. Nothing depends on it: where that cannot be written, the task goes on."""
        try:
            self.tasks.count(job, task_id, news)
        except (BotoCoreError, ClientError) as error:
            self.log("progress is not shown", extra={"error": str(error)})

    def note(self, job: Job, row: TaskRow, halt: PollerError, attempts: int) -> None:
        """Keep why the task has come no further: if it never does, that is why, and this the page to try by hand."""
        is_pause = isinstance(halt, PauseRequested)
        if message := halt.seen or (halt.message if is_pause else ""):
            kind = type(halt) if is_pause else TransientUpstreamError
            reason = Reason(kind.__name__, message, halt.page)
            self.tasks.note(job, row.task_id, reason, attempts, row.failed_rounds)

    def _store_piece(self, job: Job, row: TaskRow, part: bytes, piece: FetchedPages, requests: int) -> TaskRow:
        """Store what came behind the pages that `row` describes, or say what did not come."""
        attempts = row.attempts + requests
        if piece.failed is not None:
            lost = 1 if piece.goes_on_at is not None else _pages(job, row, piece)
            cut = replace(row, goes_on_at=piece.goes_on_at)
            return self.leave(job, cut, piece.failed, attempts, lost)
        arrived = [*piece.pages, piece.begun] if piece.begun else piece.pages
        if arrived or piece.halt is None:
            body = part + records.compress((line for page in arrived for line in page.lines), level=1)
            after = with_pages(row, piece, requests, job.planned[1].page_size)
            row = self._save(job, after, body, is_part=piece.halt is not None)
        if piece.halt:
            row = self.leave(job, row, piece.halt, attempts, _pages(job, row, piece))
            if row.state is not TaskState.FAILED:
                raise piece.halt
        return row

    def leave(self, job: Job, row: TaskRow, error: PollerError, attempts: int, lost: int) -> TaskRow:
        """Leave what is missing from the task of `row` to a later round; or fail it, if no round is left or of use."""
        may_come = not isinstance(error, PermanentPollerError)
        if isinstance(error, UpstreamUnavailable):
            row = replace(row, failed_rounds=row.failed_rounds + 1)
            may_come = row.failed_rounds < MAX_ROUNDS
        if isinstance(error, PermanentPollerError) and not may_come:
            return self.fail(job, row, error, attempts, lost)
        standing = self.tasks.transition(job, TaskRow(row.task_id, TaskState.STARTED, goes_on_at=row.goes_on_at))
        self.note(job, row, error, attempts)
        return standing

    def _save(self, job: Job, row: TaskRow, body: bytes, is_part: bool) -> TaskRow:
        """Store the pages that `row` describes, and then say in the table that this object counts now."""
        digest = records.digest(body)
        self.raw_payloads.put(keys.raw_key(job.job_id, row.task_id, digest), body, "application/gzip")
        after = replace(row, part=digest) if is_part else replace(row, state=TaskState.PAYLOAD_SAVED, raw=digest)
        return self.tasks.transition(job, after)


def _pages(job: Job, row: TaskRow, piece: FetchedPages) -> int:
    """Of the task, at least 1: those of `piece`, and those that should follow."""
    behind = job.planned[1].task_behind(row.task_id, piece.first).up_to(row.goes_on_at)
    return max(1, row.pages + behind.pages)
