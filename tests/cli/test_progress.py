import io
from typing import Any

import pytest
from rich.console import Console

from poller_local.progress import job_progress
from tests.support.fake_api import SUCCEEDED, FakeTime, summary

RUNNING = summary("RUNNING", Total=12, TotalIsFinal=True, SuccessfullyCompleted=3, RecordsExpected=1200)
COUNTED = {**RUNNING, "PagesArrived": 640, "PagesPlanned": 1000, "RecordsReceived": 640}


def written(*shown: tuple[float, dict[str, Any]]) -> str:
    """What stands in a file after summaries were shown, each so many seconds after the one before."""
    console, time = Console(file=io.StringIO(), width=1000), FakeTime()
    with job_progress(console, time.clock) as show:
        for seconds, job in shown:
            time.sleep(seconds)
            show(job)
    return console.file.getvalue()


def drawn(*shown: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with job_progress(console) as show:
        for job in shown:
            show(job)
    return console.file.getvalue()


def test_a_short_job_writes_no_line():
    assert written((1, RUNNING), (3.9, RUNNING), (60, SUCCEEDED)) == ""


def test_lines_instead_of_a_bar_come_every_five_seconds():
    line = "RUNNING: tasks 3 of 12, records 0 of 1,200\n"

    assert written((5, RUNNING), (4, RUNNING), (1, RUNNING), (9, SUCCEEDED)) == 2 * line


def test_a_bar_pulses_until_the_total_is_final():
    bar = drawn(
        summary("RUNNING", Total=2),
        summary("RUNNING", Total=4, TotalIsFinal=True, SuccessfullyCompleted=1, FailedToComplete=1),
    )

    assert "tasks 2 of 4" in bar


def test_a_bar_counts_pages_as_they_arrive():
    bar = drawn({**COUNTED, "SuccessfullyCompleted": 0})

    assert "pages 640 of 1,000, records 640 of 1,200" in bar
    assert "━" in bar


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"Requests": 652, "Retried": 12, "WaitedSeconds": 3},
            "pages 640 of 1,000, records 640 of 1,200, 652 requests, 12 retried, waited 3 s",
        ),
        ({"Requests": 640}, "pages 640 of 1,000, records 640 of 1,200, 640 requests"),
        ({"PagesPlanned": None, "Requests": 1}, "pages 640, records 640 of 1,200, 1 request"),
        ({"PagesArrived": 1002}, "pages 1,002 of 1,000, records 640 of 1,200"),
    ],
)
def test_what_requests_met_is_shown(fields: dict[str, Any], words: str):
    assert written((5, {**COUNTED, **fields})) == f"RUNNING: {words}\n"
