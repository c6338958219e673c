"""Planning a job with partitions: a look at the first ones, and how many of them one worker gets.

How much there is in each shows when its own first page comes; so the plan is no more than their number.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from poller.errors import InvalidPayload, JobRejected, PermanentPollerError, UpstreamRefused
from poller.fetching.first_look import FirstLook
from poller.jobs.opening import Opening
from poller.jobs.plan import Partitions, PartPlan, Ranges, Task, Walks, partition_id
from poller.jobs.planning import (
    Planned,
    most_pages_per_task,
    plan_found,
    requests_in_flight,
    threads_that_fit,
)
from poller.paging.boundaries import page_digest
from poller.paging.paginators import Auto, Offset, PageNumber
from poller.paging.record_key import RecordKey
from poller.partitions.values import in_words
from poller.specs.model import JobSpec
from poller.specs.partitioned import all_values, count_partitions, in_partition, most_records
from poller.values import Page

_MAX_LOOKS = 10  # at partitions, for one that has records and tells how its pages are asked for
_SAMPLES = 2
_ANY = 10**12  # pages
_MAX_THREADS = 8  # partitions that one worker holds in memory at once
_MAX_BUNDLE = 25  # of them that one worker gets: many are small, and each worker costs
_SHARES = 8  # that each worker is to get, so that all have as much to do


def first_tasks(spec: JobSpec, now: datetime) -> Iterator[Task]:
    """The first task of each partition, in order. Windows without an end go up to `now`."""
    values = enumerate(all_values(spec, now))
    return (Task(partition_id(index), 0, 0, partition=part) for index, part in values)


def plan_partitions(spec: JobSpec, look: Callable[[JobSpec], FirstLook], now: datetime) -> tuple[Planned, Page]:
    """Plan all partitions from what the first ones show, by `look`; and the page that showed most.

    One that the API refuses does not keep the others back. Raises why the first one is refused, if all are; and why
    `auto` cannot tell how there is more in one, if it cannot in any.
    """
    count = count_partitions(spec, now) or 0
    best: tuple[FirstLook, Planned] | None = None
    refusal: PermanentPollerError | None = None
    for values in islice(all_values(spec, now), _MAX_LOOKS):
        try:
            found = _of_any_size(spec, look(in_partition(spec, values)))
            _ = is_too_large(spec, found)  # raises where that cannot be told
            best = _better(best, (found, plan_found(found)))
        except (JobRejected, UpstreamRefused, InvalidPayload) as error:
            error.retell(f"partition {in_words(values)}: {error.message}")
            is_first = refusal is None or (isinstance(error, JobRejected) and not isinstance(refusal, JobRejected))
            refusal = error if is_first else refusal
            continue
        if _tells_enough(spec, found):
            break
    if refusal and (best is None or _is_unclear(spec, best[0], refusal)):
        raise refusal
    if best is None:
        raise JobRejected("partitions make none; name at least one value")
    found, planned = best
    threads, workers, bundle = shares(count, requests_in_flight(spec, found.response.seconds), found.response.seconds)
    plan = Partitions(count, bundle, tuple(islice(all_values(spec, now), _SAMPLES)))
    resolved = replace(spec, paginator=planned.spec.paginator, data_selector=planned.spec.data_selector)
    return Planned(resolved, plan, None, False, threads, workers, planned.detected), found.first.page


def is_too_large(spec: JobSpec, look: FirstLook) -> bool:
    """Whether a window, whose first page is `look`, declares as many records as it may not reach, by `most_records`.

    A total that stands at that number may be cut off there. Raises JobRejected where a page with records declares none.
    """
    most, paginator = most_records(spec), look.spec.known_paginator
    if most is None or look.first.page.is_blank:
        return False
    place = paginator.total_place if isinstance(paginator, Offset | PageNumber) else None
    total = look.first.declared(place)
    if total is None and look.first.rows:
        raise JobRejected(
            "partitions has most_records, and the API declares no total that a window could be halved by; name it in "
            "paginator.total_path, or leave most_records out"
        )
    declared = 0 if total is None else total.count * (look.first.rows if total.of_pages else 1)
    return declared >= most


def open_partition(look: FirstLook, prefix: str, key: RecordKey, workers: int, threads: int) -> Opening:
    """What the first page of the partition `prefix` shows. Raises what `make_plan` raises.

    Where partitions are as many as the `workers`, its tasks need not be small for all of them to have some.
    """
    planned = plan_found(look)
    plan: PartPlan
    match planned.plan:
        case Ranges(pages, per_task, page_size, is_open):
            if workers <= 1:
                per_task = most_pages_per_task(threads, len(look.response.body), look.response.seconds)
            plan = Ranges(pages, min(pages, per_task), page_size, is_open, prefix)
        case _:
            plan = Walks(1, prefix)
    digest = page_digest(look.first.page.records, key)
    spec = planned.spec
    return Opening(plan, planned.records, planned.is_declared, digest, spec.data_selector, spec.known_paginator)


def shares(count: int, max_concurrency: int, page_seconds: float) -> tuple[int, int, int]:
    """Threads of a worker, workers, and how many of `count` partitions each gets at once."""
    threads = min(threads_that_fit(page_seconds), max_concurrency, _MAX_THREADS)
    workers = -(-max_concurrency // threads)
    threads = max_concurrency // workers
    bundle = max(min(threads, -(-count // workers)), min(_MAX_BUNDLE, -(-count // (workers * _SHARES))))
    return threads, workers, bundle


def _of_any_size(spec: JobSpec, look: FirstLook) -> FirstLook:
    """`look`, for what it tells of the API: a window that is to be halved may have more pages than a job."""
    return replace(look, spec=replace(look.spec, maximum_pages=_ANY)) if most_records(spec) else look


def _better(best: tuple[FirstLook, Planned] | None, other: tuple[FirstLook, Planned]) -> tuple[FirstLook, Planned]:
    """The one of both that tells more: how there may be several pages, or else what a record is like."""
    if best is None:
        return other
    ranks = [(look.spec.paginator.IS_OF_MANY, look.first.rows > 0) for look, _ in (best, other)]
    return other if ranks[1] > ranks[0] else best


def _tells_enough(spec: JobSpec, found: FirstLook) -> bool:
    is_known = not isinstance(spec.paginator, Auto) or found.spec.paginator.IS_OF_MANY
    return is_known and found.first.rows > 0


def _is_unclear(spec: JobSpec, best: FirstLook, refusal: PermanentPollerError) -> bool:
    """Whether `auto` saw that there is more in one partition, and in none how it is asked for."""
    is_of_many = best.spec.paginator.IS_OF_MANY
    return isinstance(spec.paginator, Auto) and isinstance(refusal, JobRejected) and not is_of_many
