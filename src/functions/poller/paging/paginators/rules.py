"""What the fields of one paginator may not be together."""

from itertools import combinations

from poller.paging.said import Word
from poller.readers import Reader, path_of, text, word
from poller.text import shown

MAX_LIMIT = 1_000_000
"""Records a page that may be asked for."""
HAS_MORE: dict[str, Reader] = {"has_more_path": path_of, "has_more_header": text, "has_more_when": word}
"""The fields that say where an API tells whether there is more."""


def equal_fields(fields: dict[str, str | None]) -> str | None:
    """A sentence where two of these fields hold the same: one would be taken for the other."""
    for (one, value), (other, its_value) in combinations(fields.items(), 2):
        if value is not None and value == its_value:
            return f"paginator.{one} and paginator.{other} are both {shown(value)}; they must differ"
    return None


def several_totals(fields: dict[str, str | None]) -> str | None:
    """A sentence where more than one of these fields says where the total is."""
    given = [name for name, value in fields.items() if value]
    if len(given) < 2:
        return None
    return f"paginator.{given[0]} and paginator.{given[1]} both say where the total is; give one"


def several_flags(path: str | None, header: str | None, when: Word | None) -> str | None:
    """A sentence where more or less than one field says where the API tells whether there is more."""
    if path and header:
        return "paginator.has_more_path and paginator.has_more_header both say whether there is more; give one"
    if when is not None and not path and not header:
        return "paginator.has_more_when says what means more, but not where; give has_more_path or has_more_header"
    return None
