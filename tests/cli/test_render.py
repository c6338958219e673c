import pytest

from poller_local import render
from tests.support.fake_api import JOB, SUCCEEDED, summary


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (5 * 10**12, "5.0 TB")],
)  # fmt: skip
def test_sizes(size: int, text: str):
    assert render.format_size(size) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 objects"), (1, "1 object"), (2, "2 objects"), (1234, "1,234 objects")]
)
def test_counts(number: int, text: str):
    assert render.format_count(number, "object") == text


def test_a_total_that_is_not_final_is_not_shown():
    running = summary("RUNNING", Total=12, SuccessfullyCompleted=3, RecordsReceived=300)

    lines = {label: value for label, value, _style in render.summary_lines(running)}

    assert lines["Tasks"] == "3 of ? complete"
    assert lines["Records"] == "300"


def test_the_url_is_shown_on_one_line():
    lines = render.summary_lines({**SUCCEEDED, "Url": "https://api.example.com/\n?token=..."})

    assert [label for label, _value, _style in lines[:4]] == ["Job", "Name", "URL", "Status"]
    assert lines[2][1] == "https://api.example.com/ ?token=..."


def test_idle_days_before_a_redrive_are_not_counted():
    redriven = {**SUCCEEDED, "FinishedAt": "2026-01-09T00:00:30Z", "RedrivenAt": "2026-01-09T00:00:00Z"}

    lines = {label: value for label, value, _style in render.summary_lines({**redriven, "RunSeconds": 42})}

    assert lines["Time"] == "42.0 s"


def test_a_success_may_come_with_a_notice():
    grown = {**SUCCEEDED, "Notice": {"Type": "GrewAfterPlan", "Message": "the API has\n3 more records now"}}

    lines = render.summary_lines(grown)

    assert ("Status", "SUCCEEDED", "bold yellow") in lines
    assert ("Notice", "GrewAfterPlan: the API has 3 more records now", "bold yellow") in lines


def test_only_a_plain_success_is_green():
    notice = {"Type": "GrewAfterPlan", "Message": "3 more"}

    styles = [render.status_style(job) for job in (SUCCEEDED, summary("FAILED", Notice=notice))]

    assert styles == ["bold green", "bold red"]


def test_an_api_that_is_down_is_said_to_be():
    down = summary("RUNNING", DownSince="2026-01-01T11:00:00Z")

    lines = {label: value for label, value, _style in render.summary_lines(down)}

    assert lines["API down"] == "since 2026-01-01 11:00:00Z; the job waits, and goes on by itself"
    assert "API down" not in {label for label, _value, _style in render.summary_lines(SUCCEEDED)}


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        ({"Requests": 1012, "Retried": 12, "WaitedSeconds": 3.2}, "1,012, 12 retried, waited 3 s"),
        ({"Requests": 1000, "Retried": 0, "WaitedSeconds": 0.4}, "1,000"),
        ({"Requests": 7, "Retried": None, "WaitedSeconds": None}, "7"),
    ],
)
def test_what_requests_met_is_counted(trouble: dict[str, float | None], text: str):
    lines = {label: value for label, value, _style in render.summary_lines({**SUCCEEDED, **trouble})}

    assert lines["Requests"] == text


def test_an_older_stack_counts_no_requests():
    assert "Requests" not in [label for label, _value, _style in render.summary_lines(SUCCEEDED)]


def test_a_job_that_repeats_another_names_it():
    repeated = summary("REJECTED", DuplicateOf=JOB)

    lines = {label: value for label, value, _style in render.summary_lines(repeated)}

    assert lines["Repeats"] == f"{JOB}, which has the same client token"


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00Z"),
        ("2026-01-01T01:30:00.999999+01:00", "2026-01-01 00:30:00Z"),
        (None, ""),
    ],
)
def test_times(time: str | None, text: str):
    assert render.format_time(time) == text


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            'auto cannot tell; perhaps {"paginator": {"type": "offset", "limit": 10}}',
            [("Error", "JobRejected: auto cannot tell"), ("Try", '{"paginator": {"type": "offset", "limit": 10}}')],
        ),
        ("it failed; perhaps again", [("Error", "JobRejected: it failed; perhaps again")]),
        ("it failed", [("Error", "JobRejected: it failed")]),
    ],
)
def test_a_spec_that_a_refusal_ends_with_has_a_line_of_its_own(message: str, shown: list[tuple[str, str]]):
    lines = render.summary_lines(
        {**SUCCEEDED, "Status": "REJECTED", "Error": {"Type": "JobRejected", "Message": message}}
    )

    assert [(label, value) for label, value, _style in lines if label in ("Error", "Try")] == shown
