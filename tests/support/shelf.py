"""Buckets in memory, and a job's tasks as ProcessPayload leaves them there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from poller.datasets.csv_table import CsvTable
from poller.datasets.records import compress, to_dataset
from poller.jobs import keys
from poller.jobs.model import Job, TaskRow, TaskState
from poller.paging.lossless_json import dumps
from poller.specs.output import Csv
from poller.values import JSON


@dataclass
class Shelf:
    """A bucket. `reads` are the keys that were asked for."""

    objects: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def put(self, key: str, body: bytes) -> str:
        self.objects[key] = body
        return sha256(body).hexdigest()

    def get(self, key: str) -> bytes | None:
        self.reads.append(key)
        return self.objects.get(key)


@dataclass
class Shelves:
    """What a job left behind."""

    job: Job
    raw: Shelf = field(default_factory=Shelf)
    dataset: Shelf = field(default_factory=Shelf)
    rows: list[TaskRow] = field(default_factory=list)

    def add(self, records: Sequence[JSON]) -> TaskRow:
        """One more task."""
        task_id = f"t{len(self.rows):08d}"
        output = self.job.resolved_spec.output
        table = CsvTable(output) if isinstance(output, Csv) else None
        part = to_dataset(compress([dumps(list(records)).encode()]), "@", self.job.record_key, table)
        key = keys.dataset_key(self.job.name, self.job.job_id, task_id, output.SUFFIX)
        digest = self.dataset.put(key, part.body)
        if part.records:
            self.raw.put(keys.proof_key(self.job.job_id, task_id, digest), part.fingerprints.body)
        self.rows.append(
            TaskRow(
                task_id,
                TaskState.COMPLETE,
                records=part.records,
                sha256=digest,
                keyless=part.fingerprints.keyless,
            )
        )
        return self.rows[-1]
