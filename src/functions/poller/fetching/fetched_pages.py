"""Consecutive pages as they came, and why they end where they do."""

from dataclasses import dataclass, field

from poller.errors import PermanentPollerError
from poller.fetching.data_end import DataEnd
from poller.fetching.fetched_page import FetchedPage
from poller.fetching.whole_page import Halt


@dataclass(slots=True)
class FetchedPages:
    """What came of consecutive pages: those from the index `first`, in order and without a gap.

    `halt` is why they are not all, if so; `begun` is what had come of the page behind them. `failed` is why the page
    `first` does not come: this one alone or, where no others go on behind it, all that should follow.

    `goes_on_at` is the page at which other pages of the task go on. `end` is how the data ended, if they did, and
    `first_again` is the job's first page after that. `digest_before` is the digest of the page before them.
    """

    first: int = 0
    digest_before: str = ""
    pages: list[FetchedPage] = field(default_factory=list)
    halt: Halt | None = None
    begun: FetchedPage | None = None
    failed: PermanentPollerError | None = None
    goes_on_at: int | None = None
    end: DataEnd | None = None
    first_again: FetchedPage | None = None

    @property
    def behind(self) -> int:
        """The index of the page behind these."""
        return self.first + len(self.pages)

    @property
    def requests(self) -> int:
        """How many they took at least."""
        return len(self.pages) + (max(1, self.failed.failures) if self.failed else 0)
