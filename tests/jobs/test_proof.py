"""What a job's rows show, and what follows from it."""

from dataclasses import replace

import pytest

from poller.errors import Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import Counts, JobStatus, TaskRow, TaskState
from poller.jobs.plan import Ranges
from poller.jobs.proof import Proof, prove
from poller.jobs.uniqueness import Example, Place, Uniqueness
from poller.jobs.verdict import End, verdict
from tests.support.builders import job, spec

SEEN = DataEnd(EndKind.SEEN, "page 3 is empty")
DISTINCT = Uniqueness(20, 0, distinct=20)
PLACES = Place("t00000000", 3), Place("t00000001", 0)
REPEATED = Uniqueness(20, 0, distinct=18, examples=(Example("17", PLACES),))
ROWS = [TaskRow("t00000000", TaskState.COMPLETE), TaskRow("t00000001", TaskState.COMPLETE, end=SEEN)]
TWO = Counts(complete=2, records=20)


def planned(**fields):
    return job(plan=Ranges(2, 1, 10, is_open=True), records_expected=20, total_is_final=True, **fields)


def proof(uniqueness=DISTINCT, key=("id",), moved=False, end=SEEN):
    return Proof(end, uniqueness, key, moved)


@pytest.mark.parametrize(
    ("again", "moved"),
    [
        ({}, None),
        ({"looked_again": True, "digest_again": "a", "total_again": 20}, False),
        ({"looked_again": True, "digest_again": "a"}, False),
        ({"looked_again": True, "digest_again": "a", "total_again": 21}, True),
        ({"looked_again": True, "digest_again": "b", "total_again": 20}, True),
    ],
)
def test_whether_the_api_moved_is_seen_by_its_first_page(again, moved):
    rows = [ROWS[0], TaskRow("t00000001", TaskState.COMPLETE, end=SEEN, mended=3, **again)]

    shown = prove(planned(first_page_digest="a", record_key=("id",)), rows, DISTINCT)

    assert shown == Proof(SEEN, DISTINCT, ("id",), moved, mended=3)


def test_a_proof_as_it_is_shown():
    shown = proof(REPEATED, key=(), moved=None, end=None).as_dict()

    assert shown == {
        "End": "not asked",
        "EndSaid": None,
        "Distinct": 18,
        "Repeated": 2,
        "NotShown": None,
        "Key": None,
        "Moved": None,
        "Mended": 0,
    }
    assert proof().as_dict()["End"] == "seen"
    assert proof().as_dict()["Key"] == ["id"]


def test_a_record_that_came_twice_is_no_success():
    ended = verdict(planned(), TWO, ROWS, proof(REPEATED))

    assert ended.status is JobStatus.PARTIAL
    assert ended.error.type == "RecordsRepeat"
    assert ended.error.message.startswith(
        "2 of 20 records came more than once by id (such as 17); others may be missing"
    )


@pytest.mark.parametrize(
    ("moved", "status", "why"),
    [
        (False, JobStatus.SUCCEEDED, "they have no key that would tell them apart: name one in primary_key"),
        (
            True,
            JobStatus.PARTIAL,
            "others may be missing in their place: have the API sort by a field that does not change, and run again",
        ),
    ],
)
def test_records_without_a_key_may_be_alike_as_long_as_nothing_moves(moved, status, why):
    alike = replace(REPEATED, examples=(Example(None, PLACES),))

    ended = verdict(planned(), TWO, ROWS, proof(alike, key=(), moved=moved))

    assert ended.status is status
    assert (ended.notice or ended.error) == Reason("RecordsRepeat", f"2 of 20 records came more than once; {why}")


def test_what_repeats_is_named_by_all_of_its_key_and_the_examples_that_may_be_shown():
    examples = (Example('["eu",17]', PLACES), Example(None, PLACES), Example('["us",3]', PLACES))

    ended = verdict(planned(), TWO, ROWS, proof(replace(REPEATED, examples=examples), key=("region", "id")))

    said = '2 of 20 records came more than once by region and id (such as ["eu",17], ["us",3]); others may be missing'
    assert ended.error.message.startswith(said)


CHANGED = (
    "the API's first page or its total was another one at the end than at the beginning; "
    "records may have been added or removed: run the job again to have them"
)
NAME_A_KEY = "name in primary_key what tells them apart, if a field changes with every answer"


@pytest.mark.parametrize(
    ("shown", "notice"),
    [
        (None, None),
        (proof(), None),
        (proof(moved=None), None),
        (proof(moved=True), Reason("ChangedWhilePolled", CHANGED)),
        (proof(moved=True, key=()), Reason("ChangedWhilePolled", f"{CHANGED}, or {NAME_A_KEY}")),
        (
            proof(Uniqueness(20, 0, not_shown="time is over")),
            Reason("NotShown", "whether every record came once could not be shown: time is over"),
        ),
    ],
    ids=["nobody looked", "all", "not the first page", "moved", "moved without a key", "not whether all are distinct"],
)
def test_what_was_not_shown_is_told_of_a_success(shown, notice):
    assert verdict(planned(), TWO, ROWS, shown) == End(JobStatus.SUCCEEDED, notice=notice)


def test_records_that_are_distinct_repeat_nothing_whatever_their_neighbours_look_like():
    alike = [
        TaskRow("t00000000", TaskState.COMPLETE, pages=1, last_digest="a", last_record="x"),
        TaskRow("t00000001", TaskState.COMPLETE, pages=1, first_digest="a", first_record="x", end=SEEN),
    ]

    assert verdict(planned(), TWO, alike, proof()).status is JobStatus.SUCCEEDED
    assert verdict(planned(), TWO, alike, proof(REPEATED)).error.type == "PaginationLoop"


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (proof(Uniqueness(19, 0, distinct=19)), JobStatus.SUCCEEDED),
        (proof(Uniqueness(19, 0, not_shown="time is over")), JobStatus.PARTIAL),
        (proof(Uniqueness(19, 0, distinct=19), end=DataEnd(EndKind.REFUSED, "HTTP 400")), JobStatus.PARTIAL),
        (proof(Uniqueness(19, 0, distinct=19), end=None), JobStatus.PARTIAL),
        (None, JobStatus.PARTIAL),
    ],
)
def test_a_total_that_is_not_reached_is_accepted_only_where_all_else_is_shown(shown, status):
    accepting = planned(spec=spec(on_total_mismatch="accept"))
    fewer = Counts(complete=2, records=19)

    ended = verdict(accepting, fewer, ROWS, shown)

    assert ended.status is status
    assert (ended.notice or ended.error) == Reason("TotalsDisagree", "the API declared 20 records and sent 19")
    assert verdict(planned(), fewer, ROWS, shown).status is JobStatus.PARTIAL
    assert verdict(replace(planned(), spec=None), fewer, ROWS, shown).status is JobStatus.PARTIAL
