"""Times as specs write them: dates, times of day in any zone, or seconds of the epoch; and durations.

Each way has a unit, below which nothing is written: a day, or a second. Times are counted in it, as whole numbers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from poller.errors import JobRejected
from poller.readers import kind_of
from poller.text import shown

_DAY = 86_400
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
# https://www.iso.org/iso-8601-date-and-time-format.html, without months and years: they have no fixed length.
_DURATION = re.compile(r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_SECONDS = (7 * _DAY, _DAY, 3600, 60, 1)
_LATEST = 253_402_300_800  # the year 10000 begins


@dataclass(frozen=True, slots=True)
class Writing:
    """A way of writing times, with `unit` seconds as the least difference."""

    unit: int
    write: Callable[[int], str | int]


def read_moment(field: str, value: Any) -> tuple[int, Writing]:
    """A time in units of its own writing, and that. Raises JobRejected."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < _LATEST:
            raise JobRejected(f"{field} is no time in seconds since 1970; for milliseconds, set kind to integer")
        return value, Writing(1, int)
    if not isinstance(value, str):
        raise JobRejected(f"{field} is {kind_of(value)}; write a date, a time such as 2025-01-01T00:00:00Z, or seconds")
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value).toordinal(), Writing(_DAY, lambda day: date.fromordinal(day).isoformat())
        if _TIME.fullmatch(value):
            moment = datetime.fromisoformat(value)
            return int(moment.timestamp()), Writing(1, _in_zone_of(value, moment))
    except ValueError:
        pass
    raise JobRejected(
        f"{field} is {shown(value)!r}; write a date such as 2025-01-01, a time with a zone and without fractions such "
        "as 2025-01-01T00:00:00Z, or seconds since 1970"
    )


def next_moment(now: datetime, writing: Writing) -> int:
    """The first unit that begins after `now`: what happens now lies before it."""
    if writing.unit == _DAY:
        return now.astimezone(UTC).date().toordinal() + 1
    return int(now.timestamp()) + 1


def read_duration(field: str, value: Any) -> int:
    """Seconds, at least 1, of an ISO 8601 duration. Raises JobRejected."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise JobRejected(f"{field} is no duration of weeks, days, hours, minutes and seconds; write P1D, P7D or PT6H")
    seconds = sum(int(count or 0) * each for count, each in zip(found.groups(), _SECONDS, strict=True))
    if not 0 < seconds < _LATEST:
        raise JobRejected(f"{field} is {shown(value)}; it must be longer than nothing")
    return seconds


def _in_zone_of(text: str, moment: datetime) -> Callable[[int], str]:
    """Writes as `text` is written: its zone, `Z` or an offset, and what stands between date and time."""
    zone = moment.tzinfo or timezone(timedelta())
    between = text[10]
    suffix = "Z" if text.endswith("Z") else text[-6:]

    def write(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None).isoformat(between, "seconds") + suffix

    return write
