"""What a first page shows of how the rest is asked for, and whether there is a rest."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urljoin, urlsplit

from poller.paging.envelope import Envelope
from poller.paging.links import is_same_list, links_to_last, pages_up_to
from poller.paging.more_signs import next_address, numbers_of_pages, says_no_next
from poller.paging.page_words import OFFSETS, PAGES, SIZES, is_usual_size
from poller.paging.selector import as_count
from poller.text import plain

Number = tuple[str, int]
"""A parameter's name, and its number."""
_OF_THIS_PAGE = {"count", "size", "rows", "itemsperpage"}  # some say by these how many records came


def asked_by(first: Envelope) -> dict[str, str]:
    """The query parameters of the request."""
    return dict(parse_qsl(urlsplit(first.page.url).query))


def number_in(parameters: dict[str, str], names: Collection[str]) -> Number | None:
    """The first of `parameters` whose plain name is one of `names`, if its value is a count."""
    counts = ((name, as_count(text)) for name, text in parameters.items() if plain(name) in names)
    return next(((name, count) for name, count in counts if count is not None), None)


def first_of(name: str, bases: Collection[int], following: int, step: int, asked: dict[str, str]) -> int | None:
    """What the parameter `name` is on the first page, that of the request, if it is `following` on the second.

    None where that is none of `bases`, or the request asked for something else.
    """
    base = following - step
    return base if base in bases and as_count(asked.get(name, str(base))) == base else None


def shown_by_next(first: Envelope) -> dict[str, str]:
    """The query parameters that the API's link to the next page changes: only such as say which page, and how large.

    None where there is no such link, or where it changes anything else: then it cannot be made from a number.
    """
    address = next_address(first.page, first.sections)
    parts, own = urlsplit(urljoin(first.page.url, address)), asked_by(first)
    changed = {name: text for name, text in parse_qsl(parts.query) if own.get(name) != text}
    of_pages = all(
        plain(name) in PAGES | OFFSETS | SIZES and as_count(text) is not None for name, text in changed.items()
    )
    # GitHub writes links to another path, where the same list is. Then there is one to its last page, too.
    is_own_list = parts.path.removesuffix("/") == urlsplit(first.page.url).path.removesuffix("/") or any(
        is_same_list(address, last) and _keeps_filters(first, last)
        for _, last in links_to_last(first.page.headers.get("link", ""), {})
    )
    return changed if address and of_pages and is_own_list else {}


def other_next_page(first: Envelope, address: str, other: str) -> bool:
    """Whether two links to the next page lead to different ones: each has something in its query that is neither in the
    other's nor in the request's."""
    own = asked_by(first).items()
    theirs, others = (
        {text for name, text in parse_qsl(urlsplit(link).query) if (name, text) not in own} for link in (address, other)
    )
    return bool(theirs - others) and bool(others - theirs)


def last_page(first: Envelope, param: str) -> str | None:
    """Where the API has a link to the last page that has its number under `param`: a path in the body, or "" for the
    Link header. None where there is none."""
    links = links_to_last(first.page.headers.get("link", ""), first.sections)
    counting = (
        path
        for path, address in links
        if isinstance(pages_up_to(address, param, 1), int) and _keeps_filters(first, address)
    )
    return next(counting, None)


def _keeps_filters(first: Envelope, address: str) -> bool:
    """Whether all that was asked for is in `address` too, but for what says which page, and how large."""
    query = parse_qsl(urlsplit(address).query)
    return all(pair in query or plain(pair[0]) in PAGES | OFFSETS | SIZES for pair in asked_by(first).items())


def says_more_than_its_total(first: Envelope, count: int) -> bool:
    """Whether a total of `count` pages or records, which makes one page, stands beside a sign of more."""
    return count <= first.rows and bool(first.more())


def why_whole(first: Envelope) -> str:
    """What shows that this page is everything, where its total is the number of its records; "" without a proof.

    That alone is none: some APIs call the number of rows on a full page the total.
    """
    limits = [first.echo(section, SIZES - _OF_THIS_PAGE) for section in first.sections]
    limits.append(number_in(asked_by(first), SIZES))
    limit = max((found[1] for found in limits if found), default=0)
    if first.rows == 0:
        return "there is nothing"
    if first.ends:
        return "the API says that it is the last page"
    if says_no_next(first.page, first.sections):
        return "it names no next page"
    if 1 in numbers_of_pages(first.page, first.sections):
        return "there is one page"
    if limit > first.rows or "content-range" in first.page.headers:
        return "the page had room for more"
    return "" if limit == first.rows or is_usual_size(first.rows) else "no page is as long by itself"
