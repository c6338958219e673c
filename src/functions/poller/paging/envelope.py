"""What a response says around its records, read once and handed on to whoever asks."""

from collections.abc import Collection
from functools import cached_property

from poller.errors import JobRejected
from poller.paging.incomplete import signs_of_a_part
from poller.paging.more_signs import ended, signs_of_more
from poller.paging.sections import Sections, header_sections, read_sections
from poller.paging.selector import as_count
from poller.paging.totals import Total, TotalPlace, totals_in_usual_places
from poller.text import plain
from poller.values import Page


class Envelope:
    """One page, and the totals and signs of more in its body and headers."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def rows(self) -> int:
        return len(self.page.records)

    @cached_property
    def sections(self) -> Sections:
        return read_sections(self.page)

    @cached_property
    def header_sections(self) -> Sections:
        return header_sections(self.page.headers)

    @cached_property
    def everything(self) -> Sections:
        """All that may speak of paging, by its name in messages."""
        return self.sections | {f"header {prefix}": content for prefix, content in self.header_sections.items()}

    @cached_property
    def incomplete(self) -> list[str]:
        """Names of the things in the answer that mean: this is not all that it should be."""
        return list(signs_of_a_part(self.page, self.everything))

    @cached_property
    def ends(self) -> bool:
        """Whether a flag says that this is the last page, and none that it is not."""
        return ended(self.page.headers, self.everything)

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        """Every total of records in a usual place. Raises JobRejected where one is no believable count."""
        return tuple(totals_in_usual_places(self.page, self.sections, self.header_sections))

    @cached_property
    def total(self) -> Total | None:
        """The total of records in the usual places; None if there is none.

        Raises JobRejected where one is no believable count, or where two disagree: some APIs call the number of rows
        on this page the total.
        """
        found = self.totals
        if self.rows:  # 0 beside records: this one was not counted
            found = tuple(total for total in found if total.count) or found
        found = tuple(total for total in found if not total.is_floor) or found
        if len({total.count for total in found}) > 1:
            seen = ", ".join(f"{total.place} = {total.count}" for total in found)
            raise JobRejected(
                f"the first response declares several totals: {seen}; nothing was fetched. Say which one counts: set "
                "paginator to offset or page_number with total_path or total_header, or to single_page if this is all"
            )
        return found[0] if found else None

    def declared(self, named: TotalPlace | None) -> Total | None:
        """The total at the place that the spec names, or else in the usual places; None where the API does not say.

        Raises JobRejected where what is there is no believable count.
        """
        return self.total if named is None else named.read(self.page)

    def more(self, pages: int = 1) -> list[str]:
        """Names of the things in the first response that mean: there are more than `pages` pages."""
        return list(signs_of_more(self.page, self.everything, pages, is_last=pages == 1))

    def unfollowed(self, index: int) -> list[str]:
        """Names of the things in the response to page `index` that mean: there is more, also where it names no next
        page."""
        return list(signs_of_more(self.page, self.everything, index + 1, is_last=True))

    def goes_on(self, index: int) -> list[str]:
        """Names of the things in the response to page `index` that mean: this is not the last page, or may not be."""
        floors = [total for total in self._lower_bounds() if index or total.count > self.rows]
        return [*self.unfollowed(index), *(f"{total.place} = at least {total.count}" for total in floors)]

    def _lower_bounds(self) -> list[Total]:
        try:
            return [total for total in self.totals if total.is_floor]
        except JobRejected:  # one that is no count says nothing
            return []

    def echo(self, section: str, names: Collection[str]) -> tuple[str, int] | None:
        """The first name in `section` of the body that is one of the plain `names` and holds a count; and the count."""
        counts = (
            (name, as_count(value)) for name, value in self.sections.get(section, {}).items() if plain(name) in names
        )
        return next(((name, count) for name, count in counts if count is not None), None)
