"""Jobs and tasks as values. No behaviour beyond what follows from the fields."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from poller.errors import Reason
from poller.fetching.data_end import DataEnd
from poller.jobs.opening import Opening
from poller.jobs.owner import Owner
from poller.jobs.plan import Plan, Ranges
from poller.jobs.source_run import SourceRun
from poller.paging.record_key import RecordKey
from poller.partitions.values import Values
from poller.specs.model import JobSpec


class JobStatus(StrEnum):
    """Where a job is. All but the first two are final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"

    @property
    def is_final(self) -> bool:
        return self not in (JobStatus.PENDING, JobStatus.RUNNING)


class TaskState(StrEnum):
    """Where a task is, in order of rank. Without a row, it is pending."""

    STARTED = "STARTED"
    PAYLOAD_SAVED = "PAYLOAD_SAVED"
    ENQUEUED = "ENQUEUED"
    FAILED = "FAILED"
    COMPLETE = "COMPLETE"

    @property
    def rank(self) -> int:
        """1 to 5."""
        return list(TaskState).index(self) + 1


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What the table knows of one task.

    `first_digest` and `last_digest` tell its first and last page's records from others', so that neighbouring tasks
    can be compared; `first_record` and `last_record` do so for its outermost records. `overlaps`: its second page
    begins with the record that its first one ends with. `sha256` and `dataset_bytes` describe its dataset object.
    `declared` is the total of records that the API declared on its last page. A STARTED task has an `error` where one
    left it for later.

    `raw` says which of the task's raw objects counts, the one with all its pages. Until there is one, `part` says which
    holds its first `pages` pages, and `begun` records of the page behind; `attempts` to `bytes` and the digests
    describe that one too.

    Where a task ends before its planned end, or goes on behind it, `goes_on_at` is the page at which another begins;
    where it came to the end of the data, `end` says how that showed. A FAILED task `lost` so many pages. `more` is the
    first sign on its last page that there is more. So many `short_pages` stayed shorter than the others, the first
    with the index `short_page`. `keyless` is how many of its records lack the job's key. In so many `failed_rounds`
    the page behind its `pages` spent all its attempts. Where it `looked_again` at the job's first page at the end, that
    had `digest_again`, and declared `total_again`. So many were `mended`, and so many `ignored`, first `ignored_page`.
    Credentials may have been taken out of so many `blanked` records.
    Of a walk: what it `begins_by` and `goes_on_by`, and its `guard`. `left_out` are fields without a column. Of a job
    with partitions: the values of its `partition`, and if it is the first task of that one, its `opening`; or those of
    both `halves` that are read in its place. Of a source: the latest value of the cursor that its records have
    `reached`, and how many are `cursorless`.
    """

    task_id: str
    state: TaskState
    attempts: int = 0
    pages: int = 0
    records: int = 0
    bytes: int = 0
    dataset_bytes: int = 0
    sha256: str = ""
    first_digest: str = ""
    last_digest: str = ""
    first_record: str = ""
    last_record: str = ""
    overlaps: bool = False
    declared: int | None = None
    raw: str = ""
    part: str = ""
    error: Reason | None = None
    keyless: int = 0
    begun: int = 0
    goes_on_at: int | None = None
    end: DataEnd | None = None
    more: str = ""
    short_pages: int = 0
    short_page: int | None = None
    looked_again: bool = False
    digest_again: str = ""
    total_again: int | None = None
    mended: int = 0
    blanked: int = 0
    ignored: int = 0
    ignored_page: int | None = None
    failed_rounds: int = 0
    lost: int = 0
    begins_by: str = ""
    goes_on_by: str = ""
    guard: str = ""
    left_out: tuple[str, ...] = ()
    partition: Values | None = None
    opening: Opening | None = None
    reached: str = ""
    cursorless: int = 0
    halves: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks by their present state, and what they brought.

    `lost` is how many pages the failed tasks lack, `behind` how many tasks there are so far besides the planned ones,
    `ends` how many saw the end of the data. What comes behind it is counted as it happens, and no row tells of it: of a
    worker that died, it is counted again. `waited` is in seconds.
    """

    started: int = 0
    payload_saved: int = 0
    enqueued: int = 0
    failed: int = 0
    complete: int = 0
    pages: int = 0
    records: int = 0
    bytes: int = 0
    lost: int = 0
    behind: int = 0
    ends: int = 0
    requests: int = 0
    retried: int = 0
    waited: int = 0
    pages_arrived: int = 0
    records_arrived: int = 0

    @property
    def seen(self) -> int:
        """Tasks in any state."""
        return self.started + self.payload_saved + self.enqueued + self.failed + self.complete

    @property
    def finished(self) -> int:
        return self.failed + self.complete


@dataclass(frozen=True, slots=True)
class StopRequest:
    """How a job is to end, left on its row for ReconcileJob."""

    status: JobStatus
    reason: Reason


@dataclass(frozen=True, slots=True)
class Job:
    """The job's own row.

    `not_before` is when the API may be asked again (epoch seconds). `iterations` counts ReconcileJob's calls in the
    present execution, `preparations` PreparePollerJob's, of whose attempts at the first page `probe_failures` failed,
    the last one with `probe_seen`. `stalled_rounds` is how many rounds of fetching began since `progress_at`: the last
    progress, or the end of the last pause that the API asked for. `notice` is something to know of a job that
    succeeded. `url` is as it may be shown. `run_seconds` is how long its runs took that have ended, without the time
    between them. `is_readable`: this release can read the whole row. `detected` is what `auto` found, and `proof` what
    showed that the dataset is whole, both as they are shown. `record_key` is what tells the records apart: the spec's
    `primary_key`, or found on the first page. `down_since` is when the API was found to give no page (epoch seconds), 0
    while it does. `redriven_for` is why it was PARTIAL without failed tasks before its latest redrive. `source`
    is the run that it is of a source.
    """

    job_id: str
    name: str
    status: JobStatus
    owner: Owner
    started_at: datetime
    expires_at: int
    url: str | None = None
    spec: JobSpec | None = None
    plan: Plan | None = None
    total_is_final: bool = False
    records_expected: int | None = None
    first_page_digest: str = ""
    map_concurrency: int = 1
    threads: int = 1
    deadline_at: datetime | None = None
    not_before: int = 0
    preparations: int = 0
    probe_failures: int = 0
    probe_seen: str = ""
    iterations: int = 0
    plan_round: int = 0
    progress_mark: int = 0
    progress_at: datetime | None = None
    stalled_rounds: int = 0
    stop: StopRequest | None = None
    error: Reason | None = None
    notice: Reason | None = None
    duplicate_of: str | None = None
    finished_at: datetime | None = None
    redriven_at: datetime | None = None
    run_seconds: int | None = None
    is_readable: bool = True
    record_key: RecordKey = ()
    proof: dict[str, Any] | None = None
    detected: dict[str, Any] | None = None
    down_since: int = 0
    redriven_for: Reason | None = None
    source: SourceRun | None = None

    @property
    def is_planned(self) -> bool:
        return self.plan is not None

    @property
    def resolved_spec(self) -> JobSpec:
        """The spec that the plan was made for. Only a planned job may be asked for it."""
        if self.spec is None or self.plan is None:
            raise RuntimeError(f"job {self.job_id} has no plan")
        return self.spec

    @property
    def planned(self) -> tuple[JobSpec, Ranges]:
        """The resolved spec and the page ranges. Only a job that has some may be asked for them."""
        if not isinstance(self.plan, Ranges):
            raise RuntimeError(f"job {self.job_id} has no ranges of pages")
        return self.resolved_spec, self.plan

    def total(self, counts: Counts) -> int:
        """Tasks: the planned ones, and those that go on from them, as far as they are known."""
        return (len(self.plan) if self.plan is not None else 0) + counts.behind

    def is_stopped(self, now: datetime) -> bool:
        """Whether no more requests may be sent for the job."""
        is_late = self.deadline_at is not None and now > self.deadline_at
        return self.status.is_final or self.stop is not None or is_late
