"""Plans of partitions: ids, bundles, what is known of them, and how they are judged."""

from dataclasses import replace
from typing import Any

import pytest

from poller.aws.dynamodb import plain, typed
from poller.errors import ErrorType, Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.judge import judge
from poller.jobs.known_tasks import known_tasks
from poller.jobs.model import Counts, Job, JobStatus, TaskRow, TaskState
from poller.jobs.opening import Opening, read_opening, write_opening
from poller.jobs.partition_planning import first_tasks, shares
from poller.jobs.plan import Partitions, Ranges, Task, Walks, partition_of
from poller.jobs.rows import from_job, to_job
from poller.jobs.suspicious import suspects
from poller.jobs.task_rows import from_task, to_task
from poller.jobs.task_state import add_counts, count_changes, reset, transition
from poller.jobs.uniqueness import Uniqueness
from poller.paging.paginators import Cursor, Offset
from poller.partitions.listed import ListPartition
from tests.support.builders import NOW, job, spec

SEEN = DataEnd(EndKind.SEEN, "page 2 is empty")
SPEC = spec(url="https://a.example/{n}", partitions=(ListPartition("n", ("a", "b", 3)),))


def parted(count: int = 3, bundle: int = 2) -> Job:
    return job(spec=SPEC, plan=Partitions(count, bundle, ({"n": "a"}, {"n": "b"})))


def opening(part: str, pages: int = 1, records: int | None = 2) -> Opening:
    plan = Ranges(pages, 1, 2, is_open=True, prefix=part)
    return Opening(plan, records, is_declared=True, digest="d", data_selector="rows", paginator=Offset(limit=2))


def complete(task_id: str, n: Any, **more: Any) -> TaskRow:
    usual = {"pages": 1, "records": 2, "sha256": "s", "end": SEEN, "partition": {"n": n}}
    return TaskRow(task_id, TaskState.COMPLETE, **{**usual, **more})


def of(*rows: TaskRow) -> Counts:
    counts = Counts()
    for row in rows:
        counts = add_counts(counts, count_changes(None, row))
    return counts


def judged(*rows: TaskRow, uniqueness: Uniqueness | None = None, count: int = 3) -> Any:
    counts = of(*rows)
    return judge(parted(count), counts, rows, uniqueness or Uniqueness(counts.records, 0, counts.records))


WHOLE = (
    complete("k00000000", "a", opening=opening("k00000000")),
    complete("k00000001", "b", opening=opening("k00000001")),
    complete("k00000002", 3, opening=opening("k00000002")),
)


@pytest.mark.parametrize(
    ("task_id", "partition"),
    [("k00000012", "k00000012"), ("k00000012t00000003p00000007", "k00000012"), ("k00000012p00000003", "k00000012"),
     ("k00000012abt00000003", "k00000012ab"), ("t00000001", ""), ("w00000000p00000001", "")],
)  # fmt: skip
def test_an_id_tells_its_partition(task_id: str, partition: str) -> None:
    assert partition_of(task_id) == partition


def test_ids_of_a_partition_s_plan_are_in_the_order_of_its_pages() -> None:
    ranges, walk = Ranges(7, 3, 10, is_open=True, prefix="k00000004"), Walks(1, "k00000004")

    ids = [task.task_id for task in ranges]

    assert ids == ["k00000004", "k00000004t00000001", "k00000004t00000002"]
    assert [ranges.first_page(task_id) for task_id in ids] == [0, 3, 6]
    cut, behind = ranges.task_behind("k00000004", 2), ranges.task_behind("k00000004t00000001", 5)
    assert (cut, behind) == (Task("k00000004p00000002", 2, 1), Task("k00000004t00000001p00000005", 5, 1))
    assert sorted([*ids, cut.task_id, behind.task_id]) == [
        "k00000004", "k00000004p00000002", "k00000004t00000001", "k00000004t00000001p00000005", "k00000004t00000002",
    ]  # fmt: skip
    assert ranges.first_page("k00000004t00000001p00000005") == 5
    assert [task.task_id for task in walk] == ["k00000004"]
    assert walk.task_behind("k00000004p00000100", 200) == Task("k00000004p00000200", 200, 0, after="k00000004p00000100")


@pytest.mark.parametrize(
    ("count", "concurrency", "seconds", "expected"),
    [
        (3, 10, 0.05, (5, 2, 2)),  # each of the ten requests in flight has a partition, if there are so many
        (100, 10, 0.05, (5, 2, 7)),
        (10_000, 10, 0.05, (5, 2, 25)),
        (1, 10, 0.05, (5, 2, 1)),
        (10_000, 1, 3.0, (1, 1, 25)),
    ],
)
def test_small_partitions_share_a_worker(
    count: int, concurrency: int, seconds: float, expected: tuple[int, int, int]
) -> None:
    assert shares(count, concurrency, seconds) == expected


def test_the_first_tasks_are_one_a_partition() -> None:
    assert list(first_tasks(SPEC, NOW)) == [
        Task("k00000000", 0, 0, partition={"n": "a"}),
        Task("k00000001", 0, 0, partition={"n": "b"}),
        Task("k00000002", 0, 0, partition={"n": 3}),
    ]


def test_what_a_partition_holds_is_known_from_the_row_of_its_first_task() -> None:
    rows = [
        complete("k00000001", "b", opening=opening("k00000001", pages=3), goes_on_at=None, end=None),
        TaskRow("k00000001t00000001", TaskState.STARTED, partition={"n": "b"}),
        TaskRow("k00000002", TaskState.FAILED, partition={"n": 3}),
    ]

    known = list(known_tasks(parted(), rows, first_tasks(SPEC, NOW)))

    assert known == [
        Task("k00000000", 0, 0, partition={"n": "a"}),
        Task("k00000001", 0, 1, partition={"n": "b"}),
        Task("k00000001t00000001", 1, 1, partition={"n": "b"}),
        Task("k00000001t00000002", 2, 1, is_open=True, partition={"n": "b"}),
        Task("k00000002", 0, 0, partition={"n": 3}),
    ]
    assert parted().total(of(*rows)) == 5


def test_an_opening_is_said_once_and_stays() -> None:
    begun = TaskRow("k00000001", TaskState.STARTED, partition={"n": "b"})
    first, second = (replace(begun, opening=opening("k00000001", pages)) for pages in (2, 3))

    opened = transition(begun, first)

    assert opened == first
    assert transition(opened, second) is None
    saved = transition(opened, TaskRow("k00000001", TaskState.PAYLOAD_SAVED, raw="r", opening=second.opening))
    assert saved is not None
    assert (saved.opening, saved.partition) == (first.opening, {"n": "b"})
    assert reset(replace(saved, state=TaskState.FAILED), saved=False) == first
    assert count_changes(begun, opened) == {"behind": 1}


@pytest.mark.parametrize("plan", [Ranges(3, 2, 10, is_open=True, prefix="k00000001"), Walks(1, "k00000001")])
def test_an_opening_comes_back_as_it_was_written(plan: Any) -> None:
    known = Opening(plan, None, False, "", None, Cursor("next", cursor_param="c"))
    row = TaskRow("k00000001", TaskState.STARTED, partition={"n": 1.5, "of": True}, opening=known)

    assert read_opening(write_opening(known)) == known
    assert to_task(plain(typed(from_task(row)))) == row
    assert to_job(plain(typed(from_job(parted())))) == parted()


def test_a_job_is_whole_where_each_partition_is() -> None:
    end, proof = judged(*WHOLE)

    assert (end.status, end.error, end.notice) == (JobStatus.SUCCEEDED, None, None)
    assert proof.as_dict() == {
        "End": "seen", "EndSaid": "in 3 of 3 partitions", "Distinct": 6, "Repeated": 0, "NotShown": None, "Key": None,
        "Moved": None, "Mended": 0, "Partitions": {"Total": 3, "Whole": 3},
    }  # fmt: skip


def test_a_partition_that_has_not_begun_is_not_whole() -> None:
    end, proof = judged(*WHOLE[:2])

    assert (end.status, proof.whole, proof.partitions) == (JobStatus.PARTIAL, 2, 3)
    assert end.error == Reason(ErrorType.NO_PROGRESS, "1 of 3 partitions are not whole; it has not begun")


@pytest.mark.parametrize("short", [0, 1, 2])
def test_one_partition_with_too_few_records_is_named(short: int) -> None:
    rows = [replace(row, records=1) if place == short else row for place, row in enumerate(WHOLE)]

    end, _ = judged(*rows)

    value = ("a", "b", "3")[short]
    assert (end.status, end.error.type) == (JobStatus.PARTIAL, ErrorType.TOTALS_DISAGREE)
    message = f"1 of 3 partitions are not whole; the first, n={value}: the API declared 2 records and sent 1"
    assert end.error.message == message
    assert [s.row.task_id for s in suspects(parted(), rows, end.error)] == [f"k0000000{short}"]


def test_more_in_one_partition_does_not_make_up_for_less_in_another() -> None:
    rows = [replace(WHOLE[0], records=1), replace(WHOLE[1], records=3), WHOLE[2]]

    assert judged(*rows)[0].status is JobStatus.PARTIAL


def test_failed_tasks_are_told_with_their_partition() -> None:
    why = Reason("UpstreamRefused", "no", 0)
    rows = [WHOLE[0], TaskRow("k00000001", TaskState.FAILED, error=why, lost=1, partition={"n": "b"}), WHOLE[2]]

    end, _ = judged(*rows)

    assert end.error.type == ErrorType.TASKS_FAILED
    assert end.error.message == "1 of 3 tasks failed, and 1 of 3 partitions are not whole; the first, n=b: no"
    nothing, _ = judged(*(replace(rows[1], task_id=f"k0000000{n}") for n in range(3)))
    assert nothing.status is JobStatus.FAILED


def test_a_repeated_record_without_a_key_is_a_notice_and_a_shared_one_too() -> None:
    repeated = judged(*WHOLE, uniqueness=Uniqueness(6, 0, 5, tasks=("k00000001",)))[0]
    shared = judged(*WHOLE, uniqueness=Uniqueness(6, 0, 6, shared=2))[0]

    assert (repeated.status, repeated.notice.type) == (JobStatus.SUCCEEDED, ErrorType.RECORDS_REPEAT)
    assert shared.notice.message.startswith("2 records came in one partition and in another one before; the dataset")


def test_a_check_that_came_to_no_end_is_a_notice() -> None:
    end, _ = judged(*WHOLE, uniqueness=Uniqueness(6, 0, not_shown="no time"))

    assert (end.status, end.notice.type) == (JobStatus.SUCCEEDED, ErrorType.NOT_SHOWN)
