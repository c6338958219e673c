"""Eight bytes a record, which tell whether it came more than once.

They are a digest of the record's key, or of its whole text where it has none. A task's are stored as one object, in the
order of its records. Digests of keys and of texts never agree by being alike.
"""

import gzip
import hashlib
import io
from array import array
from collections.abc import Iterator
from itertools import islice

from poller.paging.lossless_json import loads_again
from poller.paging.record_key import RecordKey, key_text
from poller.values import JSON

SIZE = 8
"""Bytes of a fingerprint. Among ten million records, two agree by chance in one job of 370,000."""
_OF_KEY, _OF_RECORD = (hashlib.blake2b(digest_size=SIZE, person=kind) for kind in (b"key", b"record"))


class Fingerprints:
    """Those of a task. `keyless` is how many of its records lack the key that the job's records have."""

    def __init__(self, key: RecordKey) -> None:
        self._key = key
        self._digests = bytearray()
        self.keyless = 0

    def add(self, record: JSON, line: bytes) -> None:
        """`line` is the record's text in the dataset."""
        text = key_text(record, self._key)
        self.keyless += text is None and self._key != ()
        begun = _OF_RECORD if text is None else _OF_KEY
        digest = begun.copy()  # to begin anew takes twice the time
        digest.update(line if text is None else text.encode())
        self._digests += digest.digest()

    @property
    def body(self) -> bytes:
        """As it is stored."""
        return bytes(self._digests)


def read_fingerprints(body: bytes) -> "array[int]":
    """The fingerprints in a stored body, as numbers. Raises ValueError where it is cut within one."""
    return array("Q", body)


def fingerprints_of(dataset: bytes, key: RecordKey) -> bytes:
    """The fingerprints of a dataset object's records, as they were stored when it was made."""
    made = Fingerprints(key)
    for line in _lines(dataset):
        made.add(loads_again(line.decode()) if key else None, line)
    return made.body


def line_at(dataset: bytes, index: int) -> str:
    """The text of one record of a dataset object."""
    return next(islice(_lines(dataset), index, None)).decode()


def _lines(dataset: bytes) -> Iterator[bytes]:
    with gzip.open(io.BytesIO(dataset)) as lines:
        yield from (line[:-1] for line in lines)
