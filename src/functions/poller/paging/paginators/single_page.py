"""`single_page`: the whole answer in one response."""

from dataclasses import dataclass
from typing import ClassVar

from poller.errors import JobRejected
from poller.paging.change import Change
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.evidence import asked_by, why_whole
from poller.paging.extent import Extent
from poller.readers import Reader


@dataclass(frozen=True, slots=True)
class SinglePage:
    """One request."""

    TYPE: ClassVar = "single_page"
    COUNTS_RECORDS: ClassVar = False
    IS_OF_MANY: ClassVar = False
    end_status_codes: ClassVar[tuple[int, ...]] = ()
    stop_on_empty: ClassVar = True
    READERS: ClassVar[dict[str, Reader]] = {}

    @classmethod
    def recognise(cls, first: Envelope) -> "Detection[SinglePage] | None":
        """The total is what arrived; or the API says that there is nothing, as by 204.

        That the total counts more than this page is to be checked, unless something else shows it.
        """
        if first.page.is_blank:
            return Detection(cls(), "the API answered that there is no content")
        total, why = first.total, why_whole(first)
        if total is None or total.is_floor or total.count != first.rows:
            return None
        said = f"{total.place} is {total.count}, and as many records arrived"
        if why:
            return Detection(cls(), f"{said}; {why}")
        further = dict.fromkeys(("offset", "skip", "start"), str(first.rows)) | {"page": "2"}
        check = {name: text for name, text in further.items() if name not in asked_by(first)}
        return Detection(cls(), f"{said}; asked for more by {', '.join(check)}, the API sends nothing else", check)

    @property
    def page_params(self) -> dict[str, str]:
        return {}

    @property
    def body_paths(self) -> dict[str, str]:
        return {}

    @property
    def names_total(self) -> bool:
        """Who asks for a single page says that it is everything: what it calls its total may be a sum of money."""
        return True

    def contradiction(self) -> str | None:
        return None

    def says_more(self, _envelope: Envelope) -> bool | None:
        return None

    def change(self, _index: int, _page_size: int | None, _received: int = 0) -> Change:
        return Change()

    def extent(self, first: Envelope, guessed: bool) -> Extent:
        total = first.total if guessed else None
        return Extent(1, max(1, first.rows), total.count if total else None)

    def pinned(self, _first: Envelope) -> "SinglePage":
        return self

    def total_now(self, later: Envelope) -> int | None:
        """The largest total of records that a later page declares; None where it declares none to be believed."""
        try:
            return max((total.count for total in later.totals), default=None)
        except JobRejected:
            return None
