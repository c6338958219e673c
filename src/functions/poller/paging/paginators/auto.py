"""`auto`: read the first response and decide."""

from dataclasses import dataclass
from typing import ClassVar

from poller.paging.change import Change
from poller.readers import Reader


@dataclass(frozen=True, slots=True)
class Auto:
    """Stands for a paginator that is yet to be found, by `paging.detect`."""

    TYPE: ClassVar = "auto"
    IS_OF_MANY: ClassVar = False
    stop_on_empty: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {}

    @property
    def page_params(self) -> dict[str, str]:
        return {}

    @property
    def body_paths(self) -> dict[str, str]:
        return {}

    def contradiction(self) -> str | None:
        return None

    def change(self, _index: int, _page_size: int | None, _received: int = 0) -> Change:
        return Change()
