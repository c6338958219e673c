"""The task store under everything at once: duplicates, late writes, conflicts, throttles, redrives, cancels.

The invariant: the counters always equal a recount of the rows, and a task's state only goes forward, unless a
redrive takes it back. A row's numbers are always those of the raw object or the part that it names.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from poller.aws.dynamodb import Table, plain
from poller.errors import Reason, RetriablePollerError
from poller.jobs import rows, task_rows, task_state
from poller.jobs.job_store import JobStore
from poller.jobs.model import Counts, Job, JobStatus, TaskRow, TaskState
from poller.jobs.owner import Owner
from poller.jobs.task_store import TaskStore
from tests.support.faulty import cancelled
from tests.support.quick_moto import quick_moto
from tests.support.template import resources

STEPS = 3000  # of which two thousand do something: some find nothing to repeat
LEAST = 40
fired: Counter[str] = Counter()
PENDING = (0, 0)
TASKS = st.sampled_from([f"t{n:08d}" for n in range(4)])
SIZES = st.integers(1, 100)


def fetched(task: str, state: TaskState, pages: int, size: int, end: int | None = None) -> TaskRow:
    """A row that names a part while it is STARTED, a raw object later, and what it became when it is COMPLETE."""
    name = f"{pages}-{size}"
    where = {"part": name} if state is TaskState.STARTED else {"raw": name}
    sha256 = "x" if state is TaskState.COMPLETE else ""
    return TaskRow(task, state, pages=pages, records=size, bytes=size * 10, goes_on_at=end, sha256=sha256, **where)


def reach(row: TaskRow) -> tuple[int, int]:
    """How far a task is."""
    return row.state.rank, row.pages if row.state is TaskState.STARTED else 0


class Faulty:
    """A DynamoDB client whose next transactions go wrong in the ways that are queued."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.faults: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        fault = self.faults.pop(0) if self.faults else None
        if callable(fault):
            fault()  # another writer, between the read and this commit
        elif fault == "lost":
            self._client.transact_write_items(**request)
            raise cancelled("None", "TransactionConflict")  # it was done; the caller is told otherwise
        elif fault is not None:
            raise fault
        return self._client.transact_write_items(**request)


class TaskStoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.aws = quick_moto()
        self.aws.__enter__()
        client = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        table = resources("AWS::DynamoDB::Table")["PollerTasksTable"]["Properties"]
        shape = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        client.create_table(TableName="tasks", **{key: table[key] for key in shape})
        self.client = Faulty(client)
        self.store = TaskStore(Table(self.client, "tasks", sleep=lambda _: None))
        self.other = TaskStore(Table(client, "tasks", sleep=lambda _: None))
        self.jobs = JobStore(Table(client, "tasks"))
        self.job = self.jobs.claim(
            Job("job", "n", JobStatus.RUNNING, Owner("arn"), datetime(2026, 1, 1, tzinfo=UTC), 2_000_000_000)
        )
        self.rank: dict[str, tuple[int, int]] = {}
        self.ends: dict[str, int] = {}
        self.history: list[tuple[TaskRow, frozenset[TaskState]]] = []

    def teardown(self) -> None:
        self.aws.__exit__(None, None, None)

    def advance(self, name: str, change: TaskRow, only_from: frozenset[TaskState] = frozenset(TaskState)) -> TaskRow:
        fired[name] += 1
        self.history.append((change, only_from))
        row = self.store.transition(self.job, change, only_from)
        assert reach(row) >= self.rank.get(row.task_id, PENDING), "a task went back"
        return row

    @rule(task=TASKS)
    def start(self, task: str) -> None:
        self.advance("start", TaskRow(task, TaskState.STARTED))

    @rule(task=TASKS, pages=st.integers(1, 5), size=SIZES)
    def save_part(self, task: str, pages: int, size: int) -> None:
        self.advance("save_part", fetched(task, TaskState.STARTED, pages, size))

    @rule(task=TASKS, end=st.integers(1, 3), size=SIZES, came=st.booleans())
    def cut(self, task: str, end: int, size: int, came: bool) -> None:
        """Another task begins at the page `end`: what `came` before it is there, or is its one page and does not."""
        saved, aside = fetched(task, TaskState.PAYLOAD_SAVED, end, size, end), TaskRow(task, TaskState.STARTED)
        self.advance("cut", saved if came else replace(aside, goes_on_at=1))

    @rule(task=TASKS, size=SIZES)
    def save_payload(self, task: str, size: int) -> None:
        self.advance("save_payload", fetched(task, TaskState.PAYLOAD_SAVED, 6, size))

    @rule(task=TASKS)
    def enqueue(self, task: str) -> None:
        self.advance("enqueue", TaskRow(task, TaskState.ENQUEUED))

    @rule(task=TASKS)
    def complete(self, task: str) -> None:
        row = self.advance("complete", TaskRow(task, TaskState.COMPLETE, sha256="x"))
        assert row.state is TaskState.COMPLETE

    @rule(task=TASKS)
    def fail_fetching(self, task: str) -> None:
        before = self.store.task("job", task)
        error = Reason("UpstreamRefused", "404")
        row = self.advance("fail_fetching", TaskRow(task, TaskState.FAILED, error=error), task_state.FETCHING_MAY_FAIL)
        if before and before.state is not TaskState.STARTED:
            assert row == before, "a fetch that failed late was not overtaken"

    @rule(task=TASKS)
    def fail_processing(self, task: str) -> None:
        error = Reason("ProcessingFailed", "gone")
        failed = TaskRow(task, TaskState.FAILED, error=error)
        row = self.advance("fail_processing", failed, task_state.PROCESSING_MAY_FAIL)
        assert row.state.rank >= TaskState.FAILED.rank

    @rule(data=st.data())
    def repeat_any_earlier_write(self, data: st.DataObject) -> None:
        if self.history:
            change, only_from = data.draw(st.sampled_from(self.history))
            self.advance("repeat_any_earlier_write", change, only_from)

    @rule()
    def repeat_the_last_write(self) -> None:
        if self.history:
            before = self.counts()
            change, only_from = self.history[-1]
            self.advance("repeat_the_last_write", change, only_from)
            moved_since = self.rank.get(change.task_id, PENDING) < reach(change)
            assert moved_since or self.counts() == before, "a duplicate was counted"

    @rule(task=TASKS, state=st.sampled_from(TaskState), size=SIZES, cut=st.booleans())
    def lose_a_race(self, task: str, state: TaskState, size: int, cut: bool) -> None:
        """To a rival that is as far, or that `cut` the task of which all has come here."""
        rival = TaskRow(task, TaskState.STARTED, goes_on_at=1) if cut else fetched(task, state, 1, size)
        mine = fetched(task, TaskState.PAYLOAD_SAVED, 6, size) if cut else TaskRow(task, TaskState.ENQUEUED)
        self.client.faults.append(lambda: self.other.transition(self.job, rival))
        self.advance("lose_a_race", mine)
        self.client.faults.clear()

    @rule(
        task=TASKS, fault=st.sampled_from(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
    )
    def meet_a_busy_table(self, task: str, fault: str) -> None:
        self.client.faults += [cancelled("None", fault)] * 5
        self.advance("meet_a_busy_table", fetched(task, TaskState.PAYLOAD_SAVED, 6, 7))
        self.client.faults.clear()

    @rule(task=TASKS)
    def lose_the_answer(self, task: str) -> None:
        self.client.faults.append("lost")
        self.advance("lose_the_answer", TaskRow(task, TaskState.ENQUEUED))
        self.client.faults.clear()

    @rule(task=TASKS)
    def find_the_table_throttled_for_good(self, task: str) -> None:
        fired["find_the_table_throttled_for_good"] += 1
        before = self.store.task("job", task)
        self.client.faults += [cancelled("ThrottlingError", "None")] * 20
        try:
            row = self.store.transition(self.job, TaskRow(task, TaskState.COMPLETE))
            assert row == before, "nothing could be written, yet something was"
        except RetriablePollerError:
            assert self.store.task("job", task) == before
        self.client.faults.clear()

    @rule(task=TASKS, state=st.sampled_from([TaskState.FAILED, TaskState.COMPLETE]), flag=st.booleans())
    def redrive(self, task: str, state: TaskState, flag: bool) -> None:
        """`flag`: a failed task's raw pages are there, or a complete one is not the one that was seen."""
        fired["redrive"] += 1
        before = self.store.task("job", task)
        saved, is_another = flag and state is TaskState.FAILED, flag and state is TaskState.COMPLETE
        self.store.reset(self.job, TaskRow(task, state, sha256="y" if is_another else "x"), saved)
        after = self.store.task("job", task)
        if before is None or before.state is not state or is_another:
            assert after == before, "a redrive took back what was not as it had seen it"
        else:
            again = TaskState.STARTED if before.goes_on_at else None
            assert (after.state if after else None) is (TaskState.PAYLOAD_SAVED if saved else again)
            self.rank[task] = reach(after) if after else PENDING

    @rule()
    def cancel(self) -> None:
        fired["cancel"] += 1
        for task in (f"t{n:08d}" for n in range(4)):
            failed = TaskRow(task, TaskState.FAILED, error=Reason("Cancelled", ""))
            self.store.transition(self.job, failed, task_state.PROCESSING_MAY_FAIL)
        counts = self.counts()
        assert counts.finished == 4

    @invariant()
    def counters_equal_a_recount(self) -> None:
        items = [plain(item) for item in self.client.scan(TableName="tasks", ConsistentRead=True)["Items"]]
        counted, recount = Counts(), Counts()
        for item in items:
            if item["TaskId"] == task_rows.COUNT:
                counted = task_state.add_counts(counted, task_rows.to_counts(item))
            elif item["TaskId"] != rows.JOB:
                row = task_rows.to_task(item)
                recount = task_state.add_counts(recount, task_state.count_changes(None, row))
                assert reach(row) >= self.rank.get(row.task_id, PENDING), "a task went back"
                self.rank[row.task_id] = reach(row)
                if row.goes_on_at is not None:
                    self.ends.setdefault(row.task_id, row.goes_on_at)
                    assert row.pages <= row.goes_on_at, "it has pages of the task behind it"
                assert row.goes_on_at == self.ends.get(row.task_id), "others have begun where it ended"
                named = row.raw or row.part
                assert (named or "0-0") == f"{row.pages}-{row.bytes // 10}", "the numbers are another raw object's"
                assert not (row.raw and row.part)
        assert counted == recount

    def counts(self) -> Counts:
        found = self.jobs.snapshot("job")
        assert found is not None
        return found[1]


def test_the_store_keeps_its_books_over_thousands_of_steps() -> None:
    fired.clear()
    run_state_machine_as_test(
        TaskStoreMachine,
        settings=settings(
            max_examples=STEPS // 50,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    rules = {name for name, value in vars(TaskStoreMachine).items() if hasattr(value, "hypothesis_stateful_rule")}
    assert {name: fired[name] for name in rules if fired[name] < LEAST} == {}
    assert sum(fired.values()) >= 2000
