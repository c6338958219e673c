"""Records as the rows of a table, in CSV as RFC 4180 has it: https://www.rfc-editor.org/rfc/rfc4180."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from poller.errors import InvalidPayload, JobRejected
from poller.paging.lossless_json import dumps
from poller.paging.record_key import RecordKey
from poller.paging.selector import select
from poller.readers import kind_of
from poller.specs.model import JobSpec
from poller.specs.output import Csv, column_name
from poller.text import is_encodable, shown
from poller.values import JSON

LINE_END = b"\r\n"
MAX_LEFT_OUT = 5
"""Fields without a column that are told by name."""
_MAX_FOUND_BYTES = 32 * 1024  # of names: the job's row keeps them
_SPECIAL = frozenset('",\r\n\0')
csv.field_size_limit(2**31 - 1)  # a record may be larger than the 128 KiB that Python's reader takes


def with_columns(spec: JobSpec, records: Sequence[JSON]) -> JobSpec:
    """`spec`, with the columns of its table found in the first page's `records`, where it names none itself.

    They are the fields, in the order in which they come first. Raises JobRejected where these can be no columns.
    """
    if not isinstance(spec.output, Csv) or spec.output.columns is not None:
        return spec
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise JobRejected(
                f"output.format is csv, but record {number} of the first page is {kind_of(record)} and has no fields; "
                'name columns in output.columns, such as ["@"], or take jsonl'
            )
    names = tuple(dict.fromkeys(name for record in records for name in record))
    if sum(len(dumps(name)) for name in names) > _MAX_FOUND_BYTES:
        raise JobRejected(
            f"the records of the first page have {len(names):,} fields, which are too many for output.format csv; "
            "name those that you want in output.columns, or take jsonl"
        )
    return replace(spec, output=replace(spec.output, found=names))


class CsvTable:
    """The rows of one task.

    `left_out` are the first fields that none of the found columns holds: chosen ones leave out on purpose.
    """

    def __init__(self, output: Csv) -> None:
        self._paths, self._found = output.columns, dict.fromkeys(output.found)
        self._names = output.found if self._paths is None else [column_name(path) for path in self._paths]
        self.left_out: dict[str, None] = {}

    @property
    def header(self) -> bytes:
        """The names of the columns, b"" where there are none."""
        return _row([_cell(name) for name in self._names])

    def row(self, record: JSON) -> bytes:
        """Raises InvalidPayload for a record that has no fields, where fields are columns."""
        if self._paths is not None:
            return _row([_cell(select(record, path)) for path in self._paths])
        if not isinstance(record, dict):
            raise InvalidPayload(
                f"a record is {kind_of(record)}, and has no fields for the columns of output.format csv"
            )
        if not self._found:
            raise InvalidPayload(
                "records came behind a first page without any, so no columns are known; name them in output.columns, "
                "and submit a new job"
            )
        if len(self.left_out) < MAX_LEFT_OUT and (more := record.keys() - self._found):
            self.left_out |= dict.fromkeys(islice((shown(name) for name in record if name in more), MAX_LEFT_OUT))
        return _row([_cell(record.get(name)) for name in self._found])


def row_text(dataset: bytes, index: int, key: RecordKey) -> tuple[str | None, str]:
    """A record's key, as far as a dataset object has columns for it, and what else tells it from others.

    Where the key has no columns, nothing does.
    """
    with gzip.open(io.BytesIO(dataset), "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        names = next(rows)
        cells = dict(zip(names, next(islice(rows, index, None)), strict=True))
    if not key:
        return None, dumps(cells)
    parts = [cells.get(column_name(path)) for path in key]
    if None in parts:
        return None, ""
    return (str(parts[0]) if len(parts) == 1 else dumps(parts)), ""


def _row(cells: list[str]) -> bytes:
    """A lone empty cell is quoted: readers pass over an empty line."""
    return ('""' if cells == [""] else ",".join(cells)).encode()


def _cell(value: JSON) -> str:
    """A text as it is, a number as it was written, a list or an object as JSON; nothing at all for null.

    A text that has no UTF-8 form is written as JSON, too.
    """
    if value is None:
        return ""
    return _quoted(value if isinstance(value, str) and is_encodable(value) else dumps(value))


def _quoted(text: str) -> str:
    """The text, in quotes where it would not be read as it is. The empty text is, for null has none."""
    if text and text == text.strip() and _SPECIAL.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
