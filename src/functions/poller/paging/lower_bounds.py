"""Signs that a total is not counted to its end: there are at least as many, or about as many."""

import re
from collections.abc import Iterator, Mapping

from poller.paging.said import says_no, says_yes
from poller.text import plain, shown
from poller.values import JSON

# Plain names, with what they say when they are true, false, or one of the words below.
_IF_TRUE = re.compile(r"approx|estimat|inexact|capped|clipped|clamped|lowerbound|atleast")
_IF_FALSE = re.compile(r"(?<!in)exact|exhaustive|accurate|precise|(total|count)(is)?(known|final|complete)")
_IF_WORD = re.compile(r"relation$|accuracy|precision|^(total|count)\w*(type|mode|kind|quality|method)$")
_WORDS = {
    "gte", "gt", "ge", "atleast", "lowerbound", "minimum", "estimate", "estimated", "approximate", "approx", "planned",
    "capped",
}  # fmt: skip


def signs_of_a_floor(content: Mapping[str, JSON]) -> Iterator[str]:
    """Names in `content` that say so of the total beside them."""
    for name, value in content.items():
        values = list(value.values()) if isinstance(value, dict) else [value]  # "exhaustive": {"nbHits": false}
        if any(_says_so(plain(name), item) for item in values):
            yield shown(name)


def is_named_a_floor(name: str) -> bool:
    """Whether the total's own name says so, as estimatedTotalHits does."""
    return re.search("approx|estimat|lowerbound|atleast|minimum", plain(name)) is not None


def _says_so(name: str, value: JSON) -> bool:
    if says_yes(value):
        return _IF_TRUE.search(name) is not None
    if says_no(value):
        return _IF_FALSE.search(name) is not None
    return isinstance(value, str) and plain(value) in _WORDS and _IF_WORD.search(name) is not None
