"""Figures 5 and 6: whole jobs on a local stack, how long they take, and what they would cost on AWS."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from benchmarks import calls, engine, proof
from benchmarks.cost_model import Work, bill, proof_of
from benchmarks.executions import follow
from benchmarks.partner import PAGE_RECORDS, record, serving
from benchmarks.report import Figure
from poller.datasets.fingerprints import Fingerprints
from poller.datasets.records import to_dataset
from poller.jobs.planning import threads_that_fit
from poller.paging.lossless_json import loads
from poller_local.summary import Summary
from tests.support.local_stack import LocalStack, copy_tree, free_port
from tests.support.template import functions

_LATENCY_SECONDS = 0.05
_COUNTED_PAGES = 10_000
_MILLION = 1_000_000
_PARTNER_SECONDS = 0.2  # for the bill: a usual API, asked from the same continent
_ROUNDS = 5
_FINGERPRINTS = 10_000
_RECORDED_SECONDS = 5.0  # the emulator writes its record down every two


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as directory, stack_in(Path(directory)) as stack:
        for pages in (100, 600):
            stack.up()
            for state in ("cold", "warm"):
                seconds, _ = _run(stack, pages)
                yield Figure(f"{pages} pages end to end, {state}", seconds, "s", _setting(10))
            stack.run("down")
        stack.up()
        time.sleep(_RECORDED_SECONDS)
        record = Path(directory) / "iam.jsonl"
        known = record.stat().st_size
        seconds, summary = _run(stack, _COUNTED_PAGES, concurrency=32)
        yield Figure(f"{_COUNTED_PAGES:,} pages end to end, cold", seconds, "s", _setting(32))
        time.sleep(_RECORDED_SECONDS)
        counted = calls.count(record.read_text()[known:].splitlines(), summary["Total"])
        yield from _bill(counted, _transitions(stack, summary) - 1, summary["Total"])


@contextmanager
def stack_in(directory: Path) -> Iterator[LocalStack]:
    """A stack of its own, not up yet, in a copy of this tree; it is purged in the end."""
    (directory / "tree").mkdir()
    stack = LocalStack(copy_tree(directory / "tree"), free_port())
    with patch.dict(os.environ, {"POLLER_IAM_LOG": str(directory / "iam.jsonl")}):
        try:
            yield stack
        finally:
            stack.run("down", "--purge", check=False)


def _setting(concurrency: int) -> str:
    return f"local stack, {_LATENCY_SECONDS * 1000:g} ms API, {PAGE_RECORDS} records a page, {concurrency} in flight"


def _run(stack: LocalStack, pages: int, concurrency: int = 10) -> tuple[float, Summary]:
    """Seconds from POST /jobs to the end of the job's workflow, and the summary, which has every record."""
    with serving(pages, _LATENCY_SECONDS) as partner, stack.client() as client:
        began = time.perf_counter()
        job_id = client.submit(partner.spec(name="bench", max_concurrency=concurrency))
        follow(stack, stack.output("StateMachineName"), job_id)
        seconds = time.perf_counter() - began
        summary = client.job(job_id)
    if (summary["Status"], summary["RecordsReceived"]) != ("SUCCEEDED", pages * PAGE_RECORDS):
        raise AssertionError(f"the job ended as {summary}")
    return seconds, summary


def _transitions(stack: LocalStack, summary: Summary) -> int:
    """States that the job's execution entered; its children's are not in its history."""
    pages = stack.aws("stepfunctions").get_paginator("get_execution_history")
    events = [e for page in pages.paginate(executionArn=summary["ExecutionArn"]) for e in page["events"]]
    return sum(event["type"].endswith("StateEntered") for event in events)


def _bill(counted: calls.Calls, transitions: int, tasks: int) -> Iterator[Figure]:
    for who, made in counted.task.items():
        named = ", ".join(f"{count:.3g} {action}" for action, count in sorted(made.items()))
        yield Figure(f"calls a task: {who}", sum(made.values()), "calls", named)
    work = _work()
    dollars = bill(_MILLION, counted.task, counted.job, transitions, work)
    dearest = sorted(dollars.items(), key=lambda item: -item[1])[:4]
    setting = (
        f"counted on {_COUNTED_PAGES:,} pages in {tasks} tasks; {_PARTNER_SECONDS * 1000:g} ms API, "
        f"{work.pages_per_task} pages a task, {work.threads} threads, {work.fetch_seconds:.2f} s a task; mostly "
        + ", ".join(f"{unit} ${amount:.2f}" for unit, amount in dearest)
    )
    yield Figure("bill of 1,000,000 pages", sum(dollars.values()), "dollars", setting, most=0.60)
    shown = proof_of(_MILLION, work)
    setting = ", ".join(f"{unit} ${amount:.3f}" for unit, amount in sorted(shown.items(), key=lambda item: -item[1]))
    yield Figure(
        "of it, that every record came once", sum(shown.values()) / sum(dollars.values()), "", setting, most=0.05
    )


def _work() -> Work:
    """The plan of a large job, and the processor time that its pages take, each the least of a few tries."""
    with serving(_MILLION, latency_seconds=0) as partner:
        spec = partner.spec(max_concurrency=32, maximum_pages=_MILLION)
        job, tasks = engine.plan(spec)
        engine.Worker.start(job)
        fetched = [engine.Worker.fetch(tasks[0]) for _ in range(_ROUNDS)]
    pages = tasks[0]["Pages"]
    memory = {name: body["MemorySize"] / 1024 for name, body in functions().items()}
    return Work(
        latency_seconds=_PARTNER_SECONDS,
        fetch_cpu_seconds=min(seconds for _, seconds in fetched) / pages,
        process_cpu_seconds=min(_processing(fetched[0][0], pages) for _ in range(_ROUNDS)) / pages,
        pages_per_task=pages,
        threads=threads_that_fit(_PARTNER_SECONDS),
        fetch_memory_gb=memory["FetchPayload"],
        process_memory_gb=memory["ProcessPayload"],
        records_per_page=PAGE_RECORDS,
        fingerprint_cpu_seconds=min(_fingerprinting() for _ in range(_ROUNDS)),
        check_cpu_seconds=proof.check(proof.RECORDS)[0] / proof.RECORDS,
        check_memory_gb=memory["ReconcileJob"],
        kept_days=1,  # at most: they are removed when the job has succeeded
    )


def _processing(raw: bytes, pages: int) -> float:
    """Processor seconds that ProcessPayload spends on a task's raw object."""
    began = time.process_time()
    records = to_dataset(raw, "data", ("id",)).records
    seconds = time.process_time() - began
    if records != pages * PAGE_RECORDS:
        raise AssertionError(f"the raw object holds {records} records")
    return seconds


def _fingerprinting() -> float:
    """Processor seconds that ProcessPayload spends on the fingerprint of a record."""
    records = [(loads(line)[0], line) for line in (record(number).encode() for number in range(_FINGERPRINTS))]
    made = Fingerprints(("id",))
    began = time.process_time()
    for one, line in records:
        made.add(one, line)
    return (time.process_time() - began) / _FINGERPRINTS
