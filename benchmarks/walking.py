"""Figure 7: a walk by cursor beside a bare loop, which does nothing with an answer but look for the next cursor."""

import json
import time
from collections.abc import Iterator

import urllib3

from benchmarks import engine
from benchmarks.partner import PAGE_RECORDS, Partner, serving
from benchmarks.report import Figure

LATENCY_SECONDS = 0.05
_PAGES = 200
_ROUNDS = 3


def measure() -> Iterator[Figure]:
    with serving(_PAGES, LATENCY_SECONDS) as partner:
        job, (task,) = engine.plan(partner.chain_spec())
        ours, bare = [], []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            stored = engine.walk(job, task)
            ours.append(_PAGES / (time.perf_counter() - began))
            if [number for raw in stored for number in engine.ids(raw)] != list(range(_PAGES * PAGE_RECORDS)):
                raise AssertionError("the walk did not store every record once")
            bare.append(_bare_loop(partner))
    setting = f"{LATENCY_SECONDS * 1000:g} ms API, {_PAGES} pages of {PAGE_RECORDS} records, best of {_ROUNDS} rounds"
    yield Figure("walk", max(ours), "pages/s", setting)
    yield Figure("walk / bare loop", max(ours) / max(bare), "", f"urllib3: {max(bare):.1f} pages/s", least=0.9)


def _bare_loop(partner: Partner) -> float:
    """Pages a second."""
    pool, pages, url = urllib3.PoolManager(), 0, partner.chain_url
    began = time.perf_counter()
    while True:
        cursor = json.loads(pool.request("GET", url).data)["next"]
        pages += 1
        if cursor is None:
            break
        url = f"{partner.chain_url}?cursor={cursor}"
    seconds = time.perf_counter() - began
    if pages != _PAGES:
        raise AssertionError(f"the bare loop read {pages} pages")
    return pages / seconds
