"""Signs in a response that there is more than what arrived."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from poller.paging.links import LAST, address_in, header_links, is_further, leads_elsewhere
from poller.paging.said import says_no, says_something, says_yes
from poller.paging.sections import Sections
from poller.paging.selector import as_count
from poller.text import plain, shown
from poller.values import JSON, Page

# All names below are plain ones. How many pages there are:
PAGE_TOTALS = {
    "totalpages", "totalpage", "pagecount", "pagescount", "pages", "lastpage", "nbpages", "numpages", "numberofpages",
    "totalnumberofpages", "pagetotal", "pagestotal", "countpages", "maxpage",
}  # fmt: skip
_PAGE_TOTAL_HEADER = re.compile(rf"^x?(wp|pagination)?({'|'.join(PAGE_TOTALS)})$")
# There is more, if they say anything. A time of the next update is no next page.
_MORE = re.compile(
    r"next(?!update|refresh|run|sync|reset)|^(is|has)?more$|^more(records|items|results|pages|rows|data|available|exist)"
    r"|^has[a-z]*more|more(url|link|token)$|^cursor$|^continu|truncated$|^exceededtransferlimit$|scrollid$|bookmark$"
    r"|^lastevaluatedkey$|^resumptiontoken$|^remaining(item|record|result|row|page)"
)
_MORE_HEADER = re.compile(
    r"(^|-)(next(-?(page|cursor|token|url|link|offset|marker))?|has-?(more|next)(-?page)?|more-?(records|results|pages)"
    r"|continuation(-?token)?|bookmark|scroll-?id|link-?next)$"
)
_NEXT = re.compile(r"^next(page|link|url|href|pageurl|pagelink|cursor|token|pagetoken)?$|nextlink$|^hasnext(page)?$")
# There is more if they are false; this is the end if they are true.
_END = re.compile(r"^(is)?last(page)?$|^(is)?(done|final|exhausted)$|^(is)?endof(records|results|list|data|pages)$")
# There is more if they are false: what is complete may still be one page of several.
_UNFINISHED = re.compile(r"^(is)?(complete|completed|finished)$|^(scan|query|search|list|results?)(is)?complete$")
# This is the end if they are false.
_FLAG = re.compile(r"^(has|is)?(more|next)(page|pages|items|results|records|data|rows|available)?$")
_LINKS = {"link", "links"}


def signs_of_more(page: Page, sections: Sections, pages: int, is_last: bool) -> Iterator[str]:
    """Names of the things in the response that mean: there are more than `pages` pages. `is_last`: this is the last.

    A flag that says that this is the end outweighs links and cursors, which some APIs send with every page.
    """
    yield from _numbers_of_more(page, sections, pages)
    if not is_last:
        return
    counts_only = ended(page.headers, sections)
    if not counts_only:
        yield from _signs_in_headers(page)
    for prefix, content in sections.items():
        for name, value in content.items():
            if counts_only and not isinstance(value, bool):
                continue
            if _is_sign(plain(name), value, page.url) and not _is_echo(plain(name), value, page.url):
                yield prefix + shown(name)
            elif not counts_only and _is_link_to_a_later_last(plain(name), value, content, page):
                yield f"{prefix}{shown(name)} leads to another page"


def ended(headers: Mapping[str, str], sections: Sections) -> bool:
    """Whether a flag says that this is the last page, and none that it is not."""
    flags = [(plain(name), value) for content in (headers, *sections.values()) for name, value in content.items()]
    return any(_says_end(*flag) for flag in flags) and not any(_says_more(*flag) for flag in flags)


def _says_end(name: str, value: JSON) -> bool:
    return bool(_FLAG.search(name) if says_no(value) else says_yes(value) and _END.search(name))


def _says_more(name: str, value: JSON) -> bool:
    return bool(_FLAG.search(name) if says_yes(value) else says_no(value) and _END.search(name))


def next_address(page: Page, sections: Sections) -> str:
    """The address of the next page, as the Link header or the body gives it; "" where neither does."""
    found = [target for rel, target in header_links(page.headers.get("link", "")) if rel == "next"]
    for content in sections.values():
        for name, value in content.items():
            if plain(name) in _LINKS and isinstance(value, list):
                found += [address_in(item) for item in value if _is_next(item)]
            elif _NEXT.search(plain(name)):
                found.append(address_in(value))
    return next((address for address in found if address), "")


def says_no_next(page: Page, sections: Sections) -> bool:
    """Whether there is a place for the next page, and nothing there; or a link to this page, and none to the next."""
    texts = {name.removeprefix("x-"): text for name, text in page.headers.items()}
    fields = [(plain(name), value) for content in (texts, *sections.values()) for name, value in content.items()]
    links = [value for name, value in fields if name in _LINKS and isinstance(value, list | dict)]
    return any(_NEXT.search(name) and not says_something(value) for name, value in fields) or any(
        "self" in relations and "next" not in relations for relations in map(_relations, links)
    )


def _relations(links: JSON) -> list[JSON]:
    if isinstance(links, dict):
        return list(links)
    return [item.get("rel", item.get("relation")) for item in links if isinstance(item, dict)]


def numbers_of_pages(page: Page, sections: Sections) -> dict[int, str]:
    """How many pages there are, as headers and body say, each with the name of its place."""
    found = [
        (as_count(text), f"header {shown(name)}")
        for name, text in page.headers.items()
        if _PAGE_TOTAL_HEADER.search(plain(name))
    ]
    found += [
        (as_count(value), prefix + shown(name))
        for prefix, content in sections.items()
        for name, value in content.items()
        if plain(name) in PAGE_TOTALS
    ]
    return {count: place for count, place in reversed(found) if count is not None}


def _numbers_of_more(page: Page, sections: Sections, pages: int) -> Iterator[str]:
    yield from (f"{place} = {count}" for count, place in numbers_of_pages(page, sections).items() if count > pages)
    for prefix, content in sections.items() if pages == 1 else ():
        for name, value in content.items():
            # Some count the rows of this page under that name, others all there are.
            count = as_count(value) if plain(name) == "count" else None
            if count is not None and count > len(page.records):
                yield f"{prefix}{shown(name)} = {count}"


def _signs_in_headers(page: Page) -> Iterator[str]:
    links = list(header_links(page.headers.get("link", "")))
    if any(rel == "next" and leads_elsewhere(target, page.url) for rel, target in links):
        yield "a Link header with rel=next"
    if any(rel == "last" and is_further(target, page.url) for rel, target in links):
        yield "a Link header with rel=last that leads to another page"
    for name, value in page.headers.items():
        if _MORE_HEADER.search(name) and says_something(value) and leads_elsewhere(address_in(value), page.url):
            yield f"header {shown(name)}"


def _is_sign(name: str, value: JSON, url: str) -> bool:
    if _END.search(name) or _UNFINISHED.search(name):
        return says_no(value)
    if name in _LINKS and isinstance(value, list):
        return any(_is_link_to_next(item, url) for item in value)
    if name == "offset":  # a number is where this page begins; a text is a cursor
        return isinstance(value, str) and as_count(value) is None and says_something(value)
    return _MORE.search(name) is not None and says_something(value) and leads_elsewhere(address_in(value), url)


def _is_echo(name: str, value: JSON, url: str) -> bool:
    """Whether `value` is a text that the request has sent, as the cursor of this very page."""
    sent = parse_qsl(urlsplit(url).query)
    return isinstance(value, str) and not _FLAG.search(name) and value in [text for _, text in sent]


def _is_link_to_next(item: JSON, url: str) -> bool:
    return _is_next(item) and leads_elsewhere(address_in(item), url)


def _is_next(item: JSON) -> bool:
    return isinstance(item, dict) and "next" in (item.get("rel"), item.get("relation"))


def _is_link_to_a_later_last(name: str, value: JSON, content: Mapping[str, JSON], page: Page) -> bool:
    """Whether `value` is a link to the last page, and not to this one."""
    return name in LAST and is_further(
        address_in(value), address_in(content.get("self")), page.url, address_in(content.get("first"))
    )
