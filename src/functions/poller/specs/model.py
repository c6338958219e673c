"""What a caller asks for: the job spec and its parts, as `logic.job_spec` reads them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently one page is asked for.

    A 429 that says when to come back is none of the `max_attempts`. Of `retry_after_headers`, Retry-After counts
    on every answer that is asked for again, the others where a rate limit is behind it.
    """

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
    deadline_seconds: int = 86_400
    tolerated_failure_percentage: float | None = None
    client_token: str | None = None
