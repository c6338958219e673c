"""How an API's data came to an end."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from poller.errors import PollerError

_GONE = (404, 410, 416)  # what is said where there is nothing; others say that one may not ask


class EndKind(StrEnum):
    """SEEN: behind the last page came nothing new. REFUSED: the API does not answer there, and does not say why.
    CUT: `maximum_pages` was reached."""

    SEEN = "SEEN"
    REFUSED = "REFUSED"
    CUT = "CUT"


@dataclass(frozen=True, slots=True)
class DataEnd:
    """What came when the page behind the last one was asked for, and what that means."""

    kind: EndKind
    said: str


def refused_at(index: int, error: PollerError, end_status_codes: Collection[int]) -> DataEnd:
    """How the data end where what is asked for on page `index`, or behind it, is answered with `error`."""
    is_gone = getattr(error, "status", None) in (*_GONE, *end_status_codes)
    return DataEnd(EndKind.SEEN if is_gone else EndKind.REFUSED, f"page {index + 1}: {error.message}")
