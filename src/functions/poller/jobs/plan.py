"""A job's plan: ranges of pages whose number is known, or walks whose next page is in the last answer.

A plan is a few numbers. Every task follows from them and its index, so nothing else needs to be stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """`pages` consecutive pages from `first_page` (0 is the first)."""

    task_id: str
    first_page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Ranges:
    """`pages` pages of `page_size` records, cut into tasks that run in parallel."""

    pages: int
    pages_per_task: int
    page_size: int

    def __len__(self) -> int:
        """Tasks."""
        return (self.pages + self.pages_per_task - 1) // self.pages_per_task

    def __iter__(self) -> Iterator[Task]:
        return map(self.task_at, range(len(self)))

    def task_at(self, index: int) -> Task:
        first = index * self.pages_per_task
        return Task(f"t{index:08d}", first, min(self.pages_per_task, self.pages - first))

    def first_page(self, task_id: str) -> int:
        """The index of a task's first page, from its id."""
        return int(task_id[1:]) * self.pages_per_task


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
