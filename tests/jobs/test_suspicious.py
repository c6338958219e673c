"""Which tasks a redrive runs again."""

from dataclasses import replace

import pytest

from poller.errors import ErrorType, Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import JobStatus, TaskRow, TaskState
from poller.jobs.plan import Ranges
from poller.jobs.suspicious import ended_suspiciously, in_words, suspects
from tests.support.builders import job

REFUSED = DataEnd(EndKind.REFUSED, "page 4: 403")


def done(number: int, **fields: object) -> TaskRow:
    return TaskRow(f"t{number:08d}", TaskState.COMPLETE, **{"pages": 1, "records": 100, **fields})  # type: ignore[arg-type]


def asked(rows: list[TaskRow], error: ErrorType | str | None) -> list[str]:
    found = suspects(job(), rows, Reason(error, "") if error else None)
    return [suspect.row.task_id for suspect in found]


def test_failed_tasks_are_the_ones_whatever_else_there_is() -> None:
    rows = [done(0, short_page=0), TaskRow("t00000001", TaskState.FAILED), done(2)]

    assert asked(rows, None) == ["t00000001"]
    assert asked(rows, ErrorType.TOTALS_DISAGREE) == ["t00000001"]


def test_a_job_without_failures_and_reason_asks_for_nothing() -> None:
    assert asked([done(0), done(1)], None) == []
    assert in_words([]) == "no task is to be run again; the job is judged anew"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ErrorType.TOTALS_DISAGREE, ["t00000001", "t00000004"]),
        (ErrorType.END_NOT_SEEN, ["t00000004"]),
        (ErrorType.PAGES_OVERLAP, ["t00000000", "t00000001"]),
        (ErrorType.PAGINATION_LOOP, ["t00000002", "t00000003"]),
        ("RecordsRepeat", [f"t{number:08d}" for number in range(5)]),
    ],
)
def test_the_tasks_that_the_reason_speaks_of(error: ErrorType | str, expected: list[str]) -> None:
    rows = [
        done(0),
        done(1, short_page=1, short_pages=1),
        done(2, last_digest="a"),
        done(3, first_digest="a"),
        done(4, end=REFUSED),
    ]

    assert asked(rows, error) == expected


def test_where_nothing_narrower_can_be_said_it_is_all() -> None:
    rows = [done(0), done(1)]

    assert asked(rows, ErrorType.TOTALS_DISAGREE) == ["t00000000", "t00000001"]


def test_tasks_that_go_on_from_one_are_left_alone() -> None:
    rows = [done(8), done(9, short_page=9, goes_on_at=110), replace(done(9), task_id="t00000009p00000110", end=REFUSED)]

    assert asked(rows, ErrorType.TOTALS_DISAGREE) == ["t00000009", "t00000009p00000110"]
    assert asked(rows, ErrorType.END_NOT_SEEN) == ["t00000009p00000110"]


def test_what_is_asked_is_said_with_its_pages() -> None:
    planned = job(plan=Ranges(pages=25, pages_per_task=10, page_size=100))
    rows = [TaskRow("t00000000", TaskState.FAILED), TaskRow("t00000002", TaskState.FAILED)]

    assert in_words(suspects(planned, rows, None)) == "2 tasks with 15 pages would be run again"


def test_a_task_that_was_cut_is_asked_for_up_to_where_the_next_begins() -> None:
    planned = job(plan=Ranges(pages=25, pages_per_task=10, page_size=100))
    rows = [
        TaskRow("t00000000", TaskState.FAILED, goes_on_at=3),
        TaskRow("t00000000p00000003", TaskState.FAILED, goes_on_at=4),
        TaskRow("t00000000p00000004", TaskState.FAILED),
    ]

    assert [suspect.pages for suspect in suspects(planned, rows, None)] == [3, 1, 6]


@pytest.mark.parametrize(
    ("status", "error", "is_so"),
    [
        (JobStatus.PARTIAL, ErrorType.TOTALS_DISAGREE, True),
        (JobStatus.PARTIAL, ErrorType.TASKS_FAILED, False),
        (JobStatus.CANCELLED, ErrorType.CANCELLED, False),
    ],
)
def test_only_a_partial_job_without_failures_has_suspects(status: JobStatus, error: ErrorType, is_so: bool) -> None:
    assert (ended_suspiciously(job(status=status, error=Reason(error, ""))) is not None) == is_so
