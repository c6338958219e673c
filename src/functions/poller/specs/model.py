"""What a caller asks for: the job spec and its parts, as `specs.parse` reads them."""

from dataclasses import dataclass, field

from poller.auth.flows import Auth
from poller.paging.paginators import Auto, ChainPaginator, KnownPaginator, Paginator, RangePaginator
from poller.paging.record_key import RecordKey
from poller.paging.response_action import ResponseAction
from poller.partitions import Partition
from poller.specs.incremental import Incremental
from poller.specs.output import Jsonl, Output
from poller.values import JSON

Params = dict[str, str | list[str]]
"""Query parameters. A list is sent as one parameter a value, in its order."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently one page is asked for.

    A 429 that says when to come back is none of the `max_attempts`. Of `retry_after_headers`, Retry-After counts
    on every answer that is asked for again, the others where a rate limit is behind it.
    """

    max_attempts: int = 6
    max_delay_seconds: int = 300
    retry_after_headers: tuple[str, ...] = ("Retry-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """No more than `requests` in any `seconds`: of the job, or of all jobs that call their budget by this `name`."""

    requests: int
    seconds: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a caller asks for. `data_selector` and `primary_key` None: to be found in the first response."""

    url: str
    name: str = "default"
    method: str = "GET"
    params: Params = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: JSON = None
    auth: Auth | None = None
    data_selector: str | None = None
    primary_key: RecordKey | None = None
    paginator: Paginator = field(default_factory=Auto)
    partitions: tuple[Partition, ...] = ()
    response_actions: tuple[ResponseAction, ...] = ()
    incremental: Incremental | None = None
    retry: Retry = field(default_factory=Retry)
    rate_limit: RateLimit | None = None
    max_concurrency: int = 10
    maximum_pages: int = 100_000
    deadline_seconds: int = 86_400
    tolerated_failure_percentage: float | None = None
    on_total_mismatch: str = "partial"
    output: Output = field(default_factory=Jsonl)
    client_token: str | None = None

    @property
    def known_paginator(self) -> KnownPaginator:
        """The paginator of a spec whose `auto` is resolved, as that of every planned job is."""
        if isinstance(self.paginator, Auto):
            raise RuntimeError("auto is not resolved yet")
        return self.paginator

    @property
    def range_paginator(self) -> RangePaginator:
        """The paginator of a job that is planned as ranges of pages."""
        paginator = self.known_paginator
        if not isinstance(paginator, RangePaginator):
            raise RuntimeError(f"{paginator.TYPE} cannot ask for any page")
        return paginator

    @property
    def chain_paginator(self) -> ChainPaginator:
        """The paginator of a job that is planned as a walk."""
        paginator = self.known_paginator
        if not isinstance(paginator, ChainPaginator):
            raise RuntimeError(f"{paginator.TYPE} does not go by what an answer says")
        return paginator
