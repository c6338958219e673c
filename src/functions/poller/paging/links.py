"""Links to other pages: the Link header (RFC 8288, section 3), and addresses in a body."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

from poller.paging.page_words import OFFSETS, PAGES
from poller.text import plain
from poller.values import JSON

_LINK = re.compile(r"<([^>]*)>([^<]*)")
# Double quotes or none by the RFC; some servers write single ones.
_REL = re.compile(r"""(?:^|[;\s])rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))""", re.IGNORECASE)
# Plain names of parameters that count pages or records.
PLACES = re.compile(
    r"^(p|pg|page|page(number|num|no|index|offset)|currentpage|offset|skip|start|startat|startindex|from)$"
)


def header_links(text: str) -> Iterator[tuple[str, str]]:
    """Each relation in a Link header, in lower case, with the address that it leads to."""
    for target, parameters in _LINK.findall(text):
        for groups in _REL.findall(parameters)[:1]:  # a second rel must be ignored
            yield from ((rel, target) for rel in "".join(groups).lower().split())


def address_in(value: JSON) -> str:
    """The address in a link of a body: a string, or an object such as {"href": "…"}; "" where there is none."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("href", "url", "link", "uri") if name in value), None)
    return value if isinstance(value, str) and re.search(r"^https?:|[/?=]", value) else ""


def leads_elsewhere(address: str, url: str) -> bool:
    """Whether `address` is another page than that of `url`. Hosts are not compared: many APIs know theirs by another
    name. True where `url` is not known, or `address` is none."""
    return not url or not address or _page(urljoin(url, address)) != _page(url)


def _page(url: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    return parts.path.rstrip("/"), sorted(parse_qsl(parts.query, keep_blank_values=True))


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
