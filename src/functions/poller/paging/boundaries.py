"""What tells the first and the last record of a page from others."""

import hashlib
from collections.abc import Sequence

from poller.paging.lossless_json import dumps
from poller.values import JSON


def boundary_digests(records: Sequence[JSON]) -> tuple[str, str]:
    """Of the first and of the last record. "" where there is none, or the one beside it is the same: such records tell
    nothing."""
    return _outermost(records[:2]), _outermost(records[:-3:-1])


def _outermost(pair: Sequence[JSON]) -> str:
    texts = [dumps(record) for record in pair]
    return hashlib.sha256(texts[0].encode()).hexdigest()[:16] if texts and texts[1:] != texts[:1] else ""
