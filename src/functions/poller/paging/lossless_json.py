"""JSON that comes out as it went in: number text, key order and string values survive a round trip.

Python's own reader would turn 1.10 into 1.1 and -0 into 0. Here a number whose text Python would not
write back keeps that text. What RFC 8259 leaves open and readers disagree about (names that repeat,
section 4) or forbids (NaN and Infinity, section 6) is refused rather than guessed at.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from json.encoder import encode_basestring
from typing import Any

from poller.errors import InvalidPayload
from poller.paging.charset import decode
from poller.values import JSON

_MAX_DEPTH = 200
_TOO_DEEP = f"the body is nested too deeply, beyond {_MAX_DEPTH} levels"
_MAX_INT_DIGITS = 4300  # CPython refuses to convert more by default
_NEGATIVE_ZERO = re.compile("-0(?![.0-9eE])")


_ReadObject = Callable[[list[tuple[str, Any]]], dict[str, Any]]
"""From an object's names and values to what stands for it."""


class LosslessNumber(float):
    """A number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> "LosslessNumber":
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        return self.text


def loads(body: bytes | str) -> tuple[JSON, str]:
    """Read `body`, a text or its UTF-8, as JSON; return the value and its text.

    Raises InvalidPayload for anything else, naming the place where it stops being JSON.
    """
    text = body if isinstance(body, str) else decode(body)
    value = _read(text, _object)
    _refuse_depth(value)
    return value, text


def loads_again(text: str) -> JSON:
    """Read a text that `loads` has taken before: what that one refuses is not looked for again."""
    return _read(text, None)


def _read(text: str, read_object: _ReadObject | None) -> JSON:
    try:
        return _parse(text, read_object)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        message = f"the body is not JSON: {error.msg.removesuffix(' at')} at {where}"
        raise InvalidPayload(message, may_pass=True) from None
    except RecursionError:
        raise InvalidPayload(_TOO_DEEP) from None


def _parse(text: str, read_object: _ReadObject | None) -> JSON:
    """Whole numbers are read by Python's own int, which takes a fifth of the time of `_int`, where it loses nothing: it
    drops the sign of -0, and refuses what is too long."""
    parse = partial(
        json.loads, text, parse_float=_float, parse_constant=_refuse_constant, object_pairs_hook=read_object
    )
    if _NEGATIVE_ZERO.search(text) is None:
        with suppress(ValueError):
            return parse(parse_int=int)
    return parse(parse_int=_int)


def dumps(value: JSON) -> str:
    """Write `value`, as `loads` read it, on one line without spaces between tokens.

    A lone surrogate has no UTF-8 form; its escape is the only exact way to write it.
    """
    written = _WRITERS[type(value)](value)
    return written if written.isascii() else written.encode(errors="backslashreplace").decode()


def on_one_line(text: str) -> str:
    """The same JSON text without line breaks: a string cannot hold a bare one (RFC 8259, section 7)."""
    return text.replace("\n", " ").replace("\r", " ")


def _int(text: str) -> int | LosslessNumber:
    if len(text) > _MAX_INT_DIGITS or text == "-0":
        return LosslessNumber(text)
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    return number if repr(number) == text else LosslessNumber(text)


def _refuse_constant(name: str) -> None:
    raise InvalidPayload(f"the body holds {name}, which is not JSON; have the API send null or a string")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InvalidPayload(
            f"an object has the key {twice[:80]!a} more than once, and readers would keep one of the values only"
        )
    return value


def _refuse_depth(value: JSON) -> None:
    """Readers give up at different depths, this one's successors too: refuse what is far beyond any real record."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise InvalidPayload(_TOO_DEEP)


def _write_object(value: dict[str, JSON]) -> str:
    pairs = [f"{encode_basestring(name)}:{_WRITERS[type(item)](item)}" for name, item in value.items()]
    return "{" + ",".join(pairs) + "}"


def _write_list(value: list[JSON]) -> str:
    return "[" + ",".join([_WRITERS[type(item)](item) for item in value]) + "]"


# As json.dumps would without ensure_ascii, in a fraction of its time: that one makes an encoder for each value.
_WRITERS: dict[type, Callable[[Any], str]] = {
    dict: _write_object,
    list: _write_list,
    str: encode_basestring,
    int: repr,
    float: repr,
    LosslessNumber: repr,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
