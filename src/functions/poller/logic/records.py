"""From a task's raw pages to its part of the dataset."""

import gzip
import io
from collections.abc import Iterable

from poller.logic.exact_json import dumps, loads
from poller.logic.responses import records_at


def compressed(lines: Iterable[str]) -> bytes:
    """The lines as gzip. The same lines always give the same bytes: a time in the header would not."""
    return gzip.compress("".join(line + "\n" for line in lines).encode(), compresslevel=6, mtime=0)


def to_dataset(raw: bytes, selector: str) -> tuple[bytes, int]:
    """The records of a raw object, one a line, compressed; and how many they are.

    Raises InvalidPayload where a page does not hold what it held when it was fetched.
    """
    with gzip.open(io.BytesIO(raw)) as pages:
        lines = [dumps(record) for page in pages for record in records_at(loads(page)[0], selector)]
    return compressed(lines), len(lines)
