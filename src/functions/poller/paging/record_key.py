"""The key of a job's records: what the spec calls it, or the one that the first page shows."""

from collections.abc import Iterator, Sequence

from poller.errors import JobRejected
from poller.paging.lossless_json import dumps
from poller.paging.selector import select
from poller.text import describe, shown
from poller.values import JSON

RecordKey = tuple[str, ...]
"""JMESPaths into a record, whose values together tell it from others. Empty: its whole text does."""
_IDS = ("id", "uuid", "guid")  # best first; customer_id is another record's
_MARKS = "_@$#"  # before such a name: _id, @id
# An id may be one among records of its kind only: https://jsonapi.org/format/#document-resource-object-identification,
# https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-id-field.html
_KINDS = {"type", "_type", "@type", "kind", "resourceType", "__typename", "_index"}


def key_text(record: JSON, key: RecordKey) -> str | None:
    """The record's key as JSON, in which 1 and "1" differ; None where the record lacks a part of it.

    A key of several paths is written as a list.
    """
    if len(key) == 1:
        value = select(record, key[0])
        return None if value is None else dumps(value)
    values = [select(record, path) for path in key]
    return None if not values or None in values else dumps(values)


def record_key(named: RecordKey | None, records: Sequence[JSON]) -> RecordKey:
    """The key of a job whose first page holds `records`: the one that its spec has `named`, or else one found there.

    A found key is a field that is named like an id, and that each record has, with a value of its own. Raises
    JobRejected where no record has the named key.
    """
    if not named:
        return next(_found(records), ())
    if records and all(key_text(record, named) is None for record in records):
        raise JobRejected(
            f"primary_key {', '.join(map(shown, named))} leads to nothing in any record of the first page; correct it, "
            f"or leave it out (the first record: {describe(records[0])})"
        )
    return named


def _found(records: Sequence[JSON]) -> Iterator[RecordKey]:
    """Each key that the records could have, the best first."""
    rows = [record for record in records if isinstance(record, dict)]
    if len(rows) < 2 or len(rows) < len(records):
        return
    kinds = tuple(name for name in rows[0] if name in _KINDS and _is_mixed(rows, name))
    for wanted in _IDS:
        for name in rows[0]:
            if name.lstrip(_MARKS).lower() == wanted and _is_unique(rows, (*kinds, name)):
                yield (*kinds, name)


def _is_mixed(rows: Sequence[dict[str, JSON]], name: str) -> bool:
    values = [row.get(name) for row in rows]
    return all(isinstance(value, str) for value in values) and len(set(values)) > 1


def _is_unique(rows: Sequence[dict[str, JSON]], key: RecordKey) -> bool:
    values = [row.get(key[-1]) for row in rows]
    are_plain = all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values)
    return are_plain and len({key_text(row, key) for row in rows}) == len(rows)
