"""Bringing a walk forward: its tasks are stored while the pages behind them are fetched.

A chain can be cut anywhere. So what has arrived when the API or the time box calls a halt is a task of its own, and the
next one begins behind it. Only a task that has been fetched before, and behind which others have begun, has its place
to end; what comes of that before a halt is kept as a part.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from poller.datasets import records
from poller.errors import PauseRequested, PermanentPollerError, PollerError, RetriablePollerError
from poller.fetching.chain import ChainSource, Place, Walked
from poller.fetching.time_box import TimeBox
from poller.jobs import keys
from poller.jobs.fetched_tasks import FetchedTasks
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.plan import Task, Walks
from poller.jobs.task_state import with_pages
from poller.paging.lossless_json import dumps, loads


@dataclass(frozen=True, slots=True)
class Begun:
    """A task's row, the place behind what of it is stored, and that part."""

    row: TaskRow
    place: Place
    part: bytes = b""


@dataclass(frozen=True, slots=True)
class Walker:
    """What walking takes."""

    job: Job
    plan: Walks
    fetched: FetchedTasks
    source: ChainSource
    box: TimeBox

    def walk(self, task: Task) -> TaskRow | None:
        """Bring the task as far as the queue, and then those behind it while there is time. The row of the last one.

        A task that somebody else has fetched is only sent on: whoever did so goes on with the walk, or has its next
        task planned. None: where it begins is not known (any more). Raises the halt that leaves a page for later.
        """
        begun = self._begin(task)
        if begun is None or begun.row.state is not TaskState.STARTED:
            return self.fetched.enqueue(self.job, begun.row) if begun else None
        try:
            self.source.circuit.look_again()
        except PauseRequested as halt:
            return self._stop(begun.row, halt, self.source.fetcher.tally.requests)
        storing: Future[Begun] | None = None
        place, until = begun.place, begun.row.goes_on_at
        with ThreadPoolExecutor(1) as pool:
            while True:
                requests = self.source.fetcher.tally.requests
                walked = self.source.walk(place, until)
                requests = self.source.fetcher.tally.requests - requests
                begun = storing.result() if storing else begun
                if storing and not _is_new(begun.row):
                    return begun.row  # another worker is ahead
                if not walked.fetched.pages and walked.fetched.end is None:
                    return self._stop(begun.row, walked.error or walked.fetched.halt, requests)
                storing = pool.submit(self._store, begun, walked, requests)
                place = walked.place
                if walked.fetched.end or walked.fetched.halt or walked.error or until or self.box.is_over:
                    break
            row = storing.result().row
        is_in_time = not isinstance(walked.fetched.halt, RetriablePollerError)
        stop = walked.error or walked.fetched.halt
        return self._stop(row, stop, 0) if stop and is_in_time and row.state is TaskState.STARTED else row

    def _begin(self, task: Task) -> Begun | None:
        """The task as it stands now; None where the row of the task before it does not say (any more) where it
        begins."""
        tasks, job_id = self.fetched.tasks, self.job.job_id
        row = tasks.task(job_id, task.task_id) or TaskRow(task.task_id, TaskState.STARTED)
        before = tasks.task(job_id, task.after) if task.after else None
        if before is None or before.goes_on_at != task.first_page:
            before = TaskRow(task.after, TaskState.STARTED)
        begins_by = row.begins_by or before.goes_on_by
        if task.after and not begins_by:
            return None
        started = TaskRow(task.task_id, TaskState.STARTED, begins_by=begins_by, partition=task.partition)
        row = tasks.transition(self.job, started)
        mark = row.goes_on_by if row.pages else begins_by
        digest, guard = (row.last_digest, row.guard) if row.pages else (before.last_digest, before.guard)
        place = Place(task.first_page + row.pages, loads(mark)[0] if mark else None, digest, guard=guard)
        part = self.fetched.raw_payloads.get(keys.raw_key(job_id, row.task_id, row.part)) if row.part else b""
        if part is None:  # removed, by the bucket's lifecycle for instance: begin again
            kept = TaskRow(row.task_id, row.state, row.attempts, goes_on_at=row.goes_on_at, begins_by=begins_by)
            return Begun(kept, Place(task.first_page, loads(begins_by)[0] if begins_by else None))
        return Begun(row, place, part)

    def _store(self, begun: Begun, walked: Walked, requests: int) -> Begun:
        """Store what came, send it on, and begin the task behind it. That one, or the stored one if it is the last."""
        row, place, fetched = begun.row, walked.place, walked.fetched
        is_part = fetched.end is None and row.goes_on_at not in (None, place.index)
        body = begun.part + records.compress((line for page in fetched.pages for line in page.lines), level=1)
        after = replace(with_pages(row, fetched, requests, page_size=0), begins_by=row.begins_by)
        if fetched.end is None:
            mark = "" if place.mark is None else dumps(place.mark)
            after = replace(after, goes_on_by=mark, guard=place.guard, last_digest=place.digest_before)
        digest = records.digest(body)
        self.fetched.raw_payloads.put(keys.raw_key(self.job.job_id, row.task_id, digest), body, "application/gzip")
        after = replace(after, part=digest) if is_part else replace(after, state=TaskState.PAYLOAD_SAVED, raw=digest)
        row = self.fetched.enqueue(self.job, self.fetched.tasks.transition(self.job, after))
        if is_part or row.raw != digest or row.goes_on_at is None:
            return Begun(row, place)
        behind = self.plan.task_behind(row.task_id, row.goes_on_at).within(row.partition)
        return self._begin(behind) or Begun(row, place)

    def _stop(self, row: TaskRow, why: PollerError | None, requests: int) -> TaskRow:
        """Say of the task whose next page did not come why that is. Raises a halt."""
        if why is None:
            return row
        row = self.fetched.leave(self.job, row, why, row.attempts + requests, lost=1)
        if row.state is not TaskState.FAILED and not isinstance(why, PermanentPollerError):
            raise why
        return row


def _is_new(row: TaskRow) -> bool:
    """Whether nobody has come further than to begin the task."""
    return row.state is TaskState.STARTED and not row.pages and row.goes_on_at is None
