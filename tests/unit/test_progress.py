from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.logic.progress import FETCHING_MAY_FAIL, PROCESSING_MAY_FAIL, add, advance, deltas, put_back
from poller.models import Counts, TaskRow, TaskState

from .builders import examples

STARTED, SAVED, ENQUEUED, FAILED, COMPLETE = TaskState
FORWARD = [STARTED, SAVED, ENQUEUED, FAILED, COMPLETE]
ERROR = {"Type": "InvalidPayload", "Message": "the body is not JSON"}

changes = st.builds(
    TaskRow,
    task_id=st.sampled_from(["t00000000", "t00000001", "t00000002"]),
    state=st.sampled_from(TaskState),
    pages=st.integers(0, 5),
    records=st.integers(0, 500),
    bytes=st.integers(0, 10_000),
    dataset_bytes=st.integers(0, 10_000),
    error=st.none() | st.just(ERROR),
)


def recount(rows: list[TaskRow]) -> dict[str, int]:
    """The counters as a reader of all rows would count them."""
    states = Counter(row.state for row in rows)
    return {
        "started": states[STARTED],
        "payload_saved": states[SAVED],
        "enqueued": states[ENQUEUED],
        "failed": states[FAILED],
        "complete": states[COMPLETE],
        "pages": sum(row.pages for row in rows),
        "records": sum(row.records for row in rows),
        "bytes": sum(row.bytes for row in rows),
    }


@examples
@given(st.lists(changes, max_size=30).flatmap(lambda some: st.permutations(some * 2)))
def test_whatever_comes_twice_or_late_the_counters_equal_a_recount(arriving):
    rows: dict[str, TaskRow] = {}
    counts = Counts()

    for change in arriving:
        before = rows.get(change.task_id)
        after = advance(before, change)
        if after is None:
            continue
        assert before is None or after.state.rank > before.state.rank
        counts = add(counts, deltas(before, after))
        rows[change.task_id] = after

    highest = {task_id: max(change.state.rank for change in arriving if change.task_id == task_id) for task_id in rows}
    assert {task_id: row.state.rank for task_id, row in rows.items()} == highest
    assert asdict(counts) == recount(list(rows.values()))
    assert counts.seen == len(rows)


@examples
@given(st.lists(st.one_of(changes, st.sampled_from(["send again", "fetch again"])), max_size=40))
def test_a_redrive_takes_back_what_failed_and_only_that(arriving):
    rows: dict[str, TaskRow] = {}
    counts = Counts()

    for change in arriving:
        moves = {task_id: row for task_id, row in rows.items() if row.state is FAILED}
        if isinstance(change, TaskRow):
            before = rows.get(change.task_id)
            after = advance(before, change) or before
            counts = add(counts, deltas(before, after))
            rows[change.task_id] = after
            continue
        for task_id, row in moves.items():
            after = put_back(row) if change == "send again" else None
            counts = add(counts, deltas(row, after))
            rows = {**rows, task_id: after} if after else {name: rows[name] for name in rows if name != task_id}
        assert counts.failed == 0

    assert asdict(counts) == recount(list(rows.values()))
    assert min(asdict(counts).values()) >= 0


def test_what_is_put_back_keeps_what_was_fetched():
    failed = TaskRow("t00000000", FAILED, 2, 3, 300, 9000, declared=500, error=ERROR)

    back = put_back(failed)

    assert back == TaskRow("t00000000", SAVED, 2, 3, 300, 9000, declared=500)


def test_a_declared_total_of_nothing_is_kept():
    started = TaskRow("t00000000", STARTED)

    saved = advance(started, TaskRow("t00000000", SAVED, pages=1, declared=0))

    assert saved.declared == 0


@pytest.mark.parametrize("before", FORWARD)
@pytest.mark.parametrize("change", FORWARD)
def test_a_state_only_moves_forward(before, change):
    row = TaskRow("t00000000", before)

    after = advance(row, TaskRow("t00000000", change))

    forward = FORWARD.index(change) > FORWARD.index(before)
    assert after == (TaskRow("t00000000", change) if forward else None)


@pytest.mark.parametrize("state", FORWARD)
def test_a_task_may_begin_in_any_state(state):
    change = TaskRow("t00000000", state, pages=2)

    after = advance(None, change)

    assert after == change


@pytest.mark.parametrize(("state", "rank"), list(zip(FORWARD, range(1, 6), strict=True)))
def test_the_ranks(state, rank):
    row = TaskRow("t00000000", state)

    found = row.state.rank

    assert found == rank


def test_what_a_change_does_not_say_is_kept():
    saved = TaskRow("t00000000", SAVED, attempts=2, pages=3, records=300, bytes=9000)

    enqueued = advance(saved, TaskRow("t00000000", ENQUEUED))
    complete = advance(enqueued, TaskRow("t00000000", COMPLETE, records=299, dataset_bytes=70, sha256="ab"))

    assert enqueued == replace(saved, state=ENQUEUED)
    assert complete == TaskRow("t00000000", COMPLETE, 2, 3, 299, 9000, 70, "ab")


def test_a_late_success_ends_the_error():
    failed = TaskRow("t00000000", FAILED, pages=3, error=ERROR)

    complete = advance(failed, TaskRow("t00000000", COMPLETE, records=300))

    assert complete == TaskRow("t00000000", COMPLETE, pages=3, records=300)
    assert complete.error is None


@pytest.mark.parametrize("late", [STARTED, SAVED, ENQUEUED, FAILED, COMPLETE])
def test_nothing_overtakes_a_success(late):
    complete = TaskRow("t00000000", COMPLETE, pages=3, records=300)

    after = advance(complete, TaskRow("t00000000", late, pages=9, records=900, error=ERROR))

    assert after is None


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (None, TaskRow("t", STARTED), {"started": 1}),
        (None, TaskRow("t", COMPLETE, 1, 2, 3, 4, 5), {"complete": 1, "pages": 2, "records": 3, "bytes": 4}),
        (TaskRow("t", STARTED), TaskRow("t", SAVED, pages=2), {"started": -1, "payload_saved": 1, "pages": 2}),
        (TaskRow("t", SAVED, pages=2), TaskRow("t", ENQUEUED, pages=2), {"payload_saved": -1, "enqueued": 1}),
        (
            TaskRow("t", FAILED, records=5),
            TaskRow("t", COMPLETE, records=3),
            {"failed": -1, "complete": 1, "records": -2},
        ),
        (TaskRow("t", FAILED, pages=2), TaskRow("t", FAILED, pages=2), {}),
        (TaskRow("t", FAILED, pages=2, records=5), None, {"failed": -1, "pages": -2, "records": -5}),
        (None, None, {}),
    ],
)
def test_counters_move_by_the_difference(before, after, moved):
    counts = Counts(started=7, payload_saved=7, enqueued=7, failed=7, complete=7, pages=70, records=70, bytes=70)

    change = deltas(before, after)

    assert change == moved
    assert asdict(add(counts, change)) == {name: amount + moved.get(name, 0) for name, amount in asdict(counts).items()}


def test_each_step_may_only_fail_what_is_its_own():
    overtaken_fetch = [state for state in TaskState if state not in FETCHING_MAY_FAIL]

    overtaken_processing = [state for state in TaskState if state not in PROCESSING_MAY_FAIL]

    assert overtaken_fetch == [SAVED, ENQUEUED, FAILED, COMPLETE]
    assert overtaken_processing == [FAILED, COMPLETE]


@pytest.mark.parametrize(
    ("counts", "seen", "finished"),
    [(Counts(), 0, 0), (Counts(1, 2, 4, 8, 16, 100, 1000, 10_000), 31, 24)],
)
def test_what_counters_add_up_to(counts, seen, finished):
    expected = (seen, finished)

    totals = (counts.seen, counts.finished)

    assert totals == expected
