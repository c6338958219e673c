"""Cutting a job into tasks: how many pages there are, how many a task takes, how many run at once."""

from dataclasses import dataclass, replace
from typing import Any

from poller.errors import JobRejected
from poller.jobs.plan import Ranges
from poller.paging.envelope import Envelope
from poller.specs.model import JobSpec
from poller.text import counted

_TASK_BYTES = 8 * 1024 * 1024  # of raw pages: a worker holds a task in memory
_TASK_SECONDS = 30.0  # of fetching, at the first page's pace: far inside the function's timeout
_MAX_PAGES_PER_TASK = 256
_FINE_PROGRESS = 200  # tasks that a small job is cut into: its progress can be seen, and one bad page costs little
_MIN_THREADS, _MAX_THREADS = 8, 32
_PAGE_SECONDS = 0.003  # of a function's processor: threads beyond that share of an answer's time would wait for it


@dataclass(frozen=True, slots=True)
class Planned:
    """What PreparePollerJob decided. `records` is the number of records that must arrive, None if unknown.

    `is_declared`: the API said how much there is. `detected` is what `auto` found: a spec to pin, and the evidence.
    """

    spec: JobSpec
    plan: Ranges
    records: int | None
    is_declared: bool
    threads: int
    map_concurrency: int
    detected: dict[str, Any] | None = None


def make_plan(spec: JobSpec, first: Envelope, page_bytes: int, page_seconds: float, guessed: bool = False) -> Planned:
    """Plan all pages from `first`, the answer to `spec`'s first request. `guessed`: `auto` chose the paginator.

    An answer without a body makes a plan of one page without records.

    Raises JobRejected where the totals cannot be believed, pass `maximum_pages`, or are nobody's word but a guess
    that the rest of the response contradicts.
    """
    if first.page.is_blank:
        return Planned(spec, Ranges(1, 1, 1), records=0, is_declared=True, threads=1, map_concurrency=1)
    paginator = spec.known_paginator
    extent = paginator.extent(first, guessed)
    if not paginator.page_params:
        _refuse_contradicted(first, guessed)
    spec = replace(spec, data_selector=first.page.selector, paginator=paginator.pinned(first))
    if extent.pages > spec.maximum_pages:
        raise JobRejected(
            f"the API declares {counted(extent.pages, 'page')} of {counted(extent.page_size, 'record')}, "
            f"and maximum_pages is {spec.maximum_pages:,}; nothing was fetched. "
            "Raise maximum_pages, or narrow the request"
        )
    fit = min(threads_that_fit(page_seconds), spec.max_concurrency)
    fit = spec.max_concurrency // -(-spec.max_concurrency // fit)  # the same in each worker, so that all are used
    per_task = pages_per_task(extent.pages, fit, page_bytes, page_seconds)
    threads = min(per_task, fit) if extent.is_declared else fit
    per_task -= per_task % threads  # whole rounds: in a round of fewer pages, threads would wait for nothing
    plan = Ranges(extent.pages, max(1, per_task), extent.page_size, is_open=bool(paginator.page_params))
    workers = max(1, spec.max_concurrency // threads)
    return Planned(spec, plan, extent.records, extent.is_declared, threads, workers)


def threads_that_fit(page_seconds: float) -> int:
    """How many requests a worker keeps in flight: the slower the API, the more."""
    return max(_MIN_THREADS, min(_MAX_THREADS, int(page_seconds / _PAGE_SECONDS)))


def pages_per_task(pages: int, threads: int, page_bytes: int, page_seconds: float) -> int:
    """At least 1: few enough for memory, time and visible progress, many enough to cost little."""
    by_bytes = _TASK_BYTES // max(1, page_bytes)
    by_time = threads * int(_TASK_SECONDS / max(0.001, page_seconds))
    return max(1, min(_MAX_PAGES_PER_TASK, by_bytes, by_time, -(-pages // _FINE_PROGRESS)))


def _refuse_contradicted(first: Envelope, guessed: bool) -> None:
    """Raise JobRejected where a single page was guessed, and the response says that there is more.

    Where there is a way to ask for more, what the API says of its end is not believed, but tried.
    """
    if not guessed:
        return
    _ = first.total  # raises where several totals disagree
    if more := ", ".join(first.more()):
        raise JobRejected(
            f"the API contradicts itself: its total is what arrived, but there is more by what else it says ({more}); "
            "nothing was fetched. Set paginator to offset or page_number with the API's parameter names, or to "
            "single_page if this is everything"
        )
