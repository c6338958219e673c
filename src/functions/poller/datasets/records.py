"""From a task's raw pages to its part of the dataset."""

import gzip
import hashlib
import io
from collections.abc import Iterable

from poller.paging.lossless_json import dumps, loads
from poller.paging.records import records_at


def compress(lines: Iterable[str]) -> bytes:
    """The lines as gzip; of a page without a body, whose line is empty, there is nothing to keep.

    The same lines always give the same bytes: a time in the header would not.
    More lines can be added by appending them compressed: https://www.rfc-editor.org/rfc/rfc1952 (section 2.2).
    """
    return gzip.compress("".join(line + "\n" for line in lines if line).encode(), compresslevel=6, mtime=0)


def digest(body: bytes) -> str:
    """What tells raw objects of one task apart: the first 16 hex digits of the SHA-256."""
    return hashlib.sha256(body).hexdigest()[:16]


def to_dataset(raw: bytes, selector: str) -> tuple[bytes, int]:
    """The records of a raw object, one a line, compressed; and how many they are.

    Raises InvalidPayload where a page does not hold what it held when it was fetched.
    """
    with gzip.open(io.BytesIO(raw)) as pages:
        lines = [dumps(record) for page in pages for record in records_at(loads(page)[0], selector)]
    return compress(lines), len(lines)
