"""A job's plan: ranges of pages whose number is known, or walks whose next page is in the last answer.

A plan is a few numbers. Every task follows from them and its index, so nothing else needs to be stored. Only what lies
behind the planned pages is told by rows: the last task goes on to where the API's data end, and where it has enough for
one task, its row says at which page the next one begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """`pages` consecutive pages from `first_page` (0 is the first); if `is_open`, and those behind them."""

    task_id: str
    first_page: int
    pages: int
    is_open: bool = False


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

    @property
    def last_task_id(self) -> str:
        """Of the planned tasks."""
        return _task_id(len(self) - 1)

    def task_behind(self, task_id: str, first_page: int) -> Task:
        """The task that goes on at `first_page`, behind all planned pages, where `task_id` had enough."""
        return Task(_task_id(_index(task_id) + 1), first_page, 0, is_open=True)

    def first_page(self, task_id: str) -> int:
        """The index of a planned task's first page, from its id."""
        return _index(task_id) * self.pages_per_task


@dataclass(frozen=True, slots=True)
class Walks:
    """`chains` chains of pages. Each is one task; how far it goes shows only at its end."""

    chains: int

    def __len__(self) -> int:
        """Tasks."""
        return self.chains

    def __iter__(self) -> Iterator[Task]:
        return (Task(f"w{index:08d}", 0, 0) for index in range(self.chains))


Plan = Ranges | Walks


def _task_id(index: int) -> str:
    return f"t{index:08d}"


def _index(task_id: str) -> int:
    return int(task_id[1:])
