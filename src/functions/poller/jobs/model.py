"""The values that the floors above hand to each other. No behaviour beyond what follows from the fields."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    """Where a task is, in order of rank. A task without a row is pending."""

    STARTED = "STARTED"
    PAYLOAD_SAVED = "PAYLOAD_SAVED"
    ENQUEUED = "ENQUEUED"
    FAILED = "FAILED"
    COMPLETE = "COMPLETE"

    @property
    def rank(self) -> int:
        """1 to 5; 0 is left for pending."""
        return list(TaskState).index(self) + 1


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a job's pages are cut into tasks; every task follows from these three numbers and its index."""

    pages: int
    pages_per_task: int
    page_size: int

    @property
    def tasks(self) -> int:
        return -(-self.pages // self.pages_per_task)


@dataclass(frozen=True, slots=True)
class Task:
    """`pages` consecutive pages from `first_page` (0 is the first)."""

    task_id: str
    first_page: int
    pages: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What the table knows of one task.

    `first_digest` and `last_digest` tell its first and last page's records from others', so that neighbouring tasks
    can be compared; `first_record` and `last_record` do so for its outermost records. `overlaps`: its second page
    begins with the record that its first one ends with. `sha256` and `dataset_bytes` describe its dataset object.
    `declared` is the total of records that the API declared on the task's last page, None where it did not. `error` has
    Type, Message and, where one page is to blame, its index as Page. A STARTED task has one that was left for later.

    `raw` says which of the task's raw objects counts, the one with all its pages. Until there is one, `part` says which
    one holds its first `pages` pages. `attempts` to `bytes` and the digests describe that object too.
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
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks by their present state, and what they brought."""

    started: int = 0
    payload_saved: int = 0
    enqueued: int = 0
    failed: int = 0
    complete: int = 0
    pages: int = 0
    records: int = 0
    bytes: int = 0

    @property
    def seen(self) -> int:
        """Tasks in any state."""
        return self.started + self.payload_saved + self.enqueued + self.failed + self.complete

    @property
    def finished(self) -> int:
        return self.failed + self.complete


@dataclass(frozen=True, slots=True)
class Job:
    """The job's own row. Times are ISO 8601 in UTC.

    `execution_arn` is the execution that drives the job, `successor` the one that is to take over, `executions` how
    many there were. `stop` is a verdict waiting for ReconcileJob. `not_before` is when the API may be asked again
    (epoch seconds). `visits` counts ReconcileJob's calls in the present execution, `preparations` PreparePollerJob's,
    of whose attempts at the first page `probe_failures` failed, the last one with `probe_seen`.
    `idle_rounds` is how many rounds of fetching began since `progress_at`: the last progress, or the end of the last
    pause that the API asked for.
    `notice` is something a user should know of a job that succeeded. `url` is as it may be shown. `run_seconds` is how
    long those of its runs took that have ended, without the time from one's end to the next one's redrive.
    """

    job_id: str
    name: str
    status: JobStatus
    execution_arn: str
    started_at: str
    expires_at: int
    url: str | None = None
    spec: JobSpec | None = None
    geometry: Geometry | None = None
    total_is_final: bool = False
    records_expected: int | None = None
    first_page_digest: str = ""
    map_concurrency: int = 1
    threads: int = 1
    executions: int = 1
    successor: str | None = None
    handed_over_at: str | None = None
    deadline_at: str = ""
    not_before: int = 0
    preparations: int = 0
    probe_failures: int = 0
    probe_seen: str = ""
    visits: int = 0
    plan_round: int = 0
    progress_mark: int = 0
    progress_at: str = ""
    idle_rounds: int = 0
    stop: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    notice: dict[str, str] | None = None
    duplicate_of: str | None = None
    finished_at: str | None = None
    redriven_at: str | None = None
    run_seconds: int | None = None

    @property
    def planned(self) -> tuple[JobSpec, Geometry]:
        """The resolved spec and the geometry. Only a job with tasks may be asked for them."""
        if self.spec is None or self.geometry is None:
            raise RuntimeError(f"job {self.job_id} has no plan yet")
        return self.spec, self.geometry

    @property
    def total(self) -> int:
        """Planned tasks."""
        return self.geometry.tasks if self.geometry else 0
