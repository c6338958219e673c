"""Where a first page names the next one: links and cursors, and the parameters by which cursors are usually sent."""

import re
from collections.abc import Iterator

from poller.paging.envelope import Envelope
from poller.paging.links import address_in, header_links, leads_elsewhere, unwrapped
from poller.paging.said import says_something, says_yes
from poller.paging.selector import as_count, path_to
from poller.text import plain
from poller.values import JSON

# All are plain names.
_LINK = re.compile(r"^next(page|link|url|href|uri|pageurl|pagelink|recordsurl|pageuri)?$|nextlink$")
_LISTS = {"link", "links"}
_HEADER_LINK = re.compile(r"^x?(page|pagination|paging|link)?next(page|link|url|href|uri|pageurl|pagelink)?$")
_CURSOR = re.compile(
    r"^next(page)?(cursor|token|key|marker|id)$|^next(page)?$|^(end|after)cursor$|^after$|^next(start|continuation)token$"
    r"|^continuation(token)?$|^continue$|^(next)?bookmark$|^nextmarker$|^scroll(param|id|token)?$|^nextposition$|^offset$|^cursor$|^nextoffset$"
)
_HEADER_CURSOR = re.compile(
    r"^x?(ms)?((page|pagination|paging)?next(page)?(cursor|token|marker)|continuation(token)?|cursor)$"
)
_FLAG = re.compile(r"^(has|is)?(more|next)(page|pages|items|results|records|data|rows|available)?$")
_OF_THE_NEXT = re.compile(r"^(?:next|end)[_.-]?(?=.)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|/(?!/)|\?|[^?]*\?.*=", re.IGNORECASE)
_USUAL = ("cursor", "start_cursor", "page_token", "pageToken", "after", "starting_after", "next", "next_token")
_OF_IDS = ("starting_after", "after", "after_id", "last_id", "since_id", "cursor")
_MAX_TRIES = 8


def link_in_headers(first: Envelope) -> str | None:
    """The header whose whole text is the next page's address; "" for the Link header, None where there is none."""
    headers, url = first.page.headers, first.page.url
    if any(rel == "next" and leads_elsewhere(target, url) for rel, target in header_links(headers.get("link", ""))):
        return ""
    names = (name for name, text in headers.items() if _HEADER_LINK.search(plain(name)) and _is_address(text, url))
    return next(names, None)


def link_in_body(first: Envelope) -> tuple[str, str | None] | None:
    """The path to the next page's address, and to what the API puts before such links where they are relative."""
    for prefix, content in first.sections.items():
        for name, value in content.items():
            if plain(name) in _LISTS and isinstance(value, list):
                if path := _link_in_list(value, first.page.url):
                    return f"{path_to(prefix, name)}{path}", None
            elif _LINK.search(plain(name)) and _is_address(unwrapped(value), first.page.url):
                base = content.get("base")
                is_relative = isinstance(base, str) and "://" in base and "://" not in address_in(value)
                return path_to(prefix, name), path_to(prefix, "base") if is_relative else None
    return None


def cursors_in_body(first: Envelope) -> Iterator[tuple[str, str | None, list[str]]]:
    """Paths to what may be the next page's cursor; to a flag beside it that says that there is more; and the parameters
    by which it is usually sent, the likeliest first."""
    for prefix, content in first.sections.items():
        flag = next((path_to(prefix, name) for name, value in content.items() if _is_flag(name, value)), None)
        for name, value in content.items():
            if _CURSOR.search(plain(name)) and _is_cursor(name, value):
                yield path_to(prefix, name), flag, _parameters(name)
        last = first.page.records[-1] if first.rows else None
        if flag and isinstance(last, dict) and "id" in last:
            yield _last(first.page.selector), flag, list(_OF_IDS)


def flag_of_more(first: Envelope) -> str | None:
    """The path to a flag that says that there is more."""
    paths = (
        path_to(prefix, name)
        for prefix, content in first.sections.items()
        for name, value in content.items()
        if _is_flag(name, value)
    )
    return next(paths, None)


def cursor_in_headers(first: Envelope) -> tuple[str, list[str]]:
    """The header that may hold the next page's cursor, and the parameters by which it may be sent: none without one."""
    for name, text in first.page.headers.items():
        if _HEADER_CURSOR.search(plain(name)) and says_something(text):
            return name, _parameters(re.sub(r"^x-(ms-)?", "", name).replace("-", "_"))
    return "", []


def _link_in_list(links: list[JSON], url: str) -> str:
    """As FHIR and PayPal write links: [{"rel": "next", "href": …}]."""
    for item in links:
        for relation in ("rel", "relation") if isinstance(item, dict) else ():
            key = next((key for key in ("href", "url") if key in item), None)
            if item.get(relation) == "next" and key and _is_address(item[key], url):
                return f"[?{relation}=='next'].{key} | [0]"
    return ""


def _is_address(text: JSON, url: str) -> bool:
    return isinstance(text, str) and _ADDRESS.match(text.strip()) is not None and leads_elsewhere(text, url)


def _is_flag(name: str, value: JSON) -> bool:
    return says_yes(value) and _FLAG.search(plain(name)) is not None


def _is_cursor(name: str, value: JSON) -> bool:
    if plain(name) in ("offset", "cursor", "next", "nextpage"):  # a number there is where this page begins, or a page
        return isinstance(value, str) and as_count(value) is None and says_something(value)
    return isinstance(value, str | int | float) and not isinstance(value, bool) and says_something(value)


def _parameters(name: str) -> list[str]:
    """`next_cursor` is sent as `cursor`, `nextPageToken` as `pageToken`, `after` as itself."""
    bare = _OF_THE_NEXT.sub("", name)
    bare = bare if bare == name or name.isupper() or "_" in name else bare[:1].lower() + bare[1:]
    return list(dict.fromkeys([bare, name, *(["after"] if plain(name) == "endcursor" else []), *_USUAL]))[:_MAX_TRIES]


def _last(selector: str) -> str:
    """The path to the id of the last record."""
    return f"{selector}[-1].id" if re.fullmatch(r'[\w."]+', selector) else f"{selector} | [-1].id"
