"""Signs in a response that there is more than what arrived."""

import re
from collections.abc import Iterator

from poller.paging.sections import Sections
from poller.paging.selector import as_count
from poller.text import plain, shown
from poller.values import JSON, Page

PAGE_TOTALS = (
    "total_pages", "totalPages", "page_count", "pageCount", "pages", "last_page", "lastPage", "nbPages", "num_pages",
)  # fmt: skip
_PAGE_TOTAL_HEADERS = (
    "x-total-pages", "x-wp-totalpages", "x-pages", "x-page-count", "total-pages", "x-pagination-page-count",
)  # fmt: skip
# Plain names that mean: there is more. A time of the next update is no next page.
_MORE = re.compile(
    r"next(?!update|refresh|run|sync|reset)|^hasmore|^more$|^more(records|items|results|pages|rows|data|available)"
    r"|^cursor$|^continu|truncated$|^incomplete|^exceededtransferlimit$"
)
# The same, for names that mean it when they are false: this is the end.
_END = re.compile(r"^(is)?last(page)?$|^(is)?done$|^endof(records|results|list|data|pages)$")
_MORE_HEADER = re.compile(
    r"(^|-)(next(-?(page|cursor|token|url|link|offset))?|has-?(more|next)|continuation(-?token)?)$"
)
_LINK_NEXT = re.compile(r"""rel\s*=\s*("[^"]*\bnext\b[^"]*"|next\b)""", re.IGNORECASE)
_NOTHING = {"", "false", "0", "-1", "none", "null", "no"}


def signs_of_more(page: Page, sections: Sections, pages: int, is_last: bool) -> Iterator[str]:
    """Names of the things in the response that mean: there are more than `pages` pages. `is_last`: this is the last."""
    limits = dict.fromkeys(PAGE_TOTALS, pages)
    if pages == 1:
        limits["count"] = len(page.records)  # some count the rows of this page under that name, others all there are
    if is_last:
        yield from _signs_in_headers(page.headers)
    for header in _PAGE_TOTAL_HEADERS:
        declared = page.headers.get(header, "")
        if re.fullmatch("[0-9]{1,18}", declared) and int(declared) > pages:
            yield f"header {header} = {int(declared)}"
    for prefix, content in sections.items():
        for name, value in content.items():
            count, limit = as_count(value), limits.get(name)
            if count is not None and limit is not None:
                if count > limit:
                    yield f"{prefix}{name} = {count}"
            elif is_last and _is_sign(plain(name), value):
                yield prefix + shown(name)


def _signs_in_headers(headers: dict[str, str]) -> Iterator[str]:
    if _LINK_NEXT.search(headers.get("link", "")):
        yield "a Link header with rel=next"
    for name, value in headers.items():
        if _MORE_HEADER.search(name) and _says_something(value):
            yield f"header {shown(name)}"


def _is_sign(name: str, value: JSON) -> bool:
    if _END.search(name):
        return value is False or (isinstance(value, str) and value.lower() == "false")
    if name in ("link", "links") and isinstance(value, list):
        return any(_is_link_to_next(item) for item in value)
    return bool(_MORE.search(name)) and _says_something(value)


def _is_link_to_next(item: JSON) -> bool:
    return isinstance(item, dict) and "next" in (item.get("rel"), item.get("relation"))


def _says_something(value: JSON) -> bool:
    """Not null, false, zero, negative or empty, nor made of such: {"href": null} says nothing."""
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    if isinstance(value, str):
        return value.strip().lower() not in _NOTHING
    return value > 0 if isinstance(value, int | float) else bool(value)
