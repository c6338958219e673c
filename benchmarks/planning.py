"""Figure 3: the memory that planning 1,000,000 pages takes, each plan in a process of its own."""

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
from poller.jobs.plan import Ranges
from poller.jobs.steps import fetch_step

PAGES = 1_000_000


def measure() -> Iterator[Figure]:
    context = multiprocessing.get_context("spawn")
    # A thousand pages a task are what small pages get; one page a task is what the largest and slowest get.
    for pages_per_task in (1000, 1):
        with context.Pool(1) as process:
            megabytes = process.apply(_plan, (pages_per_task,))
        setting = f"{PAGES:,} pages, {pages_per_task} a task: peak of resident memory over what it was before"
        yield Figure("planning", megabytes, "MB", setting, most=200)


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


def _peak() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6 if os.uname().sysname == "Linux" else kilobytes / 1e6  # bytes on a Mac
