"""Where the records of a body are: what a selector leads to, and what to take if nobody said."""

import re
from collections.abc import Iterator

from poller.errors import InvalidPayload
from poller.paging.body_shape import counts_nothing, is_keyed, own_fields, unknown_nulls
from poller.paging.said import says_something
from poller.paging.selector import identifier, leads_to_null, select
from poller.text import describe, plain, shown
from poller.values import JSON

_LIST_LEVELS = 3  # as in data.orders.items
# Plain names of what is never taken for the records unless the spec says so.
_BESIDE_RECORDS = {
    "error", "errors", "errormessages", "warnings", "warningmessages", "link", "links", "included", "includes",
    "facets", "aggregations", "aggs", "meta", "metadata", "pagination", "paging", "pageinfo", "responsemetadata",
}  # fmt: skip
_ERRORS = {"error", "errors", "errormessages"}
_TO_ARRAY = re.compile(r"\s*to_array\((.*)\)\s*", re.DOTALL)
Steps = tuple[str, ...]
"""The keys from the body to what lies in it."""


def records_at(value: JSON, selector: str) -> list[JSON]:
    """The list that `selector` leads to. null and {} in its place are no records: so some write an empty list.

    Raises InvalidPayload where there is no list, or where null or {} stands beside an error.
    """
    wrapped = _TO_ARRAY.fullmatch(selector)  # it would make a record of null, too
    found = None if wrapped and select(value, wrapped[1]) is None else select(value, selector)
    if isinstance(found, list):
        return found
    name = shown(selector)
    if (found == {} and found is not value) or (found is None and leads_to_null(value, selector)):
        if not reports_error(value):
            return []
        raise InvalidPayload(f"data_selector '{name}' finds no list, but the body reports an error; {describe(value)}")
    if found is None:
        raise InvalidPayload(f"data_selector '{name}' finds nothing in the body; {describe(value)}")
    if not isinstance(found, dict):
        raise InvalidPayload(f"data_selector '{name}' finds a single value in place of a list; {describe(value)}")
    ways = f"to_array({name}) if it is one record, to values({name}) if its values are the records"
    if is_keyed(found):
        ways = f"{name}.* || {name} if its values are the records: that reads a list, too"
    raise InvalidPayload(
        f"data_selector '{name}' finds an object in place of a list; {describe(found)}; set data_selector to {ways}"
    )


def reports_error(value: JSON) -> bool:
    """Whether the body itself says that something went wrong, as GraphQL does with status 200."""
    return isinstance(value, dict) and any(
        plain(name) in _ERRORS and says_something(item) for name, item in value.items()
    )


def guess_selector(value: JSON, is_of_many: bool = False) -> str:
    """Where the records are if nobody said: the list that the body is, or the only list in its upper levels.

    A list of plain values counts only where there is no list of objects or lists, and no empty one, which could be
    either. null is an empty list beside a total of 0. A list that may be a part of one record is taken only where
    the body `is_of_many` records, by how more of them are asked for.

    Raises InvalidPayload where that leaves none or several.
    """
    if isinstance(value, list):
        return "@"
    found = dict(_found(value, (), _LIST_LEVELS))
    rows = [steps for steps, item in found.items() if not item or any(isinstance(i, dict | list) for i in item)]
    candidates = rows or list(found)
    if len(candidates) > 1:
        seen = ", ".join(shown(_path(steps)) for steps in candidates[:8])
        raise InvalidPayload(f"the body holds several lists ({seen}); say which with data_selector")
    if not candidates:
        if empty := _null_in_place_of_a_list(value):
            return empty
        one = "" if reports_error(value) or not isinstance(value, dict) else ", or set it to [@] if it is one record"
        raise InvalidPayload(f"the body holds no list of records; {describe(value)}; say where with data_selector{one}")
    _refuse_unsure(value, candidates[0], found[candidates[0]], is_of_many)
    return _path(candidates[0])


def _found(value: JSON, before: Steps, levels: int) -> Iterator[tuple[Steps, list[JSON] | dict[str, JSON]]]:
    """Each list, and each object that looks like records by their ids, in the upper `levels` of `value`; not what
    stands beside the records."""
    if is_keyed(value) and levels:
        yield before, value
        return
    for name, item in value.items() if isinstance(value, dict) and levels else ():
        if plain(name) in _BESIDE_RECORDS:
            continue
        if isinstance(item, list):
            yield (*before, name), item
        else:
            yield from _found(item, (*before, name), levels - 1)


def _null_in_place_of_a_list(value: JSON) -> str:
    """The only null of a body whose total is 0, as a selector; "" if there is none."""
    if not isinstance(value, dict) or not counts_nothing(value) or reports_error(value):
        return ""
    nulls = unknown_nulls(value)
    return identifier(nulls[0]) if len(nulls) == 1 else ""


def _refuse_unsure(value: JSON, steps: Steps, found: list[JSON] | dict[str, JSON], is_of_many: bool) -> None:
    """Raise InvalidPayload where what was found may be a part of one record, or is no list."""
    path = shown(_path(steps))
    if isinstance(found, dict):
        raise InvalidPayload(
            f"the body holds no list of records, but objects by their ids in {path or 'itself'}; "
            f"set data_selector to values({path or '@'}) if these are the records"
        )
    around = value
    for depth, step in enumerate(() if is_of_many else steps):
        if own := own_fields(around, step):
            record = shown(_path(steps[:depth]))
            whole, wrapped = (record, f"to_array({record})") if depth else ("the body", "[@]")
            raise InvalidPayload(
                f"the only list in the body, {path}, may be a part of one record, for it stands beside "
                f"{', '.join(map(shown, own[:3]))}; set data_selector to {path} if the list is the records, or to "
                f"{wrapped} if {whole} is one record"
            )
        around = around[step]


def _path(steps: Steps) -> str:
    return ".".join(map(identifier, steps))
