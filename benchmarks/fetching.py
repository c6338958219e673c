"""Figure 1: pages a second, beside a bare urllib3 pool and dlt's REST client, in alternating rounds."""

import multiprocessing
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import engine, urllib3_pool
from benchmarks.partner import PAGE_RECORDS, Partner, serving
from benchmarks.report import Figure

IN_FLIGHT = 32
LATENCY_SECONDS = 0.05
_JOB_PAGES = 20_000  # so many that tasks are as large as they get; a round fetches the first ones of the job
_ROUND_TASKS = 4
_ROUNDS = 5
_DLT_PAGES = 40


def measure(dlt_python: Path) -> Iterator[Figure]:
    """`dlt_python`: the interpreter of an environment that has dlt."""
    with serving(_JOB_PAGES, LATENCY_SECONDS) as partner:
        job, tasks = engine.plan(partner.spec(max_concurrency=IN_FLIGHT, name="bench"))
        tasks = tasks[:_ROUND_TASKS]
        ours, bare, dlt, busy, processor = [], [], [], [], []
        context = multiprocessing.get_context("spawn")
        # As deployed: the Map's concurrency is processes, the job's threads are in each.
        with (
            context.Pool(job.map_concurrency, engine.Worker.start, (job,)) as workers,
            context.Pool(1) as rival,
        ):
            expected = _checked(workers.map(engine.Worker.fetch, tasks, chunksize=1), tasks)  # warms up, too
            pages = sum(task["Pages"] for task in tasks)
            for _ in range(_ROUNDS):
                seconds, used, share = _engine_round(workers, tasks, expected, partner)
                ours.append(pages / seconds)
                processor.append(used / pages)
                busy.append(share)
                bare.append(rival.apply(urllib3_pool.pages_per_second, (partner.url, pages, PAGE_RECORDS, IN_FLIGHT)))
                dlt.append(_dlt_round(dlt_python, partner))
    setting = f"{LATENCY_SECONDS * 1000:g} ms API, {IN_FLIGHT} in flight as {job.map_concurrency} × {job.threads}, "
    setting += f"{PAGE_RECORDS} records a page, best of {_ROUNDS} rounds of {pages} pages"
    yield Figure("fetch engine", max(ours), "pages/s", setting)
    yield Figure(
        "fetch engine / bare urllib3 pool", max(ours) / max(bare), "", f"urllib3: {max(bare):.0f} pages/s", least=0.85
    )
    yield Figure("fetch engine / dlt RESTClient", max(ours) / max(dlt), "", f"dlt: {max(dlt):.1f} pages/s", least=15)
    yield Figure("partner's processor while it is polled", median(busy), "cores", "else it would be measured", most=0.5)
    yield Figure("processor time of fetching", median(processor) * 1000, "ms/page", "parsing, checks, hashing, gzip")


def _engine_round(
    workers: Any, tasks: list[dict[str, Any]], expected: set[bytes], partner: Partner
) -> tuple[float, float, float]:
    """Seconds, our processor seconds, and the part of a processor that the partner took."""
    used = partner.processor_seconds()
    began = time.perf_counter()
    answers = list(workers.imap_unordered(engine.Worker.fetch, tasks))
    seconds = time.perf_counter() - began
    if {raw for raw, _ in answers} != expected:
        raise AssertionError("the same pages gave other objects than before")
    return seconds, sum(own for _, own in answers), (partner.processor_seconds() - used) / seconds


def _checked(answers: list[tuple[bytes, float]], tasks: list[dict[str, Any]]) -> set[bytes]:
    """The tasks' raw objects, which have to hold every record in order."""
    for (raw, _), task in zip(answers, tasks, strict=True):
        first = task["FirstPage"] * PAGE_RECORDS
        if engine.ids(raw) != list(range(first, first + task["Pages"] * PAGE_RECORDS)):
            raise AssertionError(f"task {task['TaskId']} does not hold its records")
    return {raw for raw, _ in answers}


def _dlt_round(python: Path, partner: Partner) -> float:
    command = [
        str(python),
        "-I",
        str(Path(__file__).with_name("dlt_client.py")),
        partner.url,
        str(_DLT_PAGES),
        str(PAGE_RECORDS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    return float(done.stdout)
