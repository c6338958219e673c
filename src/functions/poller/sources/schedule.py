"""Reading a schedule: the expressions that EventBridge Scheduler takes for what comes again and again.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from poller.errors import JobRejected
from poller.readers import integer, kind_of, text
from poller.sources.model import Schedule
from poller.text import shown

_RATE = re.compile(r"rate\((\d{1,6}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_EXAMPLES = (
    "write rate(15 minutes), or cron(0 6 * * ? *): minutes, hours, day of the month, month, day of the week, year"
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), r"[*]"),
    ("hours", 0, 23, (), r"[*]"),
    ("day of the month", 1, 31, (), r"[*?L]|\d{1,2}W|LW"),
    ("month", 1, 12, _MONTHS, r"[*]"),
    ("day of the week", 1, 7, _DAYS, r"[*?]|L|[1-7A-Z]{1,3}L|[1-7A-Z]{1,3}#[1-5]"),
    ("year", 1970, 2199, (), r"[*]"),
)
"""Name, least, most, words for the numbers from the least on, and what else a field may be."""
MAX_FLEXIBLE_MINUTES = 1440


def read_schedule(field: str, value: Any) -> Schedule:
    """An expression, or an object with one. Raises JobRejected naming the field."""
    raw = {"expression": value} if isinstance(value, str) else value
    if not isinstance(raw, dict):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be an expression, or an object that has one")
    known = ("expression", "timezone", "flexible_minutes")
    if unknown := next((name for name in raw if name not in known), None):
        raise JobRejected(f"{field}.{shown(unknown)} is not a field of {field}; it has {', '.join(known)}")
    if "expression" not in raw:
        raise JobRejected(f"{field}.expression is missing; {_EXAMPLES}")
    where = field if raw is not value else f"{field}.expression"
    return Schedule(
        _expression(where, raw["expression"]),
        _timezone(f"{field}.timezone", raw.get("timezone", "UTC")),
        integer(0, MAX_FLEXIBLE_MINUTES)(f"{field}.flexible_minutes", raw.get("flexible_minutes", 0)),
    )


def _expression(field: str, value: Any) -> str:
    written = text(field, value)
    if found := _RATE.fullmatch(written):
        number, unit, plural = int(found[1]), found[2], found[3]
        if number < 1 or (number == 1) == bool(plural):
            right = f"rate({max(1, number)} {unit}{'s' if number > 1 else ''})"
            raise JobRejected(f"{field} is {written}; write {right}")
        return written
    if found := _CRON.fullmatch(written):
        _refuse_cron(field, found[1].split())
        return written
    raise JobRejected(f"{field} is no schedule: {_EXAMPLES}")


def _refuse_cron(field: str, parts: list[str]) -> None:
    if len(parts) != len(_FIELDS):
        raise JobRejected(f"{field} has {len(parts)} parts, and a cron expression has {len(_FIELDS)}; {_EXAMPLES}")
    for part, (name, least, most, words, also) in zip(parts, _FIELDS, strict=True):
        if not re.fullmatch(also, part) and not all(_is_step(item, least, most, words) for item in part.split(",")):
            raise JobRejected(f"{field}: '{shown(part)}' is no {name} of a cron expression; {_EXAMPLES}")
    if (parts[2] == "?") == (parts[4] == "?"):
        raise JobRejected(f"{field}: of day of the month and day of the week, exactly one is ?; {_EXAMPLES}")


def _is_step(item: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    """Whether `item` is a number, a range, or every n-th of one."""
    span, slash, every = item.partition("/")
    if slash and not (every.isdecimal() and len(every) < 5 and 1 <= int(every) <= most):
        return False
    if slash and span == "*":
        return True
    ends = [_number(end, least, words) for end in span.split("-")]
    return len(ends) <= 2 and all(end is not None and least <= end <= most for end in ends)


def _number(written: str, least: int, words: tuple[str, ...]) -> int | None:
    if written.upper() in words:
        return least + words.index(written.upper())
    return int(written) if written.isdecimal() and len(written) < 5 else None


def _timezone(field: str, value: Any) -> str:
    name = text(field, value)
    try:
        return str(ZoneInfo(name))
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise JobRejected(
            f"{field} is '{shown(name)}', which is no time zone; write one such as Europe/Berlin"
        ) from None
