"""Figure 7: whether every record came once: what ReconcileJob takes to see that in ten or a hundred million of them.

The check runs in a process of its own, with random fingerprints that are read from a file in place of S3.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from benchmarks.cost_model import VCPU_GB
from benchmarks.report import Figure
from poller.aws.s3 import Bucket
from poller.datasets.fingerprints import SIZE
from poller.fetching.time_box import TimeBox
from poller.handlers import reconcile_job
from poller.jobs.model import Job, JobStatus, TaskRow, TaskState
from poller.jobs.owner import Owner
from poller.jobs.uniqueness import UniquenessCheck
from tests.support.template import functions

RECORDS = 10_000_000
MANY = 100_000_000
_RECORDS_A_TASK = 9_600  # 96 pages of a hundred
_MEGABYTE = 1 << 20


def measure(records: int = RECORDS) -> Iterator[Figure]:
    reconcile = functions()["ReconcileJob"]
    with multiprocessing.get_context("spawn").Pool(1) as process:
        seconds, megabytes = process.apply(check, (records,))
    share = min(1.0, reconcile["MemorySize"] / 1024 / VCPU_GB)
    setting = f"{share:.2g} of a vCPU, {_RECORDS_A_TASK:,} records a task; without the time that S3 takes"
    left = reconcile["Timeout"] - reconcile_job._RESERVE_SECONDS
    yield Figure(f"check of {records:,} records", seconds / share, "s", setting, most=left)
    yield Figure(
        "the same", megabytes, "MB", "peak of the process, handler and all", most=0.8 * reconcile["MemorySize"]
    )


def check(records: int) -> tuple[float, float]:
    """Processor seconds of the check, and the peak of this process's memory in megabytes."""
    with tempfile.TemporaryFile() as file:
        tasks = _write(file.fileno(), records)
        stored = cast("Bucket", Stored(file.fileno()))
        job = Job("bench", "bench", JobStatus.RUNNING, Owner("arn:bench"), datetime(2026, 1, 1, tzinfo=UTC), 0)
        box = TimeBox(time.monotonic() + 3600)
        began = time.process_time()
        found = UniquenessCheck(stored, stored, job, box).check(tasks)
        seconds = time.process_time() - began
    if (found.records, found.repeated, found.not_shown) != (records, 0, ""):
        raise AssertionError(f"the check says {found}")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Stored:
    """In place of a bucket: the file with the fingerprints of one task behind those of another."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def get(self, key: str) -> bytes:
        task_id, size = key.rpartition("/")[2].split(".")
        return os.pread(self._descriptor, int(size) * SIZE, int(task_id[1:]) * _RECORDS_A_TASK * SIZE)


def _write(descriptor: int, records: int) -> list[TaskRow]:
    for start in range(0, records * SIZE, _MEGABYTE):
        os.write(descriptor, os.urandom(min(_MEGABYTE, records * SIZE - start)))
    sizes = [min(_RECORDS_A_TASK, records - first) for first in range(0, records, _RECORDS_A_TASK)]
    return [
        TaskRow(f"t{number:08d}", TaskState.COMPLETE, records=size, sha256=f"{size}")
        for number, size in enumerate(sizes)
    ]
