"""A partner that keeps a job waiting in its middle, for as long as a test needs."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any

from tests.support.partner import Partner

# Two pages at once.
SPEC: dict[str, Any] = {"name": "held", "paginator": {"type": "offset", "limit": 10}, "max_concurrency": 2}


@dataclass
class Held(Partner):
    """Ten pages of ten; those from offset 50 on come when `released` is set, and `reached` when one is asked for."""

    total: int = 100
    reached: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        if int(query.get("offset", 0)) >= 50:
            self.reached.set()
            self.released.wait(60)
        return super().page(query, earlier)
