"""`auto`: reading the first response for how the rest is asked for.

Each paging style looks for its own conventions, and answers with a paginator and the evidence for it, or with None.
What no style recognises is refused with what was seen: a page is never taken for the whole unless the API says so. The
refusal ends with a spec that may be right, to be judged by whoever knows the API.
"""

import json
from collections.abc import Iterator
from itertools import chain, islice

from poller.errors import MAX_MESSAGE, AddressRefused, InvalidPayload, JobRejected
from poller.paging.detection import Detection, spec_of
from poller.paging.envelope import Envelope
from poller.paging.evidence import Number, asked_by, number_in, other_next_page, shown_by_next
from poller.paging.more_signs import numbers_of_pages
from poller.paging.page_words import OFFSETS, PAGES, SIZES
from poller.paging.paginators import (
    Cursor,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    KnownPaginator,
    Offset,
    PageNumber,
    SinglePage,
)
from poller.text import counted, describe
from poller.values import JSON

STYLES: tuple[type[SinglePage | Offset | PageNumber | HeaderLink | JsonLink], ...] = (
    SinglePage, Offset, PageNumber, HeaderLink, JsonLink,
)  # fmt: skip
"""In the order in which they are asked: any page can be asked for by the first three."""
_MAX_CANDIDATES = 12
_MAX_SIGNS = 8  # shown


def detect(first: Envelope) -> Detection[KnownPaginator]:
    """The paginator that the first response shows, and the evidence. One that is to be checked comes last.

    Raises JobRejected, naming what was seen, where no style is sure.
    """
    found = [detection for style in STYLES if (detection := style.recognise(first)) is not None]
    if first.more() or first.incomplete:  # a page is never taken for the whole while the API says that there is more
        found = [detection for detection in found if not isinstance(detection.paginator, SinglePage)]
    if not found:
        raise JobRejected(what_was_seen(first))
    _refuse_two_ways(first, [d.paginator for d in found if isinstance(d.paginator, HeaderLink | JsonLink)])
    return min(found, key=lambda detection: bool(detection.check))


def _refuse_two_ways(first: Envelope, links: list[HeaderLink | JsonLink]) -> None:
    """Raise JobRejected where header and body lead to different next pages: one of them leaves records out."""
    if len(links) < 2 or not first.page.url:
        return
    try:
        addresses = [str(link.mark_in(first.page)) for link in links]
    except (AddressRefused, InvalidPayload):  # the walk will say so, if it goes by that one
        return
    if other_next_page(first, *addresses):
        places = " and ".join(link.place for link in links)
        ways = " or ".join(json.dumps(spec_of(link)) for link in links)
        raise JobRejected(
            f"the API contradicts itself: {places} lead to different next pages; nothing was fetched. Say which one "
            f"counts: {ways}"
        )


def candidates(first: Envelope, sent: JSON = None) -> list[Detection[Cursor | HeaderCursor]]:
    """What may be the paginator where no style is sure, the likeliest first. `sent` is the body of the request.

    The API names a cursor, but not the parameter that takes it: an API that does not know one sends its first page.
    """
    found: Iterator[Detection[Cursor | HeaderCursor]] = chain(
        HeaderCursor.candidates(first, sent), Cursor.candidates(first, sent)
    )
    return list(islice(found, _MAX_CANDIDATES))


def what_was_seen(first: Envelope) -> str:
    """Why no paginator can be told from the first response, and the way out."""
    more, total = first.more() + first.incomplete, first.total
    seen = [counted(first.rows, "record")]
    if total is not None:
        seen.append(f"{total.place} = {'at least ' if total.is_floor else ''}{total.count}")
    seen += more[:_MAX_SIGNS] + ["…"] * (len(more) > _MAX_SIGNS)
    guess: KnownPaginator | None
    if more or (total is not None and (total.count > first.rows or total.is_floor)):
        guess = _guess(first, more) or next((found.paginator for found in candidates(first)), None)
        advice = "set paginator to offset or page_number with the API's parameter names, if it knows such"
    else:
        guess = SinglePage()
        advice = "set paginator to single_page if this is everything, or else to offset or page_number"
    perhaps = f"; perhaps {json.dumps(spec_of(guess))}" if guess else ""
    said = f"auto cannot tell how the API pages. Seen in the first response: {', '.join(seen)}"
    shape, way_out = f"; {describe(first.page.value)}", f". To go on, {advice}{perhaps}"
    return said + (shape if len(said + shape + way_out) <= MAX_MESSAGE else "") + way_out


def _guess(first: Envelope, more: list[str]) -> Offset | PageNumber | None:
    """What the API may take, by the names that it or the request uses; None where there is `more` by a cursor."""
    page, offset, size = (_named(first, names) for names in (PAGES, OFFSETS, SIZES - {"count"}))
    usual = _USUAL_NAMES.get(first.page.selector)
    place = first.total.place if first.total else None
    path, header = (place.path, place.header) if place else (None, None)
    if not offset and not usual and (page or numbers_of_pages(first.page, first.sections)):
        number = page or _named(first, {"number"})
        base = 0 if number and number[1] == 0 else 1  # this is the first page
        return PageNumber(page[0] if page else "page", base, total_path=path, total_header=header)
    if not offset and not usual and more:
        return None
    by_size, by_offset = usual or ("limit", "offset")
    return Offset(first.rows or None, size[0] if size else by_size, offset[0] if offset else by_offset, path, header)


def _named(first: Envelope, names: set[str]) -> Number | None:
    """The first of `names` that the link to the next page, the request or the body uses, with its number."""
    used = [number_in(shown_by_next(first) | asked_by(first), names)]
    used += [first.echo(section, names) for section in first.sections]
    return next((found for found in used if found), None)


_USUAL_NAMES = {"value": ("$top", "$skip"), "hits.hits": ("size", "from"), "response.docs": ("rows", "start")}
"""The limit's and the offset's parameter, by where the records are: OData, Elasticsearch and Solr."""
