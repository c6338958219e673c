"""Figure 3: the memory that planning 1,000,000 pages takes, or 10,000 partitions, each plan in a process of its own."""

import json
import multiprocessing
import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.engine import JOB_ID, Memory, using
from benchmarks.report import Figure
from poller.jobs.model import Job, JobStatus
from poller.jobs.owner import Owner
from poller.jobs.partition_planning import first_tasks
from poller.jobs.plan import Partitions, Ranges
from poller.jobs.steps import fetch_step
from poller.partitions.window import WindowPartition
from poller.specs.model import JobSpec

PAGES = 1_000_000
PARTITIONS = 10_000


def measure() -> Iterator[Figure]:
    context = multiprocessing.get_context("spawn")
    # A thousand pages a task are what small pages get; one page a task is what the largest and slowest get.
    for pages_per_task in (1000, 1):
        with context.Pool(1) as process:
            megabytes = process.apply(_plan, (pages_per_task,))
        setting = f"{PAGES:,} pages, {pages_per_task} a task: peak of resident memory over what it was before"
        yield Figure("planning", megabytes, "MB", setting, most=200)
    with context.Pool(1) as process:
        megabytes = process.apply(_plan_partitions)
    yield Figure("planning", megabytes, "MB", f"{PARTITIONS:,} partitions: the same", most=50)


def _plan(pages_per_task: int) -> float:
    """Megabytes by which this process grew while it wrote the plan as PreparePollerJob does."""
    memory = Memory()
    shape = Ranges(PAGES, pages_per_task, 100)
    job = Job(JOB_ID, "bench", JobStatus.RUNNING, Owner("arn:bench"), datetime(2026, 1, 1, tzinfo=UTC), 0)
    with using(memory):
        before = _peak()
        step = fetch_step(memory, job, shape)
        grown = _peak() - before
    lines = memory.objects[step["Plan"]["Key"]].splitlines()
    last = json.loads(lines[-1])
    if len(lines) != len(shape) or last["FirstPage"] + last["Pages"] != PAGES:
        raise AssertionError("the plan does not hold every page")
    return grown


def _plan_partitions() -> float:
    """The same for windows, of each of which only the values are known."""
    memory, now = Memory(), datetime(2026, 1, 1, tzinfo=UTC)
    windows = WindowPartition("from", "to", 0, 1, PARTITIONS, kind="integer")
    spec = JobSpec("https://api.example.com/", partitions=(windows,))
    plan = Partitions(PARTITIONS, bundle=25)
    job = Job(JOB_ID, "bench", JobStatus.RUNNING, Owner("arn:bench"), now, 0, spec=spec, plan=plan)
    with using(memory):
        before = _peak()
        step = fetch_step(memory, job, first_tasks(spec, now))
        grown = _peak() - before
    lines = memory.objects[step["Plan"]["Key"]].splitlines()
    if sum(len(json.loads(line)["Tasks"]) for line in lines) != PARTITIONS:
        raise AssertionError("the plan does not hold every partition")
    return grown


def _peak() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6 if os.uname().sysname == "Linux" else kilobytes / 1e6  # bytes on a Mac
