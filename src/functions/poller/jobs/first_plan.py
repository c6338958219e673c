"""From a spec to its plan: a first look at the API, or at some of its partitions, and what follows from that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from poller.datasets.csv_table import with_columns
from poller.fetching.first_look import FirstLook, first_look
from poller.fetching.page_fetcher import PageFetcher
from poller.jobs.partition_planning import plan_partitions
from poller.jobs.planning import Planned, plan_found
from poller.paging.record_key import RecordKey, record_key
from poller.specs.incremental import refuse_absent
from poller.specs.model import JobSpec
from poller.specs.parse import refuse_large


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """What is `planned` by the `look` that showed most. `key` is what tells the records apart."""

    look: FirstLook
    planned: Planned
    key: RecordKey


def first_plan(
    spec: JobSpec,
    fetcher_of: Callable[[JobSpec], PageFetcher],
    log: Callable[..., None],
    now: datetime,
    failures: int = 0,
) -> FirstPlan:
    """Look at the API's first page, and plan. `failures` is how many attempts at it have failed in earlier calls.

    Windows without an end go up to `now`.

    Raises what `first_look` does, and JobRejected where no complete plan follows.
    """
    looks = []

    def look(asked: JobSpec) -> FirstLook:
        found = first_look(asked, fetcher_of, failures, is_first=True)
        looks.append(found)
        return found

    if spec.partitions:
        planned, page = plan_partitions(spec, look, now)
        best = next(found for found in looks if found.first.page is page)
    else:
        best = look(spec)
        if best.detected:
            log("detected a paginator", extra=best.detected)
        planned = plan_found(best)
    records = best.first.page.records
    key = record_key(planned.spec.primary_key, records)
    planned = replace(planned, spec=with_columns(planned.spec, records))
    if spec.incremental:
        refuse_absent(spec.incremental, records)
    refuse_large(planned.spec)  # what the API called its list and its total is in it now
    return FirstPlan(best, planned, key)
