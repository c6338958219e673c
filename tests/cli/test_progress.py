import io

from rich.console import Console

from poller_local.progress import progress_bar, progress_lines
from tests.support.fake_api import SUCCEEDED, summary


def test_no_bar_outside_a_terminal():
    console = Console(file=io.StringIO())

    with progress_bar(console) as draw:
        draw(SUCCEEDED)

    assert console.file.getvalue() == ""


def test_lines_instead_of_a_bar_come_now_and_then():
    console = Console(file=io.StringIO(), width=1000)
    running = summary("RUNNING", Total=12, TotalIsFinal=True, SuccessfullyCompleted=3, RecordsExpected=1200)

    with progress_lines(console) as write:
        write(running)
        write(running)
        write(SUCCEEDED)

    assert console.file.getvalue() == "RUNNING: tasks 3 of 12, records 0 of 1,200\n"


def test_a_bar_pulses_until_the_total_is_final():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)

    with progress_bar(console) as draw:
        draw(summary("RUNNING", Total=2))
        draw(summary("RUNNING", Total=4, TotalIsFinal=True, SuccessfullyCompleted=1, FailedToComplete=1))

    assert "tasks 2 of 4" in console.file.getvalue()
