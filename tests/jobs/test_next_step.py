"""What a job does next, and what counts as progress."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from poller.errors import Reason
from poller.jobs.model import Counts, JobStatus, StopRequest
from poller.jobs.next_step import MAX_STALLED_ROUNDS, Fetch, GiveUp, Wait, decide, in_words, note_progress
from poller.jobs.plan import Ranges
from poller.jobs.verdict import End, Finished
from tests.support.builders import NOW, job, spec

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
            {"deadline_at": ago(seconds=1), **paused(-60), "down_since": int(ago(minutes=9).timestamp())},
            Counts(complete=8),
            "DeadlineExceeded",
            "the job's deadline passed with 2 of 10 tasks left; the API has given no page since 2026-01-01T11:51:00Z",
        ),
        (
            {"deadline_at": ago(seconds=1)},
            Counts(enqueued=10),
            "DeadlineExceeded",
            "the job's deadline passed with 10 of 10 tasks left",
        ),
        (
            {"spec": TOLERANT},
            Counts(complete=7, failed=2, lost=2),
            "ToleratedFailuresExceeded",
            "2 of 10 pages failed; tolerated_failure_percentage allows 10 %",
        ),
        (
            {"spec": TOLERANT, "deadline_at": ago(seconds=1)},
            Counts(failed=2, lost=2),
            "ToleratedFailuresExceeded",
            "2 of 10 pages failed; tolerated_failure_percentage allows 10 %",
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


@pytest.mark.parametrize(("deadline", "seconds"), [(timedelta(days=1), 3600), (timedelta(minutes=5), 301)])
def test_a_pause_is_looked_at_again_within_the_hour_and_at_the_deadline(deadline, seconds):
    held = job(not_before=int(NOW.timestamp()) + 10**9, deadline_at=NOW + deadline)

    decided = decide(note_progress(held, Counts(), NOW), Counts(), NOW)

    assert decided == Wait(seconds)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"deadline_at": ago(seconds=1)}, Counts(complete=8)),
        ({"stalled_rounds": MAX_STALLED_ROUNDS, "progress_at": ago(minutes=33)}, Counts(complete=8)),
        ({"progress_at": ago(hours=7)}, Counts(enqueued=2, complete=8)),
    ],
    ids=["too late", "no progress", "in the queue"],
)
def test_what_arrived_before_a_job_was_given_up_is_for_the_verdict(fields, counts):
    decided = decide(job(**fields), counts, NOW)

    assert isinstance(decided, GiveUp)
    assert decided.then == Finished()


def test_a_long_queue_is_looked_at_less_often():
    many = job(plan=Ranges(410, 1, 100))

    decided = decide(many, Counts(enqueued=410), NOW)

    assert decided == Wait(20)


def test_a_job_without_a_plan_ends_with_the_reason():
    assert decide(job(plan=None), Counts(), NOW) == End(
        JobStatus.FAILED, Reason("NotPlanned", "the job ended before its plan was made")
    )


def test_a_pause_that_ends_when_something_moved_resets_nothing():
    one = job(not_before=int(NOW.timestamp()), progress_at=NOW, stalled_rounds=2)

    assert note_progress(one, Counts(), NOW).stalled_rounds == 2


def test_a_job_whose_row_cannot_be_read_ends_with_that_reason():
    reason = Reason("Unreadable", "another release wrote the job's row")
    one = job(plan=None, spec=None, is_readable=False, error=reason)

    decided = decide(one, Counts(), NOW)

    assert decided == End(JobStatus.FAILED, reason)
