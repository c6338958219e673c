"""A task only moves forward, and counters move with it.

By rank: STARTED 1, PAYLOAD_SAVED 2, ENQUEUED 3, FAILED 4, COMPLETE 5. A late success outranks a failure;
nothing outranks a success. Among STARTED rows, one with its partition's opening is further, then more stored pages
are, then more records of the page behind them, then one that says where it ends. So a repeated or late write changes
nothing.
"""

from dataclasses import MISSING, fields, replace
from typing import Any

from poller.fetching.fetched_pages import FetchedPages
from poller.jobs.model import Counts, TaskRow, TaskState

FETCHING_MAY_FAIL = frozenset({TaskState.STARTED})
PROCESSING_MAY_FAIL = frozenset({TaskState.STARTED, TaskState.PAYLOAD_SAVED, TaskState.ENQUEUED})
"""From which states each step may call a task FAILED: a fetch that fails late has been overtaken."""
WAITING_FOR_PROCESSING = frozenset({TaskState.PAYLOAD_SAVED, TaskState.ENQUEUED})


def transition(before: TaskRow | None, change: TaskRow) -> TaskRow | None:
    """The row that takes the place of `before`, or None where `change` brings nothing new.

    Fields that `change` leaves at their default keep their value from `before`, unless it names another raw object:
    then it says all there is to say of what was fetched. Where a task ends, and what its partition's first page showed,
    is never said in two ways: others have begun by that.
    """
    if before is not None and (_reach(before) >= _reach(change) or _ends_elsewhere(before, change)):
        return None
    if before is not None and before.opening and change.halves:
        return None
    if before is None:
        return change
    if change.raw or change.part:
        return replace(change, partition=before.partition, opening=before.opening or change.opening)
    # An error ends with the state it explains, and how many records there are is COMPLETE's to say.
    said = {"error", "lost"} | ({"records"} if change.state is TaskState.COMPLETE else set())
    kept = {
        f.name: getattr(before, f.name)
        for f in fields(TaskRow)
        if f.default is not MISSING and getattr(change, f.name) == f.default and f.name not in said
    }
    return replace(change, **kept)


def with_pages(kept: TaskRow, fetched: FetchedPages, requests: int, page_size: int) -> TaskRow:
    """`kept` with the pages behind those that it describes.

    They took so many `requests`. A page of less than `page_size` records is short, unless the data end with it.
    """
    pages, goes_on_at = fetched.pages, fetched.goes_on_at if kept.goes_on_at is None else kept.goes_on_at
    held = [*pages, fetched.begun] if fetched.begun else pages
    if not held:
        attempts = kept.attempts + requests
        return replace(kept, attempts=attempts, end=fetched.end, goes_on_at=goes_on_at, **_second_look(fetched))
    outermost = [(kept.first_record, kept.last_record)] if kept.pages else []
    outermost += [(page.first, page.last) for page in held]
    has_second = kept.pages < 2 <= kept.pages + len(held)
    inner = pages[:-1] if fetched.end else pages
    sizes = [page.records + (kept.begun if place == 0 else 0) for place, page in enumerate(inner)]
    ignored = [fetched.first + place for place, page in enumerate(held) if page.ignored]
    places = (fetched.first + place for place, size in enumerate(sizes) if size < page_size)
    short = [index for index in places if index not in ignored]
    return TaskRow(
        kept.task_id,
        kept.state,
        attempts=kept.attempts + requests,
        pages=kept.pages + len(pages),
        records=kept.records + sum(page.records for page in held),
        bytes=kept.bytes + sum(page.bytes for page in held),
        first_digest=kept.first_digest if kept.pages else held[0].digest,
        last_digest=held[-1].digest,
        first_record=outermost[0][0],
        last_record=outermost[-1][1],
        overlaps=kept.overlaps or (has_second and outermost[0][1] == outermost[1][0] != ""),
        declared=held[-1].declared,
        begun=fetched.begun.records + (0 if pages else kept.begun) if fetched.begun else 0,
        goes_on_at=goes_on_at,
        end=fetched.end,
        more=held[-1].more,
        short_pages=kept.short_pages + len(short),
        short_page=kept.short_page if kept.short_page is not None else next(iter(short), None),
        mended=kept.mended + sum(page.mended for page in held),
        blanked=kept.blanked + sum(page.blanked for page in held),
        ignored=kept.ignored + len(ignored),
        ignored_page=kept.ignored_page if kept.ignored_page is not None else next(iter(ignored), None),
        **_second_look(fetched),
    )


def _second_look(fetched: FetchedPages) -> dict[str, Any]:
    """The fields that say what the job's first page was like when the data had ended."""
    again = fetched.first_again
    if again is None:
        return {}
    return {"looked_again": True, "digest_again": again.digest, "total_again": again.declared}


def reset(finished: TaskRow, saved: bool) -> TaskRow | None:
    """A task as a redrive takes it up again; None for one that is pending then.

    `saved`: its raw pages are still there. Where it ends stays as it is, and so does what its partition's first page
    showed: others have begun by that.
    """
    if saved:
        return replace(finished, state=TaskState.PAYLOAD_SAVED, error=None, lost=0)
    if finished.goes_on_at is not None or finished.opening is not None:
        started = TaskRow(finished.task_id, TaskState.STARTED, partition=finished.partition, opening=finished.opening)
        return replace(started, goes_on_at=finished.goes_on_at, begins_by=finished.begins_by)
    return None


def count_changes(before: TaskRow | None, after: TaskRow | None) -> dict[str, int]:
    """By how much each field of Counts moves when `after` replaces `before` (None: pending).

    Fields that do not move are absent.
    """
    moved = _contribution(after) if after else {}
    for name, amount in (_contribution(before) if before else {}).items():
        moved[name] = moved.get(name, 0) - amount
    return {name: amount for name, amount in moved.items() if amount}


def add_counts(counts: Counts, change: dict[str, int]) -> Counts:
    return replace(counts, **{name: getattr(counts, name) + amount for name, amount in change.items()})


def _reach(row: TaskRow) -> tuple[int, ...]:
    if row.state is TaskState.STARTED:
        return row.state.rank, row.opening is not None, row.pages, row.begun, row.goes_on_at is not None
    return (row.state.rank,)


def _ends_elsewhere(before: TaskRow, change: TaskRow) -> bool:
    says_it = change.goes_on_at is not None or change.raw != "" or change.part != ""
    return says_it and before.goes_on_at not in (None, change.goes_on_at)


def _contribution(row: TaskRow) -> dict[str, int]:
    return {
        row.state.value.lower(): 1,
        "pages": row.pages,
        "records": row.records,
        "bytes": row.bytes,
        "lost": row.lost,
        "behind": int(row.goes_on_at is not None) + (row.opening.behind if row.opening else 0) + len(row.halves),
        "ends": int(row.end is not None),
    }
