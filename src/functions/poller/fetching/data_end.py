"""How an API's data came to an end."""

from dataclasses import dataclass
from enum import StrEnum


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
