"""What tells the records of a page from others."""

import hashlib
from collections.abc import Sequence

from poller.paging.lossless_json import dumps
from poller.paging.record_key import RecordKey, key_text
from poller.values import JSON


def record_digests(records: Sequence[JSON], key: RecordKey) -> frozenset[bytes]:
    """Eight bytes for each record that differs from the others, by its key or, without one, by its text."""
    return frozenset(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in _texts(records, key))


def page_digest(records: Sequence[JSON], key: RecordKey) -> str:
    """What tells the records of a page from those of others; "" where they tell nothing: none, or several alike."""
    texts = _texts(records, key)
    if not texts or (len(texts) > 1 and len(set(texts)) == 1):
        return ""
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def _texts(records: Sequence[JSON], key: RecordKey) -> list[str]:
    texts = ((record, key_text(record, key)) for record in records)
    return [f"{record!r}\n" if text is None else f"{text}\n" for record, text in texts]


def boundary_digests(records: Sequence[JSON]) -> tuple[str, str]:
    """Of the first and of the last record. "" where there is none, or the one beside it is the same: such records tell
    nothing."""
    return _outermost(records[:2]), _outermost(records[:-3:-1])


def _outermost(pair: Sequence[JSON]) -> str:
    texts = [dumps(record) for record in pair]
    return hashlib.sha256(texts[0].encode()).hexdigest()[:16] if texts and texts[1:] != texts[:1] else ""
