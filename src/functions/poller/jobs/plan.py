"""A job's plan: ranges of pages whose number is known, or walks whose next page is in the last answer; or partitions,
each of which has such a plan of its own.

A plan is a few numbers. Every task follows from them and its index, so nothing else needs to be stored. Only where a
task ends before its planned end, its row says so, and another goes on there: because of a page that does not come, or
because it has enough for one task on its way to where the API's data end.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

from poller.partitions.values import Values

MAX_HALVINGS = 30
"""Of one window: each makes the ids of its tasks longer, and they have 64 characters."""
_PARTITION = re.compile(r"k[0-9]{8}[ab]*")


@dataclass(frozen=True, slots=True)
class Task:
    """`pages` consecutive pages from `first_page` (0 is the first); if `is_open`, and those behind them.

    `after` is the task of the same walk whose row says how its first page is asked for, "" for a task that begins one.
    `partition` has the values of the partition that its pages are of, None where the job has none.
    """

    task_id: str
    first_page: int
    pages: int
    is_open: bool = False
    after: str = ""
    partition: Values | None = None

    def up_to(self, end: int | None) -> "Task":
        """This task, if another one begins at the page `end` (None: none does)."""
        return self if end is None else replace(self, pages=end - self.first_page, is_open=False)

    def within(self, partition: Values | None) -> "Task":
        """This task, in the partition with these values."""
        return replace(self, partition=partition)


@dataclass(frozen=True, slots=True)
class Ranges:
    """`pages` pages of `page_size` records, cut into tasks that run in parallel.

    `is_open`: how many pages there are is the API's word, and the last task sees whether there are more. `prefix` is
    the id of the partition whose plan this is, and of its first task, "" for the plan of a whole job.
    """

    pages: int
    pages_per_task: int
    page_size: int
    is_open: bool = False
    prefix: str = ""

    def __len__(self) -> int:
        """Tasks."""
        return (self.pages + self.pages_per_task - 1) // self.pages_per_task

    def __iter__(self) -> Iterator[Task]:
        return map(self.task_at, range(len(self)))

    def task_at(self, index: int) -> Task:
        first = index * self.pages_per_task
        is_last = index == len(self) - 1
        return Task(self._id(index), first, min(self.pages_per_task, self.pages - first), is_last and self.is_open)

    def task_behind(self, task_id: str, first_page: int) -> Task:
        """The task that goes on at `first_page`, where `task_id` ends: up to the end of the planned one of both."""
        planned = self.task_at(self._index(task_id))
        pages = max(0, planned.first_page + planned.pages - first_page)
        return Task(f"{planned.task_id}p{first_page:08d}", first_page, pages, planned.is_open)

    def first_page(self, task_id: str) -> int:
        """The index of a task's first page, from its id."""
        _, _, page = task_id.partition("p")
        return int(page) if page else self._index(task_id) * self.pages_per_task

    def _id(self, index: int) -> str:
        return f"{self.prefix}t{index:08d}" if index or not self.prefix else self.prefix

    def _index(self, task_id: str) -> int:
        """Of the planned task that `task_id` is, or goes on from."""
        return int(task_id.removeprefix(self.prefix).partition("p")[0][1:] or 0)


@dataclass(frozen=True, slots=True)
class Walks:
    """`chains` chains of pages. How far each goes shows only at its end: where one task has enough, another goes on.

    `prefix` is the id of the partition whose only chain this is, and of its first task.
    """

    chains: int
    prefix: str = ""

    def __len__(self) -> int:
        """Tasks."""
        return self.chains

    def __iter__(self) -> Iterator[Task]:
        return (Task(self.prefix or f"w{index:08d}", 0, 0) for index in range(self.chains))

    def task_behind(self, task_id: str, first_page: int) -> Task:
        """The task that goes on at `first_page`, where `task_id` ends."""
        return Task(f"{task_id.partition('p')[0]}p{first_page:08d}", first_page, 0, after=task_id)

    def first_page(self, task_id: str) -> int:
        """The index of a task's first page in its chain, from its id."""
        return int(task_id.partition("p")[2] or 0)


@dataclass(frozen=True, slots=True)
class Partitions:
    """`count` partitions, whose plans are made when their first pages come: a row of the first task of each has it.

    `bundle` tasks are one child's. `samples` are the values of a few partitions, which tell how the API is.
    """

    count: int
    bundle: int
    samples: tuple[Values, ...] = ()

    def __len__(self) -> int:
        """Tasks, as far as they are known before a page of them has come."""
        return self.count


Plan = Ranges | Walks | Partitions
PartPlan = Ranges | Walks
"""The plan of a job without partitions, or of one partition."""


def numbers_of(plan: Plan) -> dict[str, int]:
    """What a plan's numbers are, for a log, where values of partitions have no place."""
    return {name: value for name, value in asdict(plan).items() if isinstance(value, int)}


def partition_id(index: int) -> str:
    """Of a partition, and of its first task."""
    return f"k{index:08d}"


def halved(task_id: str, halves: Iterable[Values]) -> Iterator[Task]:
    """The first tasks of the halves that a partition's window is read in. Their ids are in the order of the window."""
    return (Task(task_id + letter, 0, 0, partition=values) for letter, values in zip("ab", halves, strict=True))


def partition_of(task_id: str) -> str:
    """The id of the partition that a task is of; "" where it is of none."""
    found = _PARTITION.match(task_id)
    return found[0] if found else ""
