"""`auto`: reading the first response for how the rest is asked for.

Each paging style looks for its own conventions, and answers with a paginator and the evidence for it, or with None.
What no style recognises is refused with what was seen: a page is never taken for the whole unless the API says so.
"""

from poller.errors import JobRejected
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import KnownPaginator, Offset, PageNumber, SinglePage
from poller.text import counted, describe

STYLES: tuple[type[KnownPaginator], ...] = (SinglePage, Offset, PageNumber)
"""In the order in which they are asked."""


def detect(first: Envelope) -> Detection[KnownPaginator]:
    """The paginator that the first response shows, and the evidence.

    Raises JobRejected, naming what was seen, where no style is sure.
    """
    for style in STYLES:
        found = style.recognise(first)
        if found is None or (_is_the_whole(found.paginator, first) and first.more()):
            continue  # a page is never taken for the whole while the API says that there is more
        return found
    raise JobRejected(_what_was_seen(first))


def _is_the_whole(paginator: KnownPaginator, first: Envelope) -> bool:
    """Whether `paginator` would take this page for all there is."""
    if isinstance(paginator, SinglePage):
        return True
    total = first.declared(paginator.total_place)
    return total is not None and total.count <= (1 if total.of_pages else first.rows)


def _what_was_seen(first: Envelope) -> str:
    more = first.more()
    seen = [counted(first.rows, "record")]
    if first.total is not None:
        seen.append(f"{first.total.place} = {first.total.count}")
    seen += more
    advice = (
        "set paginator to offset or page_number with the API's parameter names, if it knows such"
        if more or first.total
        else "set paginator to single_page if this is everything, or else to offset or page_number"
    )
    return (
        f"auto cannot tell how the API pages. Seen in the first response: {', '.join(seen)}; "
        f"{describe(first.page.value)}. To go on, {advice}"
    )
