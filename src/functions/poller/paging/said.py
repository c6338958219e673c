"""What a value says, however an API writes it: yes, no, or nothing."""

from poller.paging.selector import select
from poller.values import JSON, Page

_NOTHING = {"", "false", "0", "-1", "none", "null", "no", "n", "ok"}

Word = str | int | float | bool


def says_something(value: JSON) -> bool:
    """Not null, false, zero, negative or empty, nor made of such: {"href": null} says nothing."""
    if isinstance(value, dict):
        return any(map(says_something, value.values()))
    if isinstance(value, str):
        return value.strip().lower() not in _NOTHING
    return value > 0 if isinstance(value, int | float) else bool(value)


def says_yes(value: JSON) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def says_no(value: JSON) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")


def has_more(page: Page, path: str | None, header: str | None, when: Word | None) -> bool | None:
    """Whether the value at `path`, or in `header`, is `when`; without a `when`, whether it says yes.

    None where nothing is there, or null.
    """
    value = select(page.value, path) if path is not None else page.headers.get((header or "").lower())
    if value is None:
        return None
    return says_something(value) if when is None else _written(value) == _written(when)


def _written(value: JSON) -> str:
    """`value` as a header would have it, to compare with: true and "True" are one."""
    return str(value).strip().lower()
