"""Links to other pages: the Link header (RFC 8288, section 3), and addresses in a body."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

from poller.paging.page_words import OFFSETS, PAGES
from poller.paging.sections import Sections
from poller.paging.selector import path_to
from poller.text import plain
from poller.values import JSON

LAST = {"last", "lastpageurl", "lastlink", "lasturl"}
"""Plain names of links to the last page."""
_TARGET = re.compile(r"[^<]*<([^>]*)>")
# Double quotes or none by the RFC, and a backslash in them takes the next character as it is; some servers write single
# ones.
_PARAMETER = re.compile(
    r"""[\s;]*([^\s=;,<"']+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;,<"'][^\s;,<"]*)?))?"""
)
_IN_OBJECTS = ("href", "url", "link", "uri")
# Plain names of parameters that count pages or records.
PLACES = re.compile(
    r"^(p|pg|page|page(number|num|no|index|offset)|currentpage|offset|skip|start|startat|startindex|from)$"
)


def header_links(text: str) -> Iterator[tuple[str, str]]:
    """Each relation in a Link header, in lower case, with the address that it leads to.

    Commas, semicolons and what looks like another link may be in an address or in quotes (RFC 8288, appendix B.2). A
    link with an anchor is not one of this page, and may be passed over (section 3.2).
    """
    end = 0
    while link := _TARGET.match(text, end):
        parameters: dict[str, str] = {}
        end = link.end()
        while parameter := _PARAMETER.match(text, end):
            value = next(filter(None, parameter.groups()[1:]), "")
            parameters.setdefault(parameter[1].lower(), value)  # a second rel must be ignored
            end = parameter.end()
        if not parameters.get("anchor"):
            yield from ((rel, link[1]) for rel in parameters.get("rel", "").lower().split())


def unwrapped(link: JSON) -> JSON:
    """What an object such as {"href": "…"} holds as its address; an object without one, and all else, as it is."""
    return next((link[name] for name in _IN_OBJECTS if name in link), link) if isinstance(link, dict) else link


def address_in(value: JSON) -> str:
    """The address in a link of a body: a string, or an object with one; "" where there is none."""
    address = unwrapped(value)
    return address if isinstance(address, str) and re.search("[/?=]", address) else ""


def leads_elsewhere(address: str, url: str) -> bool:
    """Whether `address` is another page than that of `url`. Hosts are not compared: many APIs know theirs by another
    name. True where `url` is not known, or `address` is none."""
    return not url or not address or _page(urljoin(url, address)) != _page(url)


def _page(url: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    return parts.path.removesuffix("/"), sorted(parse_qsl(parts.query, keep_blank_values=True))


def is_further(address: str, *pages: str) -> bool:
    """Whether a parameter of `address` that counts pages or records is greater than in the first of `pages` with it,
    or than 1 without one."""
    known: dict[str, int] = {}
    for page in reversed(pages):
        known |= places_in(page)
    return any(number > known.get(name, 1) for name, number in places_in(address).items())


def places_in(url: str) -> dict[str, int]:
    """The parameters of `url` that count pages or records, and their numbers."""
    query = parse_qsl(urlsplit(url).query)
    places = PAGES | OFFSETS
    return {name: int(text) for name, text in query if plain(name) in places and re.fullmatch("[0-9]{1,18}", text)}


def pages_up_to(address: str, param: str, first: int) -> int | str:
    """How many pages there are up to the one that `address` leads to, if `param` is its number and `first` that of the
    first page. The address itself where it has none."""
    numbers = [int(text) for name, text in _query(address) if name == param and re.fullmatch("[0-9]{1,18}", text)]
    return numbers[0] - first + 1 if numbers else address


def links_to_last(header: str, sections: Sections) -> Iterator[tuple[str, str]]:
    """Addresses of the last page: in the Link header, each with "", and in the body, each with its path there."""
    yield from (("", target) for rel, target in header_links(header) if rel == "last")
    for prefix, content in sections.items():
        for name, value in content.items():
            if plain(name) in LAST and (address := address_in(value)):
                yield path_to(prefix, name), address


def is_same_list(address: str, other: str) -> bool:
    """Whether two addresses differ in nothing but the page."""
    return _of_list(address) == _of_list(other)


def _of_list(address: str) -> tuple[str, list[tuple[str, str]]]:
    others = [(name, text) for name, text in _query(address) if plain(name) not in PAGES | OFFSETS]
    return urlsplit(address).path, sorted(others)


def _query(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)
