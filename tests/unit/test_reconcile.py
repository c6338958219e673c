from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import Reason
from poller.jobs.model import Counts, JobStatus, StopRequest, TaskRow, TaskState
from poller.jobs.next_step import MAX_STALLED_ROUNDS, Fetch, GiveUp, Wait, decide, in_words, note_progress
from poller.jobs.plan import Ranges
from poller.jobs.verdict import End, Finished, exceeds_tolerance, too_many_failures, verdict
from tests.support.builders import NOW, examples, job, spec

CANCELLED = Reason("Cancelled", "cancelled by its caller")
TOLERANT = spec(tolerated_failure_percentage=10)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def paused(seconds: int) -> dict[str, object]:
    """The API asked for a pause that ends in so many seconds, and it has been noted."""
    return {"not_before": int(NOW.timestamp()) + seconds, "progress_at": ago(seconds=-seconds)}


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Fetch(), "fetch what is missing"),
        (Fetch(scouts=True), "fetch as many tasks as run at once"),
        (Wait(1), "wait 1 second"),
        (Wait(60), "wait 60 seconds"),
        (GiveUp(CANCELLED, Finished()), "give up what is left: cancelled by its caller"),
        (End(JobStatus.FAILED, CANCELLED), "end the job"),
    ],
)
def test_a_decision_can_be_read_in_the_logs(decision, words):
    assert in_words(decision) == words


@pytest.mark.parametrize(
    ("fields", "counts", "decision"),
    [
        # Nothing, or not everything, has reached the queue: fetch it.
        ({}, Counts(), Fetch()),
        ({}, Counts(started=10), Fetch()),
        ({}, Counts(payload_saved=10), Fetch()),
        ({}, Counts(enqueued=5, complete=3, failed=1), Fetch()),
        ({}, Counts(started=1, enqueued=9), Fetch()),
        ({}, Counts(started=1, complete=9), Fetch()),
        # A round that brought nothing is followed by a rest, the longer the more of them there were.
        ({"stalled_rounds": 1}, Counts(started=1, complete=9), Wait(15)),
        ({"stalled_rounds": 1, "progress_at": ago(seconds=14.5)}, Counts(), Wait(1)),
        ({"stalled_rounds": 1, "progress_at": ago(seconds=15)}, Counts(), Fetch()),
        ({"stalled_rounds": 2, "progress_at": ago(seconds=16)}, Counts(), Wait(29)),
        ({"stalled_rounds": 5, "progress_at": ago(seconds=230)}, Counts(), Wait(235)),
        ({"stalled_rounds": 10, "progress_at": ago(seconds=1665)}, Counts(), Wait(300)),
        ({"stalled_rounds": 10, "progress_at": ago(minutes=46)}, Counts(complete=9), Fetch()),
        ({"stalled_rounds": 2, "deadline_at": NOW + timedelta(seconds=9)}, Counts(), Wait(10)),
        ({"deadline_at": NOW}, Counts(complete=9), Fetch()),
        ({"spec": TOLERANT}, Counts(complete=8, failed=1), Fetch()),
        # The API asked for a pause: not before it is over.
        (paused(-1), Counts(), Fetch(scouts=True)),
        (paused(0), Counts(), Fetch(scouts=True)),
        ({**paused(-15), "stalled_rounds": 1}, Counts(), Fetch()),
        (paused(1), Counts(), Wait(1)),
        (paused(300), Counts(complete=9), Wait(300)),
        (paused(10**9), Counts(), Wait(3600)),
        # All are with the consumer: wait, the longer the less moves.
        ({"progress_at": ago(seconds=0)}, Counts(enqueued=10), Wait(2)),
        ({"progress_at": ago(seconds=5)}, Counts(enqueued=9, complete=1), Wait(2)),
        ({"progress_at": ago(seconds=20)}, Counts(enqueued=1, complete=8, failed=1), Wait(10)),
        ({"progress_at": ago(seconds=119)}, Counts(enqueued=10), Wait(59)),
        ({"progress_at": ago(minutes=5)}, Counts(enqueued=10), Wait(60)),
        ({"progress_at": ago(hours=6)}, Counts(enqueued=10), Wait(60)),
        ({"stalled_rounds": 9}, Counts(enqueued=10), Wait(2)),
        (paused(300), Counts(enqueued=10), Wait(2)),
        # All finished: what came of it is for `verdict`.
        ({}, Counts(complete=10), Finished()),
        ({}, Counts(complete=9, failed=1), Finished()),
        ({"spec": TOLERANT}, Counts(complete=9, failed=1), Finished()),
        ({"stalled_rounds": 9, "progress_at": ago(minutes=46)}, Counts(complete=10), Finished()),
        ({"deadline_at": ago(seconds=1)}, Counts(complete=10), Finished()),
        (paused(300), Counts(complete=10), Finished()),
    ],
)
def test_what_happens_next(fields, counts, decision):
    one = job(**fields)

    decided = decide(one, counts, NOW)

    assert decided == decision


@pytest.mark.parametrize(
    ("fields", "counts", "kind", "message"),
    [
        (
            {"stalled_rounds": 11, "progress_at": ago(minutes=33)},
            Counts(started=2, complete=7, failed=1),
            "NoProgress",
            "given up after 11 rounds of fetching in 33 minutes without progress; 2 of 10 tasks were left",
        ),
        (
            {"progress_at": ago(hours=6, seconds=1)},
            Counts(enqueued=3, complete=7),
            "NoProgress",
            "given up after 6 hours in the queue without progress; 3 of 10 tasks were left",
        ),
        (
            {"deadline_at": ago(seconds=1)},
            Counts(started=1, complete=8),
            "DeadlineExceeded",
            "the job's deadline passed with 2 of 10 tasks left",
        ),
        (
            {"deadline_at": ago(seconds=1), **paused(-60)},
            Counts(complete=8),
            "DeadlineExceeded",
            "the job's deadline passed with 2 of 10 tasks left; "
            "the API kept asking for a pause, at last until 2026-01-01T11:59:00Z",
        ),
        (
            {"deadline_at": ago(seconds=1), **paused(-60), "progress_at": ago(seconds=59)},
            Counts(complete=8),
            "DeadlineExceeded",
            "the job's deadline passed with 2 of 10 tasks left",
        ),
        (
            {"deadline_at": ago(seconds=1)},
            Counts(enqueued=10),
            "DeadlineExceeded",
            "the job's deadline passed with 10 of 10 tasks left",
        ),
        (
            {"spec": TOLERANT},
            Counts(complete=7, failed=2),
            "ToleratedFailuresExceeded",
            "2 of 10 tasks failed; tolerated_failure_percentage allows 10 %",
        ),
        (
            {"spec": TOLERANT, "deadline_at": ago(seconds=1)},
            Counts(failed=2),
            "ToleratedFailuresExceeded",
            "2 of 10 tasks failed; tolerated_failure_percentage allows 10 %",
        ),
    ],
)
def test_what_cannot_be_finished_is_given_up(fields, counts, kind, message):
    one = job(**fields)

    decided = decide(one, counts, NOW)

    assert isinstance(decided, GiveUp)
    assert decided.reason == Reason(kind, message)


@pytest.mark.parametrize("status", ["REJECTED", "FAILED", "CANCELLED"])
@pytest.mark.parametrize(
    ("fields", "counts", "ends"),
    [
        ({"plan": None}, Counts(), True),
        ({}, Counts(), False),
        ({}, Counts(enqueued=10), False),
        ({}, Counts(complete=9), False),
        ({}, Counts(complete=10), True),
        ({}, Counts(failed=10), True),
        ({"spec": TOLERANT}, Counts(failed=9), False),
        ({"spec": TOLERANT}, Counts(failed=10), True),
        ({"deadline_at": ago(seconds=1)}, Counts(started=1), False),
        (paused(300), Counts(), False),
    ],
)
def test_a_verdict_that_waits_ends_the_job_once_every_task_is_finished(status, fields, counts, ends):
    ending = End(JobStatus(status), CANCELLED)
    one = job(stop=StopRequest(JobStatus(status), CANCELLED), **fields)

    decided = decide(one, counts, NOW)

    assert decided == (ending if ends else GiveUp(CANCELLED, ending))


def test_a_job_without_a_plan_does_not_succeed():
    one = job(plan=None, status=JobStatus.PENDING)

    decided = decide(one, Counts(), NOW)

    assert not (isinstance(decided, End) and decided.status is JobStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("limit", "failed", "exceeded"),
    [(None, 10, False), (0, 0, False), (0, 1, True), (10, 1, False), (10, 2, True), (12.5, 1, False), (100, 10, False)],
)
def test_how_many_failures_are_tolerated(limit, failed, exceeded):
    one = job(spec=spec(tolerated_failure_percentage=limit))

    answer = exceeds_tolerance(one, Counts(failed=failed, complete=10 - failed))

    assert answer is exceeded


@pytest.mark.parametrize("counts", [Counts(complete=8, failed=2), Counts(failed=10)])
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


@pytest.mark.parametrize(
    ("mark", "counts", "new_mark"),
    [
        (0, Counts(payload_saved=1), 1),
        (1, Counts(enqueued=1), 2),
        (2, Counts(complete=1), 3),
        (2, Counts(failed=1), 3),
        (3, Counts(complete=1, payload_saved=1), 4),
        (18, Counts(payload_saved=1, enqueued=1, complete=5, failed=1), 21),
        (7, Counts(started=1, pages=8), 8),  # a task that was held back has kept what it had fetched
    ],
)
def test_progress_is_noted(mark, counts, new_mark):
    one = job(progress_mark=mark, progress_at=ago(minutes=46), stalled_rounds=3, iterations=7)

    noted = note_progress(one, counts, NOW)

    assert noted == job(progress_mark=new_mark, progress_at=NOW, stalled_rounds=0, iterations=8)


@pytest.mark.parametrize("counts", [Counts(complete=1), Counts(complete=1, started=9)])
def test_a_look_without_progress_is_counted_as_a_visit_only(counts):
    one = job(progress_mark=3, progress_at=ago(minutes=46), stalled_rounds=3, iterations=7)

    noted = note_progress(one, counts, NOW)

    assert noted == job(progress_mark=3, progress_at=ago(minutes=46), stalled_rounds=3, iterations=8)


def test_a_pause_that_the_api_asks_for_is_no_idleness():
    asked = int(NOW.timestamp()) + 300
    one = job(progress_at=ago(minutes=46), stalled_rounds=10, iterations=7, not_before=asked)

    noted = note_progress(one, Counts(), NOW)

    over = NOW + timedelta(seconds=300)
    assert noted == job(progress_at=over, stalled_rounds=0, iterations=8, not_before=asked)
    assert decide(noted, Counts(), NOW) == Wait(300)
    assert decide(noted, Counts(), NOW + timedelta(seconds=300)) == Fetch(scouts=True)


def test_a_pause_that_was_over_when_something_moved_says_nothing():
    one = job(progress_at=ago(minutes=46), stalled_rounds=10, not_before=int(NOW.timestamp()) - 47 * 60)

    noted = note_progress(one, Counts(), NOW)

    assert noted == replace(one, iterations=1)


def test_rounds_without_progress_span_half_an_hour_and_an_execution_sees_them_all():
    one, now, rounds, looks = job(), NOW, 0, 0

    while not isinstance(decided := decide(one := note_progress(one, Counts(), now), Counts(), now), GiveUp):
        looks += 1
        if isinstance(decided, Fetch):
            one, rounds = replace(one, stalled_rounds=one.stalled_rounds + 1), rounds + 1
        else:
            now += timedelta(seconds=decided.seconds)

    assert timedelta(minutes=30) <= now - NOW <= timedelta(minutes=40)
    assert rounds == MAX_STALLED_ROUNDS
    assert looks < 30


def test_the_first_look_begins_the_clock():
    one = job(progress_at=None)

    noted = note_progress(one, Counts(), NOW)

    assert noted == job(progress_at=NOW, iterations=1)


small = st.integers(0, 4)


@examples
@given(st.builds(Counts, small, small, small, small, small, records=st.integers(0, 3)), st.none() | st.integers(0, 3))
def test_a_job_succeeds_only_with_all_tasks_and_all_records(counts, expected):
    one = job(plan=Ranges(max(1, counts.seen), 1, 1), records_expected=expected)

    ended = decide(one, counts, NOW)
    if isinstance(ended, Finished):
        ended = verdict(one, counts, [])

    whole = counts.complete == one.total and expected in (None, counts.records)
    assert (ended == End(JobStatus.SUCCEEDED)) is whole
    assert isinstance(ended, End) is (counts.finished == one.total)


@pytest.mark.parametrize(("deadline", "seconds"), [(timedelta(days=1), 3600), (timedelta(minutes=5), 301)])
def test_a_pause_is_looked_at_again_within_the_hour_and_at_the_deadline(deadline, seconds):
    held = job(not_before=int(NOW.timestamp()) + 10**9, deadline_at=NOW + deadline)

    decided = decide(note_progress(held, Counts(), NOW), Counts(), NOW)

    assert decided == Wait(seconds)


def test_a_task_that_begins_where_the_one_before_it_ended_is_a_loop():
    rows = [
        TaskRow("t00000001", TaskState.COMPLETE, first_digest="b", last_digest="c"),
        TaskRow("t00000000", TaskState.COMPLETE, first_digest="a", last_digest="b"),
    ]

    end = verdict(job(records_expected=20), Counts(complete=2, records=20), rows)

    assert end.status is JobStatus.PARTIAL
    assert end.error is not None
    assert end.error.type == "PaginationLoop"
