"""Finding things in a body: what a path leads to, and where the records are if nobody said."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from poller.errors import InvalidPayload
from poller.text import describe, plain, shown
from poller.values import JSON

_LIST_LEVELS = 3  # as in data.orders.items
# Plain names of what is never taken for the records unless the spec says so.
_BESIDE_RECORDS = {
    "error", "errors", "errormessages", "warnings", "warningmessages", "link", "links", "included", "includes",
    "facets", "aggregations", "aggs", "meta", "metadata", "pagination", "paging", "pageinfo", "responsemetadata",
}  # fmt: skip


def select(value: JSON, path: str) -> JSON:
    """What `path` leads to in `value`; None where it leads nowhere. A top-level key counts as itself."""
    if isinstance(value, dict) and path in value:
        return value[path]
    try:
        return jmespath.search(path, value)
    except JMESPathError:  # a plain key such as @odata.nextLink, in a body that does not have it
        return None


def records_at(value: JSON, selector: str) -> list[JSON]:
    """The list that `selector` leads to. Raises InvalidPayload where there is none."""
    found = select(value, selector)
    if not isinstance(found, list):
        what = "nothing" if found is None else "no list"
        raise InvalidPayload(f"data_selector {selector!r} finds {what} in the body; {describe(value)}")
    return found


def guess_selector(value: JSON) -> str:
    """Where the records are if nobody said: the list that the body is, or the only list in its upper levels.

    A list of plain values counts only where there is no list of objects or lists, and no empty one, which could be
    either. Raises InvalidPayload where that leaves none or several.
    """
    if isinstance(value, list):
        return "@"
    found = dict(_lists(value, "", _LIST_LEVELS))
    rows = [path for path, items in found.items() if not items or any(isinstance(i, dict | list) for i in items)]
    lists = rows or list(found)
    if len(lists) > 1:
        raise InvalidPayload(
            f"the body holds several lists ({', '.join(map(shown, lists[:8]))}); say which with data_selector"
        )
    if not lists:
        raise InvalidPayload(f"the body holds no list of records; {describe(value)}; say where with data_selector")
    return lists[0]


def _lists(value: JSON, prefix: str, levels: int) -> Iterator[tuple[str, list[JSON]]]:
    """Each list in the upper `levels` of `value`, with its path; not what stands beside the records."""
    for name, item in value.items() if isinstance(value, dict) and levels else ():
        if plain(name) in _BESIDE_RECORDS:
            continue
        path = prefix + identifier(name)
        if isinstance(item, list):
            yield path, item
        else:
            yield from _lists(item, path + ".", levels - 1)


def identifier(name: str) -> str:
    """A key as a step of a JMESPath expression: in quotes it may have any characters, without only these."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def as_count(value: Any) -> int | None:
    """`value` as a count if it is a whole number that is not negative, else None. True is no number."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value
