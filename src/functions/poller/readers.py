"""Reading one field of what a caller sent: the value, or the one sentence that says what is wrong with it."""

import re
from collections.abc import Callable
from typing import Any

import jmespath

from poller.errors import JobRejected
from poller.text import is_encodable

Reader = Callable[[str, Any], Any]
"""Takes a field's full name and its JSON value. Raises JobRejected."""
Schema = dict[str, Any]
"""A JSON Schema."""


def shaped(reader: Reader, schema: Schema) -> Reader:
    """`reader`, made for a field, with the schema of what it takes. Those that are not made have theirs in
    `specs.schema`."""
    vars(reader)["schema"] = schema
    return reader


def kind_of(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def text(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise JobRejected(f"{field} is {kind_of(value) if value != '' else 'empty'}; it must be a string")
    if not is_encodable(value):
        raise JobRejected(f"{field} holds half a surrogate pair, which is no character")
    return value


def path_of(field: str, value: Any) -> str:
    path = text(field, value)
    try:
        jmespath.compile(path)
    except RecursionError:
        raise JobRejected(f"{field} is nested too deeply") from None
    except ValueError as error:  # JMESPath's own errors, and Python's for an index of thousands of digits
        # A path may also be a plain key that JMESPath cannot read, such as @odata.count.
        if re.search(r"[\[\]{}()|&*?\s]", path):
            raise JobRejected(
                f"{field} is not a JMESPath expression: {str(error).splitlines()[0].removesuffix(':')}"
            ) from None
    return path


def paths_of(field: str, value: Any) -> tuple[str, ...]:
    """One path, or a list of several."""
    if not isinstance(value, list):
        return (path_of(field, value),)
    paths = tuple(path_of(f"{field}[{i}]", item) for i, item in enumerate(value))
    if not paths or len(set(paths)) < len(paths):
        raise JobRejected(f"{field} {'repeats a path' if paths else 'is an empty list'}; leave it out")
    return paths


def word(field: str, value: Any) -> str | int | float | bool:
    """A plain value: text, a number, true or false."""
    if isinstance(value, bool | int | float):
        return value
    return text(field, value)


def flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be true or false")
    return value


def integer(least: int, most: int) -> Reader:
    def read(field: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise JobRejected(f"{field} must be a whole number from {least:,} to {most:,}")
        return value

    return shaped(read, {"type": "integer", "minimum": least, "maximum": most})


def statuses(field: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of HTTP statuses")
    return tuple(integer(200, 599)(f"{field}[{i}]", item) for i, item in enumerate(value))


def one_of(*words: str) -> Reader:
    def read(field: str, value: Any) -> str:
        if value not in words:
            raise JobRejected(f"{field} must be one of {', '.join(words)}")
        return str(value)

    return shaped(read, {"enum": list(words)})


def percentage(field: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
        raise JobRejected(f"{field} must be a number from 0 to 100")
    return float(value)


def list_of_names(field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise JobRejected(f"{field} is {kind_of(value)}; it must be a list of header names")
    return tuple(text(f"{field}[{i}]", item) for i, item in enumerate(value))
