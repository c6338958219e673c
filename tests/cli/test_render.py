import io

import pytest
from rich.console import Console

from poller_local import render

from .conftest import SUCCEEDED, summary


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (5 * 10**12, "5.0 TB")],
)  # fmt: skip
def test_sizes(size: int, text: str):
    assert render.format_size(size) == text


def test_a_total_that_is_not_final_is_not_shown():
    running = summary("RUNNING", Total=12, SuccessfullyCompleted=3, RecordsReceived=300)

    lines = {label: value for label, value, _style in render.summary_lines(running)}

    assert lines["Tasks"] == "3 of ? complete"
    assert lines["Records"] == "300"


def test_no_bar_outside_a_terminal():
    console = Console(file=io.StringIO())

    with render.progress_bar(console) as draw:
        draw(SUCCEEDED)

    assert console.file.getvalue() == ""


def test_lines_instead_of_a_bar_come_now_and_then():
    console = Console(file=io.StringIO(), width=1000)
    running = summary("RUNNING", Total=12, TotalIsFinal=True, SuccessfullyCompleted=3, RecordsExpected=1200)

    with render.progress_lines(console) as write:
        write(running)
        write(running)
        write(SUCCEEDED)

    assert console.file.getvalue() == "RUNNING: 3 of 12 tasks, 0 of 1,200 records\n"


def test_a_bar_pulses_until_the_total_is_final():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)

    with render.progress_bar(console) as draw:
        draw(summary("RUNNING", Total=2))
        draw(summary("RUNNING", Total=4, TotalIsFinal=True, SuccessfullyCompleted=1, FailedToComplete=1))

    assert "2 of 4 tasks" in console.file.getvalue()
