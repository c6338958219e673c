"""What the request for one page has of its own."""

from dataclasses import dataclass, field

from poller.values import JSON

Mark = JSON
"""Where a page begins, in the API's own words: a cursor, or an address. None is the first page."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a paginator changes in the request of the spec: query parameters, values in the body by their paths, or the
    whole `url`."""

    params: dict[str, str] = field(default_factory=dict)
    body: dict[str, JSON] = field(default_factory=dict)
    url: str | None = None


def change_of(*numbers: tuple[str | None, str | None, int]) -> Change:
    """Each number at its path in the body, if it has one, or else under its parameter, if it has that."""
    return Change(
        {name: str(number) for name, path, number in numbers if name and not path},
        {path: number for _, path, number in numbers if path},
    )
