"""The values of one partition, and how they are written and read."""

import re
from typing import Any

from poller.credentials import is_credential
from poller.errors import JobRejected
from poller.readers import kind_of, text
from poller.text import is_encodable, shown

Value = str | int | float | bool
Values = dict[str, Value]
"""What one partition puts in the place of each name."""

MAX_PARTITIONS = 100_000
"""Of a job: each has a row in the table, an object in the dataset, and a line in the plan."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MAX_VALUE = 500  # characters: a row repeats them
_MAX_SHOWN = 100


def name_of(field: str, value: Any) -> str:
    """A reader of what stands between the braces."""
    name = text(field, value)
    if not _NAME.fullmatch(name):
        raise JobRejected(f"{field} must be 1 to 64 letters, digits or '_', and start with no digit")
    return name


def value_of(field: str, value: Any) -> Value:
    """A reader of one value: a text that is not empty, a number, true or false."""
    if isinstance(value, dict | list) or value is None:
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a string, a number or a boolean")
    written = as_text(value)
    if not written or len(written) > _MAX_VALUE or not is_encodable(written):
        raise JobRejected(f"{field} must have 1 to {_MAX_VALUE} characters")
    return value  # type: ignore[no-any-return]  # what is left


def refuse_secret(field: str, name: str, value: Value) -> None:
    """Raise JobRejected where a value is a credential, which a job's plan would keep."""
    if is_credential(name, as_text(value)):
        raise JobRejected(f"{field} would store a secret with the job; leave it out", secret_sent=True)


def as_text(value: Value) -> str:
    """As it stands in a URL or a header."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_words(values: Values) -> str:
    """`country=de, year=2025`, short enough for a message."""
    words = ", ".join(f"{name}={shown(as_text(value))}" for name, value in values.items())
    return words if len(words) <= _MAX_SHOWN else words[: _MAX_SHOWN - 1] + "…"
