"""Cutting a job into tasks: how many pages there are, how many a task takes, how many run at once."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from poller.errors import JobRejected
from poller.fetching.chain import total_in
from poller.fetching.first_look import FirstLook
from poller.jobs.plan import Plan, Ranges, Walks
from poller.paging.envelope import Envelope
from poller.paging.paginators import ChainPaginator
from poller.specs.model import JobSpec
from poller.text import counted

_TASK_BYTES = 8 * 1024 * 1024  # of raw pages: a worker holds a task in memory
_TASK_SECONDS = 30.0  # of fetching, at the first page's pace: far inside the function's timeout
_MAX_PAGES_PER_TASK = 1000
_MANY_TASKS = 200  # where there are more, they have more pages instead: each costs as much as many requests
_ROUNDS = 32  # of requests that a task is worth: with fewer, workers would spend their time on beginning tasks
_MIN_THREADS, _MAX_THREADS = 8, 32
_PAGE_SECONDS = 0.003  # of a function's processor: threads beyond that share of an answer's time would wait for it


@dataclass(frozen=True, slots=True)
class Planned:
    """What PreparePollerJob decided. `records` is the number of records that must arrive, None if unknown.

    `is_declared`: the API said how much there is. `detected` is what `auto` found: a spec to pin, and the evidence.
    """

    spec: JobSpec
    plan: Plan
    records: int | None
    is_declared: bool
    threads: int
    map_concurrency: int
    detected: dict[str, Any] | None = None


def plan_found(look: FirstLook) -> Planned:
    """The plan that a first look makes. Raises what `make_plan` raises."""
    body, seconds, guessed = len(look.response.body), look.response.seconds, look.detected is not None
    return replace(make_plan(look.spec, look.first, body, seconds, guessed), detected=look.detected)


def make_plan(spec: JobSpec, first: Envelope, page_bytes: int, page_seconds: float, guessed: bool = False) -> Planned:
    """Plan all pages from `first`, the answer to `spec`'s first request. `guessed`: `auto` chose the paginator.

    An answer without a body makes a plan of one page without records.

    Raises JobRejected where the totals cannot be believed, pass `maximum_pages`, or are nobody's word but a guess
    that the rest of the response contradicts.
    """
    if isinstance(spec.paginator, ChainPaginator):
        return _plan_walk(spec, first)
    if first.page.is_blank:
        return Planned(spec, Ranges(1, 1, 1), records=0, is_declared=True, threads=1, map_concurrency=1)
    paginator = spec.range_paginator
    extent = paginator.extent(first, guessed)
    if not paginator.IS_OF_MANY:
        _refuse_contradicted(first, guessed)
    spec = replace(spec, data_selector=first.page.selector, paginator=paginator.pinned(first))
    if extent.pages > spec.maximum_pages:
        raise JobRejected(
            f"the API declares {counted(extent.pages, 'page')} of {counted(extent.page_size, 'record')}, "
            f"and maximum_pages is {spec.maximum_pages:,}; nothing was fetched. "
            "Raise maximum_pages, or narrow the request"
        )
    in_flight = requests_in_flight(spec, page_seconds)
    threads = min(threads_that_fit(page_seconds), in_flight)
    workers = -(-in_flight // threads)
    threads = in_flight // workers  # the same in each worker, so that all are used
    pace = spec.rate_limit.seconds / spec.rate_limit.requests if spec.rate_limit else 0.0
    most = most_pages_per_task(threads, page_bytes, max(page_seconds, pace * in_flight))
    per_task = pages_per_task(extent.pages, workers, threads, most)
    plan = Ranges(extent.pages, per_task, extent.page_size, is_open=paginator.IS_OF_MANY)
    if extent.is_declared:
        threads = min(per_task, threads)
        workers = max(1, in_flight // threads)
    return Planned(spec, plan, extent.records, extent.is_declared, threads, workers)


def _plan_walk(spec: JobSpec, first: Envelope) -> Planned:
    """A walk from `first` on. Raises JobRejected where that names no second page, and says that there is one."""
    paginator, total = spec.chain_paginator, total_in(first)
    if paginator.says_more(first) is not False and paginator.mark_in(first.page) is None:
        more = first.more() + ([f"a total of {total:,}"] if total and total > first.rows else [])
        if more:
            raise JobRejected(
                f"paginator.type is {paginator.TYPE}, but the first response names no next page at {paginator.place}, "
                f"while there is more by what else it says ({', '.join(more)}); nothing was fetched. "
                "Correct the paginator"
            )
    elif total is not None and total <= first.rows:
        total = None  # it counts this page
    spec = replace(spec, data_selector=first.page.selector)
    return Planned(spec, Walks(1), total, is_declared=False, threads=1, map_concurrency=1)


def requests_in_flight(spec: JobSpec, page_seconds: float) -> int:
    """How many are of use: as many as the spec allows, or twice what its rate budget lets through in the meantime."""
    if spec.rate_limit is None:
        return spec.max_concurrency
    by_rate = ceil(2 * spec.rate_limit.requests * page_seconds / spec.rate_limit.seconds)
    return max(1, min(spec.max_concurrency, by_rate))


def threads_that_fit(page_seconds: float) -> int:
    """How many requests a worker keeps in flight: the slower the API, the more."""
    return max(_MIN_THREADS, min(_MAX_THREADS, int(page_seconds / _PAGE_SECONDS)))


def most_pages_per_task(threads: int, page_bytes: int, page_seconds: float) -> int:
    """How many pages memory and time leave room for in a task; at least 1."""
    by_bytes = _TASK_BYTES // max(1, page_bytes)
    by_time = threads * int(_TASK_SECONDS / max(0.001, page_seconds))
    return max(1, min(_MAX_PAGES_PER_TASK, by_bytes, by_time))


def pages_per_task(pages: int, workers: int, threads: int, most: int) -> int:
    """So many that all `workers` have as much to do, and each task a few rounds of requests; 1 to `most`."""
    wanted = min(most, max(threads * _ROUNDS, -(-pages // _MANY_TASKS)))
    tasks = max(min(workers, -(-pages // threads)), -(-pages // wanted))
    tasks = -(-tasks // workers) * workers if tasks > workers else tasks
    return max(1, -(-pages // tasks))


def _refuse_contradicted(first: Envelope, guessed: bool) -> None:
    """Raise JobRejected where a single page was guessed, and the response says that there is more.

    Where there is a way to ask for more, what the API says of its end is not believed, but tried.
    """
    if not guessed:
        return
    if more := ", ".join(first.more()):
        raise JobRejected(
            f"the API contradicts itself: its total is what arrived, but there is more by what else it says ({more}); "
            "nothing was fetched. Set paginator to offset or page_number with the API's parameter names, or to "
            "single_page if this is everything"
        )
