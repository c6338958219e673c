"""From a task's raw pages to its part of the dataset."""

import gzip
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass

from poller.datasets.csv_table import LINE_END, CsvTable
from poller.datasets.fingerprints import Fingerprints
from poller.datasets.high_water import HighWater
from poller.paging.lossless_json import dumps, loads_again
from poller.paging.record_key import RecordKey
from poller.paging.records import records_at
from poller.specs.incremental import Incremental


def compress(lines: Iterable[bytes], level: int = 6, line_end: bytes = b"\n") -> bytes:
    """The lines as gzip; of a page without a body, whose line is empty, there is nothing to keep.

    `level` 1 takes a third to a half of the time, for what is soon read again.
    The same lines always give the same bytes: a time in the header would not.
    More lines can be added by appending them compressed: https://www.rfc-editor.org/rfc/rfc1952 (section 2.2).
    """
    return gzip.compress(b"".join([line + line_end for line in lines if line]), compresslevel=level, mtime=0)


def digest(body: bytes) -> str:
    """What tells raw objects of one task apart: the first 16 hex digits of the SHA-256."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TaskDataset:
    """A task's part of the dataset: its `records`, one a line, compressed; their fingerprints; how far they reach.

    `left_out` are fields of theirs that a table has no column for.
    """

    body: bytes
    records: int
    fingerprints: Fingerprints
    high_water: HighWater
    left_out: tuple[str, ...] = ()


def to_dataset(
    raw: bytes,
    selector: str,
    key: RecordKey = (),
    table: CsvTable | None = None,
    incremental: Incremental | None = None,
) -> TaskDataset:
    """The records of a raw object, as JSON or as rows of `table`. `key` is what tells them apart, `incremental` where
    they say how new they are.

    Raises InvalidPayload where a page does not hold what it held when it was fetched, or a record is no row.
    """
    lines, fingerprints, high_water = [], Fingerprints(key), HighWater(incremental)
    with gzip.open(io.BytesIO(raw)) as pages:
        for page in pages:
            for record in records_at(loads_again(page.decode()), selector):
                line = dumps(record).encode()
                lines.append(line if table is None else table.row(record))
                fingerprints.add(record, line)
                high_water.add(record)
    if table is None:
        return TaskDataset(compress(lines), len(lines), fingerprints, high_water)
    body = compress([table.header, *lines], line_end=LINE_END)
    return TaskDataset(body, len(lines), fingerprints, high_water, tuple(table.left_out))
