"""`{name}` in a URL, in headers and in JSON, and what stands there for one partition."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from poller.errors import JobRejected
from poller.partitions.values import Values, as_text
from poller.values import JSON

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
_UP = {".", ".."}  # steps of a path, which clients and servers take away: RFC 3986, section 5.2.4


def names_in(content: JSON) -> set[str]:
    """Every name between braces, in the texts of `content` however deep they lie."""
    return {name for text in _texts(content) for name in _PLACE.findall(text)}


def outside_path_and_query(url: str) -> bool:
    """Whether a `{name}` stands where it would change the host."""
    parts = urlsplit(url)
    return bool(_PLACE.search(parts.scheme + parts.netloc))


def fill_text(text: str, values: Values) -> str:
    """`text` with each known `{name}` as it is."""
    return _filled(text, values, as_text)


def fill_url(url: str, values: Values) -> str:
    """`url` with each known `{name}` percent-encoded. Raises JobRejected where a value would be a step of the path."""
    path = urlsplit(url).path
    for name in set(_PLACE.findall(path)) & set(values):
        if as_text(values[name]) in _UP:
            raise JobRejected(
                f"the value {as_text(values[name])!r} of {name} is a step in the path of url, and no name"
            )
    return _filled(url, values, lambda value: quote(as_text(value), safe=""))


def fill_header(header: str, text: str, values: Values) -> str:
    """The value of a header. Raises JobRejected where a value cannot be sent in one."""
    filled = fill_text(text, values)
    if not filled.isprintable() or not filled.isascii() or filled != filled.strip():
        names = ", ".join(sorted(set(_PLACE.findall(text)) & set(values)))
        raise JobRejected(f"headers.{header} takes printable ASCII characters, and a value of {names} has others")
    return filled


def fill_json(content: JSON, values: Values) -> JSON:
    """`content` with each known `{name}` in its texts. A text that is nothing else becomes the value itself."""
    if isinstance(content, dict):
        return {key: fill_json(item, values) for key, item in content.items()}
    if isinstance(content, list):
        return [fill_json(item, values) for item in content]
    if not isinstance(content, str):
        return content
    alone = _PLACE.fullmatch(content)
    return values[alone[1]] if alone and alone[1] in values else fill_text(content, values)


def _filled(text: str, values: Values, write: Callable[[Any], str]) -> str:
    return _PLACE.sub(partial(_one, values, write), text)


def _one(values: Values, write: Callable[[Any], str], place: "re.Match[str]") -> str:
    return write(values[place[1]]) if place[1] in values else place[0]


def _texts(content: JSON) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for item in content.values() if isinstance(content, dict) else content:
            yield from _texts(item)
