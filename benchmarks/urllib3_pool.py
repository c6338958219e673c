"""A bare urllib3 pool: what Python can fetch if it looks at nothing."""

import time
from concurrent.futures import ThreadPoolExecutor

import urllib3


def pages_per_second(url: str, pages: int, page_records: int, threads: int) -> float:
    """Read `pages` bodies with a pool of threads, and look at their size alone."""
    pool = urllib3.PoolManager(maxsize=threads)

    def size(index: int) -> int:
        return len(pool.request("GET", f"{url}?limit={page_records}&offset={index * page_records}").data)

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        smallest = min(workers.map(size, range(pages)))
    seconds = time.perf_counter() - started
    if smallest < 1000:
        raise AssertionError("an answer was no page")
    return pages / seconds
