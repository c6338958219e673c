"""How a job ends whose tasks are all finished."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import Counts, JobStatus, TaskRow, TaskState
from poller.jobs.next_step import decide
from poller.jobs.plan import Ranges, Walks
from poller.jobs.verdict import End, Finished, exceeds_tolerance, too_many_failures, verdict
from poller.paging.paginators import PageNumber
from tests.support.builders import NOW, examples, job, spec

CANCELLED = Reason("Cancelled", "cancelled by its caller")
TOLERANT = spec(tolerated_failure_percentage=10)
SEEN = DataEnd(EndKind.SEEN, "page 3 is empty")
REFUSED = DataEnd(EndKind.REFUSED, "page 3: HTTP 400")
CUT = DataEnd(EndKind.CUT, "maximum_pages is 2, and as many came")


@pytest.mark.parametrize(
    ("limit", "failed", "exceeded"),
    [(None, 10, False), (0, 0, False), (0, 1, True), (10, 1, False), (10, 2, True), (12.5, 1, False), (100, 10, False)],
)
def test_how_many_failures_are_tolerated(limit, failed, exceeded):
    one = job(spec=spec(tolerated_failure_percentage=limit))

    answer = exceeds_tolerance(one, Counts(failed=1, complete=1, lost=failed))

    assert answer is exceeded


@pytest.mark.parametrize(("came", "exceeded"), [(2, True), (3, False)])
def test_of_a_walk_the_pages_are_those_that_came_and_those_that_did_not(came, exceeded):
    one = job(plan=Walks(1), spec=spec(tolerated_failure_percentage=40))

    answer = exceeds_tolerance(one, Counts(failed=1, pages=came, lost=2))

    assert answer is exceeded


@pytest.mark.parametrize("counts", [Counts(complete=8, failed=2, lost=2), Counts(failed=10, lost=10)])
def test_a_job_with_too_many_failures_fails(counts):
    one = job(spec=TOLERANT)

    decided = decide(one, counts, NOW)

    assert decided == End(JobStatus.FAILED, too_many_failures(one, counts))
    assert decided.error.type == "ToleratedFailuresExceeded"


def complete(number: int, declared: int | None = None) -> TaskRow:
    return TaskRow(f"t{number:08d}", TaskState.COMPLETE, declared=declared)


def failed(number: int, kind: str, message: str) -> TaskRow:
    return TaskRow(f"t{number:08d}", TaskState.FAILED, error=Reason(kind, message))


@pytest.mark.parametrize(
    ("expected", "received", "declared", "ending"),
    [
        (None, 7, [], End(JobStatus.SUCCEEDED)),
        (None, 7, [5, 9], End(JobStatus.SUCCEEDED)),
        (0, 0, [], End(JobStatus.SUCCEEDED)),
        (1000, 1000, [], End(JobStatus.SUCCEEDED)),
        (1000, 1000, [1000, 1000, None], End(JobStatus.SUCCEEDED)),
        (1000, 1000, [1000, 990], End(JobStatus.SUCCEEDED)),
        (
            1000,
            1000,
            [1000, 1010],
            End(
                JobStatus.SUCCEEDED,
                notice=Reason(
                    "GrewAfterPlan",
                    "the API declared 1,000 records when the job was planned and 1,010 while it ran; 1,000 arrived. "
                    "Records may be missing or repeated where others were added: run the job again",
                ),
            ),
        ),
        (
            1000,
            1003,
            [1003, 1000],
            End(
                JobStatus.SUCCEEDED,
                notice=Reason(
                    "GrewAfterPlan",
                    "the API declared 1,000 records when the job was planned and 1,003 while it ran; 1,003 arrived. "
                    "Records may be missing or repeated where others were added: run the job again",
                ),
            ),
        ),
        (1000, 999, [], "the API declared 1,000 records and sent 999"),
        (1000, 1001, [], "the API declared 1,000 records and sent 1,001"),
        (1000, 1001, [1000, None], "the API declared 1,000 records and sent 1,001"),
        (0, 1, [], "the API declared 0 records and sent 1"),
        (1000, 990, [1000, 990], "the API declared between 990 and 1,000 records and sent 990"),
        (1000, 999, [1010], "the API declared between 1,000 and 1,010 records and sent 999"),
        (1000, 1011, [1010, 990], "the API declared between 990 and 1,010 records and sent 1,011"),
    ],
)
def test_records_are_reconciled_with_what_the_api_declared(expected, received, declared, ending):
    one = job(records_expected=expected)
    rows = (complete(number, total) for number, total in enumerate(declared))

    ended = verdict(one, Counts(complete=10, records=received), rows)

    if isinstance(ending, str):
        ending = End(JobStatus.PARTIAL, Reason("TotalsDisagree", ending))
    assert ended == ending


@pytest.mark.parametrize(
    ("counts", "rows", "status", "message"),
    [
        (
            Counts(complete=8, failed=2, records=1000),
            [
                complete(0),
                failed(7, "InvalidPayload", "the body is not JSON"),
                failed(2, "UpstreamRefused", "the API answered HTTP 404"),
            ],
            JobStatus.PARTIAL,
            "2 of 10 tasks failed; the first, t00000002, with UpstreamRefused: the API answered HTTP 404",
        ),
        (
            Counts(failed=10),
            [failed(number, "NoProgress", "given up") for number in range(10)],
            JobStatus.FAILED,
            "10 of 10 tasks failed; the first, t00000000, with NoProgress: given up",
        ),
        (Counts(complete=9, failed=1), [], JobStatus.PARTIAL, "1 of 10 tasks failed"),
    ],
)
def test_failed_tasks_are_explained_by_the_first(counts, rows, status, message):
    one = job(records_expected=1000)

    ended = verdict(one, counts, iter(rows))

    assert ended == End(status, Reason("TasksFailed", message))


small = st.integers(0, 4)


@examples
@given(st.builds(Counts, small, small, small, small, small, records=st.integers(0, 3)), st.none() | st.integers(0, 3))
def test_a_job_succeeds_only_with_all_tasks_and_all_records(counts, expected):
    one = job(plan=Ranges(max(1, counts.seen), 1, 1), records_expected=expected)

    ended = decide(one, counts, NOW)
    if isinstance(ended, Finished):
        ended = verdict(one, counts, [])

    whole = counts.complete == one.total(counts) and expected in (None, counts.records)
    assert (ended == End(JobStatus.SUCCEEDED)) is whole
    assert isinstance(ended, End) is (counts.finished == one.total(counts))


def test_a_task_that_begins_where_the_one_before_it_ended_is_a_loop():
    rows = [
        TaskRow("t00000001", TaskState.COMPLETE, first_digest="b", last_digest="c"),
        TaskRow("t00000000", TaskState.COMPLETE, first_digest="a", last_digest="b"),
    ]

    end = verdict(job(records_expected=20), Counts(complete=2, records=20), rows)

    assert end.status is JobStatus.PARTIAL
    assert end.error is not None
    assert end.error.type == "PaginationLoop"


def rows_of(*pages: dict[str, object]) -> list[TaskRow]:
    """One completed task a dictionary of fields."""
    return [TaskRow(f"t{n:08d}", TaskState.COMPLETE, **fields) for n, fields in enumerate(pages)]


def ended(*pages: dict[str, object]) -> End:
    return verdict(job(records_expected=20), Counts(complete=len(pages), records=20), rows_of(*pages))


def test_a_loop_says_where_it_is_and_what_to_correct():
    end = ended({"first_digest": "a", "last_digest": "b"}, {"first_digest": "b", "last_digest": "c"})

    assert end.error == Reason(
        "PaginationLoop",
        "task t00000001 begins with the records that the task before it ends with; "
        "the API seems to ignore the page asked for: correct the paginator and submit a new job",
    )


@pytest.mark.parametrize(
    "pages",
    [
        ({"pages": 1, "first_record": "a", "last_record": "b"}, {"pages": 1, "first_record": "b", "last_record": "c"}),
        ({"pages": 2, "overlaps": True},),
        ({"pages": 2, "overlaps": True, "last_record": "b"}, {"pages": 2, "first_record": "c"}),
    ],
    ids=["between two tasks", "within the only one", "within the first one"],
)
def test_a_second_page_that_begins_with_the_last_record_is_an_overlap(pages):
    end = ended(*pages)

    assert end == End(
        JobStatus.PARTIAL,
        Reason(
            "PagesOverlap",
            "the second page begins with the record that the first one ends with, so others may be missing; "
            "if running the job again ends the same, the API counts its records from 1, or its pages overlap",
        ),
    )


@pytest.mark.parametrize(
    "pages",
    [
        (),
        ({"pages": 1, "last_record": "b"},),
        ({"pages": 1, "last_record": "b"}, {"pages": 1, "first_record": "c", "last_record": "c"}),
        ({"pages": 1, "last_record": ""}, {"pages": 1, "first_record": "", "last_record": ""}),
        ({"pages": 1, "overlaps": True, "last_record": "b"}, {"pages": 1, "first_record": "c", "last_record": "c"}),
        ({"pages": 2, "last_record": "b"}, {"pages": 2, "first_record": "b", "overlaps": True}),
    ],
    ids=["no task", "one page", "others", "no records", "of one page", "a later one"],
)
def test_other_pages_may_begin_as_they_like(pages):
    assert ended(*pages) == End(JobStatus.SUCCEEDED)


def test_a_job_without_a_spec_tolerates_everything():
    assert not exceeds_tolerance(job(spec=None), Counts(failed=10, lost=10))


def test_pages_without_a_total_are_no_more_than_was_expected():
    end = verdict(job(records_expected=0), Counts(complete=1, records=0), rows_of({}))

    assert end == End(JobStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("paginator", "status"),
    [
        (PageNumber(), JobStatus.PARTIAL),
        (PageNumber(stop_on_empty=False), JobStatus.SUCCEEDED),
    ],
)
def test_a_page_may_be_short_where_it_may_be_empty(paginator, status):
    row = TaskRow("t00000000", TaskState.COMPLETE, pages=10, records=95, short_pages=1, short_page=4)

    ended = verdict(job(spec=spec(paginator=paginator)), Counts(complete=1, pages=10, records=95), [row])

    assert ended.status is status


def test_a_job_whose_spec_cannot_be_read_is_judged_by_its_pages_all_the_same():
    row = TaskRow("t00000000", TaskState.COMPLETE, pages=10, records=95, short_pages=1, short_page=4)

    assert verdict(job(spec=None), Counts(complete=1, pages=10, records=95), [row]).status is JobStatus.PARTIAL


def test_fields_that_no_column_holds_are_named():
    rows = [replace(complete(0), left_out=("b", "a")), complete(1), replace(complete(2), left_out=("a", "c"))]

    end = verdict(job(), Counts(complete=3), rows)

    assert (end.status, end.error.type) == (JobStatus.PARTIAL, "FieldsLeftOut")
    assert "that no column holds: b, a, c; name all columns in output.columns" in end.error.message


def test_of_many_fields_without_a_column_some_are_named():
    rows = [replace(complete(n), left_out=tuple(f"f{n}{i}" for i in range(4))) for n in range(2)]

    end = verdict(job(), Counts(complete=2), rows)

    assert "holds: f00, f01, f02, f03, f10 and others;" in end.error.message


@pytest.mark.parametrize(
    ("last", "is_final", "message"),
    [
        (
            {"more": "has_more"},
            False,
            "the response says that there is more (has_more), and single_page asks for one page only; "
            "set another paginator",
        ),
        (
            {"end": CUT},
            True,
            "maximum_pages is 2, and as many came; 20 records came. Raise maximum_pages, or narrow the request",
        ),
        (
            {"end": REFUSED, "more": "next"},
            True,
            "20 records came, and the last page says that there is more (next), but the API refuses to go on: "
            "page 3: HTTP 400. Where an API limits how deep one may page, split the job, by dates for instance, "
            "into smaller ones",
        ),
        (
            {"end": REFUSED},
            False,
            "20 records came, and nothing else says where the data end, but the API refuses to go on: "
            "page 3: HTTP 400. If this is everything, set paginator to single_page; if an HTTP status says that there "
            "is no more, name it in paginator.end_status_codes",
        ),
    ],
    ids=["one page of several", "cut", "refused, with a sign of more", "refused, and nothing is declared"],
)
def test_a_last_page_that_may_not_be_the_last_one_is_no_success(last, is_final, message):
    one = job(total_is_final=is_final, records_expected=20 if is_final else None)

    end = verdict(one, Counts(complete=2, records=20), rows_of({}, last))

    assert end == End(JobStatus.PARTIAL, Reason("EndNotSeen", message))


@pytest.mark.parametrize(
    ("pages", "is_final"),
    [
        ([{}, {"end": SEEN, "more": "next"}], False),
        ([{"more": "next"}, {"end": REFUSED}], True),
        ([{"more": "next"}, {}], True),
    ],
    ids=["seen", "refused where the total is reached", "a sign on an earlier page"],
)
def test_the_data_end_where_nothing_says_that_there_is_more(pages, is_final):
    one = job(total_is_final=is_final, records_expected=20)

    assert verdict(one, Counts(complete=2, records=20), rows_of(*pages)) == End(JobStatus.SUCCEEDED)


def test_an_end_that_only_the_number_of_pages_speaks_for_is_told():
    one = job(total_is_final=True, records_expected=None)

    end = verdict(one, Counts(complete=2, records=20), rows_of({}, {"end": REFUSED}))

    told = "as many pages came as were declared; the API refuses to go on: page 3: HTTP 400"
    assert end == End(JobStatus.SUCCEEDED, notice=Reason("EndNotSeen", told))


def test_more_records_than_declared_up_to_the_end_are_a_total_that_is_too_low():
    end = verdict(job(records_expected=20), Counts(records=25), rows_of({"declared": 20}, {"end": SEEN}))

    told = "the API declares 20 records, and sent 25 up to the end of its data"
    notice = Reason("TotalTooLow", f"{told}: its total is capped, or counts something else")
    assert end == End(JobStatus.SUCCEEDED, notice=notice)


@pytest.mark.parametrize(
    ("expected", "received", "declared", "error", "notice"),
    [
        (0, 0, (None, None), None, None),
        (20, 20, (None, None), None, None),
        (20, 20, (30, 20), None, "GrewAfterPlan"),
        (20, 25, (None, 25), None, "GrewAfterPlan"),
        (20, 24, (None, 25), "the API declared between 20 and 25 records and sent 24", None),
        (20, 19, (None, 19), "the API declared between 19 and 20 records and sent 19", None),
    ],
)
def test_where_the_end_was_seen_the_total_of_that_moment_counts(expected, received, declared, error, notice):
    first, last = declared
    rows = rows_of({"declared": first}, {"declared": last, "end": SEEN})

    end = verdict(job(records_expected=expected), Counts(records=received), rows)

    assert end.error == (Reason("TotalsDisagree", error) if error else None)
    assert (end.notice.type if end.notice else None) == notice


@pytest.mark.parametrize(("page", "shown"), [(0, 1), (4, 5)])
def test_the_first_page_that_came_short_is_named_where_records_are_missing(page, shown):
    end = verdict(job(records_expected=20), Counts(records=19), rows_of({}, {"short_pages": 1, "short_page": page}))

    said = f"the API declared 20 records and sent 19; page {shown} is the first that came short"
    assert end.error == Reason("TotalsDisagree", said)


@pytest.mark.parametrize(
    ("short", "message"),
    [
        ((), None),
        ((1, 3), "4 of 10 pages came short, also when asked for again; page 8 is the first that came short"),
        ((5,), None),
    ],
    ids=["none", "fewer than half", "half of them"],
)
def test_without_a_total_few_pages_may_be_shorter_than_the_others(short, message):
    """Where many are, the API's pages are of different sizes."""
    rows = rows_of({}, *({"short_pages": number, "short_page": 7 + place} for place, number in enumerate(short)))

    end = verdict(job(), Counts(complete=10, pages=10, records=95), rows)

    assert end.error == (Reason("TotalsDisagree", message) if message else None)


@pytest.mark.parametrize(
    ("blanked", "notice"),
    [
        ((0, 0), None),
        ((0, 1), 'credentials that it was asked with; 1 record with "..." in their place may hold less than was sent'),
        ((2, 1), '; 3 records with "..." in their place'),
    ],
)
def test_records_that_credentials_were_taken_out_of_are_told(blanked, notice):
    rows = [replace(complete(number), blanked=taken) for number, taken in enumerate(blanked)]

    ending = verdict(job(), Counts(complete=2), rows)

    assert ending.status is JobStatus.SUCCEEDED
    assert (ending.notice and ending.notice.type) == ("CredentialsBlanked" if notice else None)
    assert notice is None or notice in ending.notice.message


def test_ignored_pages_and_blanked_records_are_told_in_one_notice():
    rows = [replace(complete(0), pages=2, ignored=1, ignored_page=1, blanked=1)]

    notice = verdict(job(), Counts(complete=1), rows).notice

    assert notice.type == "CredentialsBlanked"
    assert "1 record" in notice.message
    assert "response_actions ignored 1 page" in notice.message
