"""What a job makes of its records: one class a format, whose attributes are the fields of a spec's `output`."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from poller.errors import JobRejected
from poller.readers import Reader, kind_of, path_of

_MAX_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class Jsonl:
    """One record a line, as it was sent."""

    TYPE: ClassVar = "jsonl"
    SUFFIX: ClassVar = "jsonl.gz"
    READERS: ClassVar[dict[str, Reader]] = {}


def column_name(path: str) -> str:
    """What the header calls a column: its path, or the name itself where that is one name in quotes."""
    try:
        name = json.loads(path)
    except ValueError:
        return path
    return name if isinstance(name, str) else path


def column_paths(field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_COLUMNS:
        is_list = "a list of none or too many" if isinstance(value, list) else kind_of(value)
        raise JobRejected(f"{field} is {is_list}; it must be a list of 1 to {_MAX_COLUMNS:,} JMESPath expressions")
    paths = tuple(path_of(f"{field}[{i}]", item) for i, item in enumerate(value))
    if len(set(map(column_name, paths))) < len(paths):
        raise JobRejected(f"{field} names a column twice; leave one out")
    return paths


@dataclass(frozen=True, slots=True)
class Csv:
    """`columns` are JMESPaths into a record. None: the fields of the first page's records, which a planned job has
    `found`."""

    columns: tuple[str, ...] | None = None
    found: tuple[str, ...] = ()

    TYPE: ClassVar = "csv"
    SUFFIX: ClassVar = "csv.gz"
    READERS: ClassVar[dict[str, Reader]] = {"columns": column_paths}


Output = Jsonl | Csv
OUTPUTS: dict[str, type[Output]] = {cls.TYPE: cls for cls in (Jsonl, Csv)}
"""By the `format` that specs name them with."""
