"""A page as a task holds it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What a task holds of a page until it is stored. The page as parsed takes up to ten times the memory.

    `line` is its text, `records` their number. `digest` is "" where there are none: two empty pages are no repetition.
    `declared` is the total of records that the API declared on it, None where it did not. `first` and `last` tell its
    outermost records from others.
    """

    line: str
    records: int
    digest: str
    declared: int | None
    first: str = ""
    last: str = ""
