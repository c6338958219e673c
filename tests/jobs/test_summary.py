from dataclasses import replace
from datetime import UTC, datetime

import pytest

from poller.errors import Reason
from poller.jobs.model import Counts, JobStatus
from poller.jobs.plan import Ranges
from poller.jobs.summary import shown_url, summarize
from tests.support.builders import URL, job

ERROR = Reason("TasksFailed", "1 of 35 tasks failed")


def test_a_running_job_as_the_contract_shows_it():
    one = job(plan=Ranges(35, 1, 100), total_is_final=True, records_expected=3500)
    counts = Counts(started=9, payload_saved=15, enqueued=10, pages=25, records=2500, bytes=123_456)
    told = {"requests": 30, "retried": 3, "waited": 4, "pages_arrived": 27, "records_arrived": 2700}

    answer = summarize(one, replace(counts, **told))

    assert answer == {
        "Started": 9,
        "PayloadSaved": 15,
        "Enqueued": 10,
        "SuccessfullyCompleted": 0,
        "FailedToComplete": 0,
        "Total": 35,
        "JobId": "job-1",
        "Name": "orders",
        "Url": URL,
        "Status": "RUNNING",
        "Pending": 1,
        "TotalIsFinal": True,
        "Pages": 25,
        "RecordsReceived": 2500,
        "RecordsExpected": 3500,
        "Bytes": 123_456,
        "PagesPlanned": 35,
        "PagesArrived": 27,
        "RecordsArrived": 2700,
        "Requests": 30,
        "Retried": 3,
        "WaitedSeconds": 4,
        "DownSince": None,
        "StartedAt": "2026-01-01T11:00:00Z",
        "FinishedAt": None,
        "RedrivenAt": None,
        "RunSeconds": None,
        "ExecutionArn": "arn:aws:states:eu-west-1:123456789012:execution:PollerWorkflow:1",
        "Error": None,
        "Notice": None,
        "DuplicateOf": None,
        "Proof": None,
        "Detected": None,
        "Source": None,
    }


def test_an_api_that_is_down_is_said_to_be_while_the_job_runs():
    down = job(down_since=1_767_265_200)

    assert summarize(down, Counts())["DownSince"] == "2026-01-01T11:00:00Z"
    assert summarize(replace(down, status=JobStatus.PARTIAL), Counts())["DownSince"] is None


def test_what_arrived_is_what_is_stored_when_the_job_is_over():
    counts = Counts(complete=35, pages=35, records=3500, pages_arrived=36, records_arrived=3600)
    one = job(plan=Ranges(35, 1, 100), status=JobStatus.SUCCEEDED)

    answer = summarize(one, counts)
    early = summarize(replace(one, status=JobStatus.RUNNING), replace(counts, pages_arrived=0, records_arrived=0))

    assert (answer["PagesArrived"], answer["RecordsArrived"], answer["PagesPlanned"]) == (35, 3500, None)
    assert (early["PagesArrived"], early["RecordsArrived"]) == (35, 3500)


def test_the_six_counts_come_first():
    one = job()

    answer = summarize(one, Counts())

    assert list(answer)[:6] == [
        "Started",
        "PayloadSaved",
        "Enqueued",
        "SuccessfullyCompleted",
        "FailedToComplete",
        "Total",
    ]


def test_a_finished_job():
    one = job(
        plan=Ranges(35, 1, 100),
        status=JobStatus.PARTIAL,
        error=ERROR,
        finished_at=datetime(2026, 1, 1, 11, 5, tzinfo=UTC),
    )

    answer = summarize(one, Counts(complete=34, failed=1))

    assert (answer["SuccessfullyCompleted"], answer["FailedToComplete"], answer["Pending"]) == (34, 1, 0)
    assert (answer["Status"], answer["FinishedAt"], answer["Error"]) == (
        "PARTIAL",
        "2026-01-01T11:05:00Z",
        ERROR.as_dict(),
    )
    assert type(answer["Status"]) is str


def test_what_is_to_be_known_of_a_success():
    notice = Reason("GrewAfterPlan", "the API declared more while the job ran")
    one = job(status=JobStatus.SUCCEEDED, notice=notice, duplicate_of="job-0")

    answer = summarize(one, Counts(complete=10))

    assert (answer["Status"], answer["Notice"], answer["DuplicateOf"]) == ("SUCCEEDED", notice.as_dict(), "job-0")


@pytest.mark.parametrize(
    ("plan", "counts", "total", "pending"),
    [
        (None, Counts(), 0, 0),
        (Ranges(10, 1, 1), Counts(), 10, 10),
        (Ranges(10, 3, 1), Counts(started=1), 4, 3),
        (Ranges(10, 1, 1), Counts(2, 2, 2, 2, 2), 10, 0),
        (Ranges(1, 1, 1), Counts(started=2), 1, 0),
    ],
)
def test_pending_is_what_no_state_counts(plan, counts, total, pending):
    one = job(plan=plan)

    answer = summarize(one, counts)

    assert (answer["Total"], answer["Pending"]) == (total, pending)


def test_the_url_of_a_row_that_says_so_comes_before_that_of_its_spec():
    assert (
        summarize(job(url="https://api.example.com/?token=..."), Counts())["Url"]
        == "https://api.example.com/?token=..."
    )
    assert summarize(job(spec=None), Counts())["Url"] is None


@pytest.mark.parametrize("url", [None, 5, ["https://api.example.com"], {}])
def test_what_is_no_text_is_no_url(url):
    assert shown_url(url) is None


def test_a_long_url_is_cut_and_one_that_cannot_be_stored_is_mended():
    assert len(shown_url(f"https://api.example.com/?q={'x' * 60_000}")) == 501
    assert shown_url("https://api.example.com/\ud800") == "https://api.example.com/?"


@pytest.mark.parametrize(("finished_at", "shown"), [(None, None), (datetime(2026, 1, 1, 11, 5, tzinfo=UTC), 300)])
def test_how_long_a_job_ran_is_known_at_its_end(finished_at, shown):
    assert summarize(job(finished_at=finished_at, run_seconds=300), Counts())["RunSeconds"] == shown


def test_a_redriven_job_says_when():
    one = job(redriven_at=datetime(2026, 1, 1, 11, 30, tzinfo=UTC))

    assert summarize(one, Counts())["RedrivenAt"] == "2026-01-01T11:30:00Z"


def test_a_long_url_is_shortened():
    longest = f"https://api.example.com/{'x' * 476}"

    assert shown_url(longest) == longest
    assert shown_url(f"{longest}y") == f"{longest}…"


@pytest.mark.parametrize(
    ("is_final", "ends", "shown"), [(False, 0, False), (False, 1, True), (False, 2, True), (True, 0, True)]
)
def test_the_total_is_final_when_the_api_said_so_or_the_end_was_seen(is_final, ends, shown):
    assert summarize(job(total_is_final=is_final), Counts(ends=ends))["TotalIsFinal"] is shown
