"""Texts in messages and answers: what a stranger's may look like, how names are compared, how times are written."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches

from poller.values import JSON

_NO_LETTER = re.compile("[^a-z]")
_MAX_TYPO = 60  # characters; to compare longer names takes time, and nobody mistypes them


def plain(name: str) -> str:
    """A key as it is compared with others that mean the same: pageInfo, page_info and page-info are one."""
    return _NO_LETTER.sub("", name.lower())


def shown(name: str) -> str:
    """A name that somebody made up, fit for a message: short, printable, on one line."""
    return ascii(name[:40])[1:-1]


def counted(number: int, noun: str) -> str:
    """`1 task`, `2,000 tasks`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Which of the known names was probably meant, if one was: written alike, or alike but for case and punctuation."""
    if len(name) > _MAX_TYPO:
        return None
    by_letters = {plain(candidate): candidate for candidate in known}
    found = get_close_matches(plain(name), by_letters, n=1, cutoff=0.75)
    return by_letters[found[0]] if found else None


def describe(value: JSON) -> str:
    """What a body looks like, for messages: its keys or its kind, never its values."""
    if isinstance(value, dict):
        names = [shown(name) for name in value]
        more = "…" if len(names) > 12 else ""
        return f"it has the keys {', '.join(names[:12])}{more}" if names else "it is an empty object"
    if isinstance(value, list):
        return f"it is a list of {len(value)}"
    return "it is a single value"


def is_encodable(text: str) -> bool:
    """Whether `text` has a UTF-8 form. Half a surrogate pair has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def iso(moment: datetime) -> str:
    """Whole seconds in UTC, as the contract shows times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
