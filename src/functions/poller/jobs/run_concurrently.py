"""Doing one thing for each of many tasks."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_WRITERS = 8  # as many as a job's task rows have partitions
_CHUNK = 1000  # a pool's map() takes all its items at once, and a job may have hundreds of thousands

T = TypeVar("T")


def run_concurrently(do: Callable[[T], bool], items: Iterable[T]) -> bool:
    """Call `do` for every item, several at a time. False, without the later items, once one call answers so."""
    rest = iter(items)
    with ThreadPoolExecutor(_WRITERS) as pool:
        while chunk := list(islice(rest, _CHUNK)):
            if not all(pool.map(do, chunk)):
                return False
    return True
