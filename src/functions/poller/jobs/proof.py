"""What shows that a job's dataset is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import Job, TaskRow
from poller.jobs.uniqueness import Uniqueness

_ENDS = {EndKind.SEEN: "seen", EndKind.REFUSED: "refused", EndKind.CUT: "cut"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at, and seen.

    `end` is how the data ended, None where only one page could be asked for. `moved`: whether the first page or the
    total was another one at the end; None where nobody could look. So many pages were `mended`: asked for again, and
    whole then. Of a job with `partitions`, that is how many there are, and `whole` how many of them are so.
    """

    end: DataEnd | None
    uniqueness: Uniqueness
    key: tuple[str, ...]
    moved: bool | None
    mended: int = 0
    partitions: int = 0
    whole: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As summaries and manifests show it."""
        return {
            "End": _ENDS[self.end.kind] if self.end else "not asked",
            "EndSaid": self.end.said if self.end else None,
            "Distinct": self.uniqueness.distinct,
            "Repeated": self.uniqueness.repeated,
            "NotShown": self.uniqueness.not_shown or None,
            "Key": list(self.key) or None,
            "Moved": self.moved,
            "Mended": self.mended,
            **({"Partitions": {"Total": self.partitions, "Whole": self.whole}} if self.partitions else {}),
        }


def prove(job: Job, rows: Sequence[TaskRow], uniqueness: Uniqueness) -> Proof:
    """What the rows of a job whose tasks are all finished show. `uniqueness` is what its records show."""
    mended = sum(row.mended for row in rows)
    return Proof(data_end(rows), uniqueness, job.record_key, _has_moved(job, rows), mended)


def data_end(rows: Sequence[TaskRow]) -> DataEnd | None:
    """How the data of a job with these rows, in their order, ended; None where only one page could be asked for."""
    return next((row.end for row in reversed(rows) if row.end is not None), None)


def _has_moved(job: Job, rows: Sequence[TaskRow]) -> bool | None:
    """Whether the first page, or the total that it declares, was another one when the end of the data had been seen."""
    looked = next((row for row in reversed(rows) if row.looked_again), None)
    if looked is None:
        return None
    totals = {looked.total_again, job.records_expected} - {None}
    return len(totals) > 1 or looked.digest_again != job.first_page_digest
