from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.fetched_pages import FetchedPages
from poller.jobs.model import Counts, TaskRow, TaskState
from poller.jobs.task_state import (
    FETCHING_MAY_FAIL,
    PROCESSING_MAY_FAIL,
    add_counts,
    count_changes,
    reset,
    transition,
    with_pages,
)
from tests.support.builders import examples

STARTED, SAVED, ENQUEUED, FAILED, COMPLETE = TaskState
FORWARD = [STARTED, SAVED, ENQUEUED, FAILED, COMPLETE]
END = DataEnd(EndKind.SEEN, "page 4 is empty")
ERROR = Reason("InvalidPayload", "the body is not JSON")

changes = st.builds(
    TaskRow,
    task_id=st.sampled_from(["t00000000", "t00000001", "t00000002"]),
    state=st.sampled_from(TaskState),
    pages=st.integers(0, 5),
    records=st.integers(0, 500),
    bytes=st.integers(0, 10_000),
    dataset_bytes=st.integers(0, 10_000),
    error=st.none() | st.just(ERROR),
    goes_on_at=st.none() | st.integers(1, 2),
    lost=st.integers(0, 3),
    end=st.none() | st.just(END),
)


def reach(row: TaskRow) -> tuple[int, int, bool]:
    is_started = row.state is STARTED
    return row.state.rank, row.pages if is_started else 0, is_started and row.goes_on_at is not None


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
        "lost": sum(row.lost for row in rows),
        "behind": sum(row.goes_on_at is not None for row in rows),
        "ends": sum(row.end is not None for row in rows),
    }


@examples
@given(st.lists(changes, max_size=30).flatmap(lambda some: st.permutations(some * 2)))
def test_whatever_comes_twice_or_late_the_counters_equal_a_recount(arriving):
    rows: dict[str, TaskRow] = {}
    counts = Counts()

    for change in arriving:
        before = rows.get(change.task_id)
        after = transition(before, change)
        if after is None:
            continue
        assert before is None or reach(after) > reach(before)
        assert before is None or before.goes_on_at in (None, after.goes_on_at)
        counts = add_counts(counts, count_changes(before, after))
        rows[change.task_id] = after

    for task_id, row in rows.items():  # what says another end than the one that stands is no further
        says_so = [
            change for change in arriving if change.task_id == task_id and change.goes_on_at in (None, row.goes_on_at)
        ]
        assert row.state.rank == max(change.state.rank for change in says_so)
    assert asdict(counts) == asdict(Counts()) | recount(list(rows.values()))
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
            after = transition(before, change) or before
            counts = add_counts(counts, count_changes(before, after))
            rows[change.task_id] = after
            continue
        for task_id, row in moves.items():
            after = reset(row, saved=change == "send again")
            counts = add_counts(counts, count_changes(row, after))
            rows = {**rows, task_id: after} if after else {name: rows[name] for name in rows if name != task_id}
        assert counts.failed == 0

    assert asdict(counts) == asdict(Counts()) | recount(list(rows.values()))
    assert min(asdict(counts).values()) >= 0


def test_what_is_put_back_keeps_what_was_fetched():
    failed = TaskRow("t00000000", FAILED, 2, 3, 300, 9000, declared=500, error=ERROR, raw="aa", lost=2)

    back = reset(failed, saved=True)

    assert back == TaskRow("t00000000", SAVED, 2, 3, 300, 9000, declared=500, raw="aa")


def test_a_task_that_was_cut_stays_so_when_it_is_put_back():
    failed = TaskRow("t00000000", FAILED, attempts=6, pages=2, part="aa", error=ERROR, goes_on_at=4, lost=2)

    assert reset(failed, saved=False) == TaskRow("t00000000", STARTED, goes_on_at=4)
    assert reset(replace(failed, goes_on_at=None), saved=False) is None


def test_a_task_of_a_walk_begins_where_it_began_when_it_is_put_back():
    failed = TaskRow("w00000000p00000007", FAILED, error=ERROR, goes_on_at=9, begins_by="c7", goes_on_by="c9")

    assert reset(failed, saved=False) == TaskRow("w00000000p00000007", STARTED, goes_on_at=9, begins_by="c7")


def test_where_a_task_ends_is_never_said_in_two_ways():
    cut = TaskRow("t00000000", STARTED, goes_on_at=4)
    whole, other = TaskRow("t00000000", SAVED, pages=9, raw="aa"), TaskRow("t00000000", SAVED, pages=4, raw="bb")

    assert transition(cut, whole) is None
    assert transition(cut, replace(other, goes_on_at=5)) is None
    assert transition(cut, replace(other, goes_on_at=4)) == replace(other, goes_on_at=4)
    assert transition(cut, TaskRow("t00000000", FAILED, error=ERROR)) == replace(cut, state=FAILED, error=ERROR)
    assert transition(TaskRow("t00000000", STARTED), cut) == cut
    assert transition(TaskRow("t00000000", STARTED, pages=1, part="a"), cut) is None


def test_a_started_task_goes_on_by_what_is_stored_of_it():
    started = TaskRow("t00000000", STARTED)
    some = replace(started, pages=2, records=20, part="aa", last_digest="x", declared=9)
    more = replace(started, pages=3, records=30, part="bb")

    assert transition(started, some) == some
    assert transition(some, more) == more
    assert [transition(more, late) for late in (started, some, more, replace(more, part="cc"))] == [None] * 4
    assert transition(more, TaskRow("t00000000", FAILED, error=ERROR)) == replace(more, state=FAILED, error=ERROR)


def test_a_raw_object_is_described_by_the_change_that_names_it():
    some = TaskRow("t00000000", STARTED, 5, 2, 20, 200, first_digest="x", last_digest="y", declared=9, part="aa")
    whole = TaskRow("t00000000", SAVED, attempts=9, pages=4, records=20, bytes=300, raw="bb")

    saved = transition(some, whole)

    assert saved == whole


def test_pages_are_added_to_those_that_are_stored():
    nothing = TaskRow("t00000000", STARTED)
    first, last, empty = (
        FetchedPage(('["é"]'.encode(),), 1, "x", 7),
        FetchedPage((b"[2", b",3]"), 2, "y", 8),
        FetchedPage((b"[]",), 0, "", None),
    )

    one = with_pages(nothing, FetchedPages(0, pages=[first]), 3, 1)
    two = with_pages(replace(one, part="aa"), FetchedPages(1, pages=[last, empty], end=END), 2, 1)

    assert one == TaskRow("t00000000", STARTED, 3, 1, 1, 6, first_digest="x", last_digest="x", declared=7)
    assert two == TaskRow("t00000000", STARTED, 5, 3, 3, 13, first_digest="x", last_digest="", declared=None, end=END)


@pytest.mark.parametrize(
    ("records", "overlaps"),
    [("ab bc", True), ("ab cd", False), ("ab", False), ("ab cd de", False), ("ab bc de", True), ("a- -c", False)],
)
@pytest.mark.parametrize("stored", [0, 1, 2])
def test_a_second_page_that_begins_with_the_end_of_the_first_is_noted(records, overlaps, stored):
    pages = [FetchedPage((b"[]",), 2, "", None, *(end.strip("-") for end in text)) for text in records.split()]
    row = TaskRow("t00000000", STARTED)
    for some in (pages[:stored], pages[stored:]):
        row = with_pages(row, FetchedPages(row.pages, pages=some), 1, 2)

    assert row.overlaps is overlaps
    assert (row.first_record, row.last_record) == (pages[0].first, pages[-1].last)


def test_a_first_page_without_records_has_no_digest():
    empty, full = FetchedPage((b"[]",), 0, "", 1), FetchedPage((b"[1]",), 1, "x", 1)
    kept = with_pages(TaskRow("t00000000", STARTED), FetchedPages(0, pages=[empty, full]), 2, 1)

    more = with_pages(kept, FetchedPages(2, pages=[full]), 1, 1)

    assert more.first_digest == ""


def test_pages_that_stayed_short_are_noted_unless_the_data_end_there():
    short, full = FetchedPage((b"[1]",), 1, "x", 7), FetchedPage((b"[1,2]",), 2, "y", 7)
    begun = with_pages(TaskRow("t00000003", STARTED), FetchedPages(30, pages=[full, short, short]), 3, 2)

    going_on = with_pages(begun, FetchedPages(33, pages=[full, short, short], goes_on_at=36), 3, 2)
    ended = with_pages(begun, FetchedPages(33, pages=[full, short, short], end=END), 3, 2)

    assert (going_on.short_pages, going_on.short_page, going_on.goes_on_at) == (4, 31, 36)
    assert (ended.short_pages, ended.short_page, ended.end) == (3, 31, END)


def test_a_task_may_end_without_another_page():
    row = TaskRow("t00000003", STARTED, attempts=2, pages=1, records=2, last_digest="x")

    ended = with_pages(row, FetchedPages(31, end=END), 1, 2)

    assert ended == replace(row, attempts=3, end=END)


def test_what_was_seen_of_the_first_page_at_the_end_is_kept():
    row, last = TaskRow("t00000003", STARTED), FetchedPage((b"[1]",), 1, "x")
    again = FetchedPage((b"[0]",), 1, "first", 20)
    seen = {"looked_again": True, "digest_again": "first", "total_again": 20, "end": END}

    without_page = with_pages(row, FetchedPages(31, end=END, first_again=again), 2, 2)
    with_page = with_pages(row, FetchedPages(31, pages=[last], end=END, first_again=again), 2, 2)

    assert without_page == replace(row, attempts=2, **seen)
    assert with_page == replace(with_pages(row, FetchedPages(31, pages=[last], end=END), 2, 2), **seen)


def test_a_page_that_came_in_part_is_put_together():
    """Its size is what came of it in all; only of the first page behind what is stored is there such a part."""
    full, part = (
        FetchedPage((b"[1,2,3]",), 3, "f", mended=True),
        FetchedPage((b"[4]",), 1, "p", 9, mended=True, more="m"),
    )
    row = TaskRow("t00000000", STARTED)

    begun = with_pages(row, FetchedPages(0, pages=[full], begun=part), 2, 3)
    more = with_pages(begun, FetchedPages(1, begun=part), 1, 3)
    whole = with_pages(more, FetchedPages(1, pages=[part, full], begun=part), 3, 3)
    short = with_pages(begun, FetchedPages(1, pages=[part, full]), 2, 3)
    later = with_pages(begun, FetchedPages(1, pages=[full, part]), 2, 2)

    assert [(at.pages, at.records, at.begun, at.mended) for at in (begun, more, whole)] == [
        (1, 4, 1, 2),
        (1, 5, 2, 3),
        (3, 10, 1, 6),
    ]
    assert (begun.last_digest, begun.declared, begun.more) == ("p", 9, "m")
    assert (whole.short_pages, whole.short_page) == (0, None)
    assert (short.short_pages, short.short_page, short.begun) == (1, 1, 0)
    assert (later.short_pages, later.short_page) == (1, 2)


@pytest.mark.parametrize("pages", [[], [FetchedPage((b"[1]",), 1, "x")]], ids=["no page", "a page"])
@pytest.mark.parametrize(("kept", "came", "goes_on_at"), [(None, None, None), (None, 5, 5), (4, None, 4), (4, 5, 4)])
def test_where_others_have_begun_stays_as_it_is(pages, kept, came, goes_on_at):
    row = TaskRow("t00000000", STARTED, goes_on_at=kept)

    assert with_pages(row, FetchedPages(2, pages=pages, goes_on_at=came), 1, 1).goes_on_at == goes_on_at


@pytest.mark.parametrize("before", FORWARD)
@pytest.mark.parametrize("change", FORWARD)
def test_a_state_only_moves_forward(before, change):
    row = TaskRow("t00000000", before)

    after = transition(row, TaskRow("t00000000", change))

    forward = FORWARD.index(change) > FORWARD.index(before)
    assert after == (TaskRow("t00000000", change) if forward else None)


@pytest.mark.parametrize("state", FORWARD)
def test_a_task_may_begin_in_any_state(state):
    change = TaskRow("t00000000", state, pages=2)

    after = transition(None, change)

    assert after == change


@pytest.mark.parametrize(("state", "rank"), list(zip(FORWARD, range(1, 6), strict=True)))
def test_the_ranks(state, rank):
    row = TaskRow("t00000000", state)

    found = row.state.rank

    assert found == rank


def test_what_a_change_does_not_say_is_kept():
    saved = TaskRow("t00000000", SAVED, attempts=2, pages=3, records=300, bytes=9000)

    enqueued = transition(saved, TaskRow("t00000000", ENQUEUED))
    complete = transition(enqueued, TaskRow("t00000000", COMPLETE, records=299, dataset_bytes=70, sha256="ab"))

    assert enqueued == replace(saved, state=ENQUEUED)
    assert complete == TaskRow("t00000000", COMPLETE, 2, 3, 299, 9000, 70, "ab")


def test_a_late_success_ends_the_error():
    failed = TaskRow("t00000000", FAILED, pages=3, error=ERROR, lost=2)

    complete = transition(failed, TaskRow("t00000000", COMPLETE, records=300))

    assert complete == TaskRow("t00000000", COMPLETE, pages=3, records=300)
    assert complete.error is None


@pytest.mark.parametrize("late", [STARTED, SAVED, ENQUEUED, FAILED, COMPLETE])
def test_nothing_overtakes_a_success(late):
    complete = TaskRow("t00000000", COMPLETE, pages=3, records=300)

    after = transition(complete, TaskRow("t00000000", late, pages=9, records=900, error=ERROR))

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

    change = count_changes(before, after)

    assert change == moved
    assert asdict(add_counts(counts, change)) == {
        name: amount + moved.get(name, 0) for name, amount in asdict(counts).items()
    }


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


def test_complete_says_how_many_records_there_are_and_that_nothing_is_wrong():
    before = TaskRow("t", TaskState.FAILED, pages=2, records=10, bytes=99, error=Reason("NoProgress", "given up"))

    after = transition(before, TaskRow("t", TaskState.COMPLETE))

    assert after == TaskRow("t", TaskState.COMPLETE, pages=2, records=0, bytes=99)
