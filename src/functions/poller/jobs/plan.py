"""A job's plan: ranges of pages whose number is known, or walks whose next page is in the last answer.

A plan is a few numbers. Every task follows from them and its index, so nothing else needs to be stored. Only where a
task ends before its planned end, its row says so, and another goes on there: because of a page that does not come, or
because it has enough for one task on its way to where the API's data end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Task:
    """`pages` consecutive pages from `first_page` (0 is the first); if `is_open`, and those behind them.

    `after` is the task of the same walk whose row says how its first page is asked for, "" for a task that begins one.
    """

    task_id: str
    first_page: int
    pages: int
    is_open: bool = False
    after: str = ""

    def up_to(self, end: int | None) -> "Task":
        """This task, if another one begins at the page `end` (None: none does)."""
        return self if end is None else replace(self, pages=end - self.first_page, is_open=False)


@dataclass(frozen=True, slots=True)
class Ranges:
    """`pages` pages of `page_size` records, cut into tasks that run in parallel.

    `is_open`: how many pages there are is the API's word, and the last task sees whether there are more.
    """

    pages: int
    pages_per_task: int
    page_size: int
    is_open: bool = False

    def __len__(self) -> int:
        """Tasks."""
        return (self.pages + self.pages_per_task - 1) // self.pages_per_task

    def __iter__(self) -> Iterator[Task]:
        return map(self.task_at, range(len(self)))

    def task_at(self, index: int) -> Task:
        first = index * self.pages_per_task
        is_last = index == len(self) - 1
        return Task(_task_id(index), first, min(self.pages_per_task, self.pages - first), is_last and self.is_open)

    def task_behind(self, task_id: str, first_page: int) -> Task:
        """The task that goes on at `first_page`, where `task_id` ends: up to the end of the planned one of both."""
        planned = self.task_at(_index(task_id))
        pages = max(0, planned.first_page + planned.pages - first_page)
        return Task(f"{planned.task_id}p{first_page:08d}", first_page, pages, planned.is_open)

    def first_page(self, task_id: str) -> int:
        """The index of a task's first page, from its id."""
        _, _, page = task_id.partition("p")
        return int(page) if page else _index(task_id) * self.pages_per_task


@dataclass(frozen=True, slots=True)
class Walks:
    """`chains` chains of pages. How far each goes shows only at its end: where one task has enough, another goes on."""

    chains: int

    def __len__(self) -> int:
        """Tasks."""
        return self.chains

    def __iter__(self) -> Iterator[Task]:
        return (Task(f"w{index:08d}", 0, 0) for index in range(self.chains))

    def task_behind(self, task_id: str, first_page: int) -> Task:
        """The task that goes on at `first_page`, where `task_id` ends."""
        return Task(f"{task_id.partition('p')[0]}p{first_page:08d}", first_page, 0, after=task_id)

    def first_page(self, task_id: str) -> int:
        """The index of a task's first page in its chain, from its id."""
        return int(task_id.partition("p")[2] or 0)


Plan = Ranges | Walks


def _task_id(index: int) -> str:
    return f"t{index:08d}"


def _index(task_id: str) -> int:
    """Of the planned task that `task_id` is, or goes on from."""
    return int(task_id[1:].partition("p")[0])
