"""A page as a task holds it."""

from dataclasses import dataclass, replace

from poller.paging.boundaries import boundary_digests, page_digest, record_digests
from poller.paging.record_key import RecordKey
from poller.values import Page


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What a task holds of a page until it is stored. The page as parsed takes up to ten times the memory.

    `lines` are the UTF-8 texts of the answers that it came in, `records` their number. `digest` is "" where the records
    tell nothing: where there are none, or all are alike. `declared` is the total of records that the API declared on
    it, None where it did not. `first` and `last` tell its outermost records from others, and `seen` all of them, if it
    was to be watched. `more` is the first sign that there are more pages, "" without one. `says_more`: what the flag
    says that the spec names, if it names one. `mended`: what it lacked came when it was asked for again. `ignored` and
    `end` are what came, where response_actions ignore it, or call it the end of the data.
    """

    lines: tuple[bytes, ...]
    records: int
    digest: str
    declared: int | None = None
    first: str = ""
    last: str = ""
    seen: frozenset[bytes] = frozenset()
    more: str = ""
    says_more: bool | None = None
    mended: bool = False
    ignored: str = ""
    end: str = ""
    blanked: int = 0

    @property
    def bytes(self) -> int:
        return sum(map(len, self.lines))

    @property
    def is_told(self) -> bool:
        """Whether response_actions say what it means, so that nothing else is to be read from what it lacks."""
        return bool(self.ignored or self.end)

    def with_rest(self, rest: "FetchedPage") -> "FetchedPage":
        """This page, with the records that were missing."""
        return replace(
            rest,
            lines=self.lines + rest.lines,
            records=self.records + rest.records,
            digest=self.digest if self.records else rest.digest,
            first=self.first if self.records else rest.first,
            mended=True,
            seen=self.seen | rest.seen,
            blanked=self.blanked + rest.blanked,
        )


def hold(page: Page, key: RecordKey, is_watched: bool) -> FetchedPage:
    """What the records of `page` say. `is_watched`: what it repeats will be looked for, record by record."""
    records = page.records
    first, last = boundary_digests(records)
    seen = record_digests(records, key) if is_watched else frozenset()
    lines = () if page.is_blank else (page.line.encode(),)
    held = FetchedPage(lines, len(records), page_digest(records, key), first=first, last=last, seen=seen)
    return replace(held, ignored=page.ignored, end=page.end, blanked=page.blanked)
