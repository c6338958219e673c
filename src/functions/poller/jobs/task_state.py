"""A task only moves forward, and counters move with it.

By rank: STARTED 1, PAYLOAD_SAVED 2, ENQUEUED 3, FAILED 4, COMPLETE 5. A late success outranks a failure;
nothing outranks a success. Among STARTED rows, more stored pages are further. So a repeated or late write changes
nothing.
"""

from dataclasses import MISSING, fields, replace

from poller.fetching.fetched_page import FetchedPage
from poller.jobs.model import Counts, TaskRow, TaskState

FETCHING_MAY_FAIL = frozenset({TaskState.STARTED})
PROCESSING_MAY_FAIL = frozenset({TaskState.STARTED, TaskState.PAYLOAD_SAVED, TaskState.ENQUEUED})
"""From which states each step may call a task FAILED: a fetch that fails late has been overtaken."""
WAITING_FOR_PROCESSING = frozenset({TaskState.PAYLOAD_SAVED, TaskState.ENQUEUED})


def transition(before: TaskRow | None, change: TaskRow) -> TaskRow | None:
    """The row that takes the place of `before`, or None where `change` brings nothing new.

    Fields that `change` leaves at their default keep their value from `before`, unless it names another raw object:
    then it says all there is to say of what was fetched.
    """
    if before is not None and _reach(before) >= _reach(change):
        return None
    if before is None or change.raw or change.part:
        return change
    # An error ends with the state it explains, and how many records there are is COMPLETE's to say.
    said = {"error", "records"} if change.state is TaskState.COMPLETE else {"error"}
    kept = {
        f.name: getattr(before, f.name)
        for f in fields(TaskRow)
        if f.default is not MISSING and getattr(change, f.name) == f.default and f.name not in said
    }
    return replace(change, **kept)


def with_pages(kept: TaskRow, pages: list[FetchedPage], requests: int) -> TaskRow:
    """`kept` with at least one more page behind those that it describes, and the `requests` that they took."""
    outermost = [(kept.first_record, kept.last_record)] if kept.pages else []
    outermost += [(page.first, page.last) for page in pages]
    has_second = kept.pages < 2 <= kept.pages + len(pages)
    return TaskRow(
        kept.task_id,
        kept.state,
        attempts=kept.attempts + requests,
        pages=kept.pages + len(pages),
        records=kept.records + sum(page.records for page in pages),
        bytes=kept.bytes + sum(len(page.line.encode()) for page in pages),
        first_digest=kept.first_digest if kept.pages else pages[0].digest,
        last_digest=pages[-1].digest,
        first_record=outermost[0][0],
        last_record=outermost[-1][1],
        overlaps=kept.overlaps or (has_second and outermost[0][1] == outermost[1][0] != ""),
        declared=pages[-1].declared,
    )


def reset(failed: TaskRow) -> TaskRow:
    """A FAILED task whose raw pages are still there, as a redrive takes it up again."""
    return replace(failed, state=TaskState.PAYLOAD_SAVED, error=None)


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


def _reach(row: TaskRow) -> tuple[int, int]:
    return row.state.rank, row.pages if row.state is TaskState.STARTED else 0


def _contribution(row: TaskRow) -> dict[str, int]:
    return {row.state.value.lower(): 1, "pages": row.pages, "records": row.records, "bytes": row.bytes}
