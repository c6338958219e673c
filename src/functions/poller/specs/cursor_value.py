"""A value that grows from record to record: a time, a date, or a whole number. Which is later, and which lies before.

A value keeps the text that the API wrote, since that is what the API is asked with. Times are RFC 3339's
(https://www.rfc-editor.org/rfc/rfc3339#section-5.6); one without an offset is read as UTC.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from poller.values import JSON

_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?P<between>[Tt ])(?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,18})?"
    r"(?P<offset>[Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,30}", re.ASCII)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_DAY = 86_400


class Kind(StrEnum):
    """What values of a cursor are, as messages call it."""

    TIME = "time"
    DATE = "date"
    INTEGER = "whole number"


@dataclass(frozen=True, slots=True)
class CursorValue:
    """A value as the API wrote it. Of two of one kind, the later one has the greater `order`."""

    kind: Kind
    order: tuple[int, ...]
    text: str

    def before(self, seconds: int) -> "CursorValue":
        """The value that lies so many seconds before this one; itself where there is none.

        A date goes back by whole days; a whole number by as many as there are seconds.
        """
        try:
            return read_cursor_value(self._text_before(seconds)) or self
        except (OverflowError, ValueError):  # before the year 1
            return self

    def _text_before(self, seconds: int) -> str:
        if self.kind is Kind.INTEGER:
            return str(int(self.text) - seconds)
        if self.kind is Kind.DATE:
            return (date.fromisoformat(self.text) - timedelta(days=-(-seconds // _DAY))).isoformat()
        parts = _TIME.fullmatch(self.text)
        if parts is None or not seconds:
            return self.text
        clock = datetime.fromisoformat(f"{parts['day']}T{parts['clock']}") - timedelta(seconds=seconds)
        return clock.isoformat(parts["between"]) + (parts["fraction"] or "") + (parts["offset"] or "")


def read_cursor_value(value: JSON) -> CursorValue | None:
    """What a record, or a caller, has as a cursor's value; None where it is no time, date or whole number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    if _INTEGER.fullmatch(text):
        return CursorValue(Kind.INTEGER, (int(text),), text)
    try:
        if _DATE.fullmatch(text):
            return CursorValue(Kind.DATE, (date.fromisoformat(text).toordinal(),), text)
        if parts := _TIME.fullmatch(text):
            return CursorValue(Kind.TIME, _order(parts), text)
    except (OverflowError, ValueError):  # the 30th of February
        return None
    return None


def later(one: CursorValue | None, other: CursorValue | None) -> CursorValue | None:
    """The later one of two values of a kind; the first where they are equal."""
    if one is None or other is None:
        return one or other
    return other if other.order > one.order else one


def _order(parts: re.Match[str]) -> tuple[int, int]:
    """Seconds, and 10^-18 of a second, which Python's own times would cut to 10^-6."""
    offset = "+00:00" if (parts["offset"] or "Z") in "Zz" else parts["offset"]
    seconds = (datetime.fromisoformat(f"{parts['day']}T{parts['clock']}{offset}") - _EPOCH) // timedelta(seconds=1)
    return seconds, int((parts["fraction"] or ".0")[1:].ljust(18, "0"))
