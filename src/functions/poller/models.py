"""The values that the floors above hand to each other. No behaviour beyond what follows from the fields."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JSON = Any
"""A JSON value as `logic.exact_json.loads` reads it."""


class JobStatus(StrEnum):
    """Where a job is. All but the first two are final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
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
class Retry:
    """How often and how patiently one page is asked for."""

    max_attempts: int = 6
    max_delay_seconds: int = 300
    retry_after_headers: tuple[str, ...] = ("Retry-After", "X-RateLimit-Reset")


@dataclass(frozen=True, slots=True)
class Auto:
    """Read the first response and decide."""


@dataclass(frozen=True, slots=True)
class SinglePage:
    """The whole answer in one response."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Pages by the number of records to skip. `limit` None: the server's own page size."""

    limit: int | None = None
    limit_param: str = "limit"
    offset_param: str = "offset"
    total_path: str | None = None
    total_header: str | None = None
    limit_path: str | None = None


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Pages by number, the first being `base_page`. Without `limit_param` the server alone sets the size."""

    page_param: str = "page"
    base_page: int = 1
    limit_param: str | None = None
    limit: int | None = None
    total_path: str | None = None
    total_pages_path: str | None = None
    total_header: str | None = None
    total_pages_header: str | None = None


Paginator = Auto | SinglePage | Offset | PageNumber


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a caller asks for. `data_selector` None: to be found in the first response."""

    url: str
    name: str = "default"
    method: str = "GET"
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    data_selector: str | None = None
    paginator: Paginator = field(default_factory=Auto)
    retry: Retry = field(default_factory=Retry)
    max_concurrency: int = 10
    maximum_pages: int = 100_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request, complete: anyone can send it again."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one request. Header names are lower case; `body` is decoded from its transfer coding."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A response that holds records, found with `selector`.

    `line` is its JSON text on one line; `digest` tells its records from another page's.
    """

    value: JSON
    records: list[JSON]
    selector: str
    headers: dict[str, str]
    line: str
    digest: str


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
    """What the table knows of one task. `sha256` and `dataset_bytes` describe its dataset object."""

    task_id: str
    state: TaskState
    attempts: int = 0
    pages: int = 0
    records: int = 0
    bytes: int = 0
    dataset_bytes: int = 0
    sha256: str = ""
    error: dict[str, str] | None = None


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
    """The job's own row. Times are ISO 8601 in UTC; `stop` is a verdict waiting for ReconcileJob."""

    job_id: str
    name: str
    status: JobStatus
    execution_arn: str
    started_at: str
    expires_at: int
    spec: JobSpec | None = None
    geometry: Geometry | None = None
    total_is_final: bool = False
    records_expected: int | None = None
    first_page_digest: str = ""
    map_concurrency: int = 1
    threads: int = 1
    plan_round: int = 0
    progress_mark: int = 0
    progress_at: str = ""
    idle_rounds: int = 0
    stop: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    finished_at: str | None = None

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
