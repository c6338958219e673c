"""Where an API says how much there is, and whether that can be believed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poller.errors import JobRejected
from poller.paging.links import address_in, header_links, pages_up_to
from poller.paging.lower_bounds import is_named_a_floor, signs_of_a_floor
from poller.paging.sections import Sections, json_in
from poller.paging.selector import as_count, holder, identifier, path_to, select
from poller.text import plain
from poller.values import JSON, Page

_MOST = 10**12  # more records than any job could fetch: a typing error or a broken API
# Plain names. `count` is not among them: where one API counts everything under that name, another counts this page. In
# Django REST framework it is the total, and known by what stands beside it.
_TOTAL = re.compile(
    r"^(estimated|approximate|approx)?total(count|number|records?|items|results|elements|entries|rows|size|hits|objects)?$"
    r"|^total(estimated|approximate)?(matches|hits)$|^(count|records|items|results)total$|^nbhits$|^numfound$|^odatacount$"
    r"|^(estimated|approximate)(document)?count$|^numbermatched$"
)
_EXACT_NAMES = {"__count"}  # of OData 2
_BESIDE_COUNT = {"next", "previous", "results"}
_OF_PAGES = re.compile(r"\bpages?\.$")  # what page.total or pages.total counts is as likely pages
_TOTAL_HEADER = re.compile(r"^x?(wp|pagination)?total(count|records|items|results|elements|entries|rows|hits)?$")
# Of records, in any unit but bytes (RFC 9110, section 14.4); PostgREST leaves the unit out.
_RANGE = re.compile(r"(?!bytes)([a-zA-Z]+ )?[0-9]+-[0-9]+/[0-9]+")
# As in "1,000+", ">1000" and "about 1000".
_AT_LEAST = re.compile(
    r"(?:(?P<sign>>=?|~|\u2265|\u2248|over|about|more than|at least) ?)?(?P<count>[0-9., ]*[0-9])(?P<plus>\+)?"
)


@dataclass(frozen=True, slots=True)
class TotalPlace:
    """Where a total is: a path into the body or a header's name; and whether it counts pages instead of records.

    A header's name may go on with # and a path into the JSON that it holds: X-Pagination#TotalCount. `numbered` is the
    parameter by which pages are asked for, and the number of the first: a link to the last page, as in the Link header,
    says by it how many there are.
    """

    path: str | None = None
    header: str | None = None
    of_pages: bool = False
    numbered: tuple[str, int] | None = None

    def read(self, page: Page) -> "Total | None":
        """None where nothing is there, or null. Raises JobRejected where that is no believable count."""
        value = select(page.value, self.path) if self.path is not None else _from_header(page, self.header or "")
        if self.numbered and (address := address_in(value)):
            value = pages_up_to(address, *self.numbered)
        if isinstance(value, dict) and "value" in value:  # as Elasticsearch's {"value": 10000, "relation": "gte"}
            value = value["value"]
        if value is None:
            return None
        rough = _AT_LEAST.fullmatch(value.strip().lower()) if isinstance(value, str) else None
        is_rough = rough is not None and bool(rough["sign"] or rough["plus"])
        count = _believable(rough["count"] if rough and is_rough else value, str(self))
        return Total(count, self, is_rough or self._is_floor(page))

    def _is_floor(self, page: Page) -> bool:
        """Whether the total's name, or what stands beside it, says that it was not counted to the end."""
        if self.path is None:
            header, _, path = (self.header or "").partition("#")
            around, name = (json_in(page.headers[header.lower()]) if path else page.headers), path or header
        else:
            around, key = holder(page.value, self.path)
            name = key or ""
        beside = around if isinstance(around, dict) else {}
        total = beside.get(name)
        parts = total if isinstance(total, dict) else {}
        return is_named_a_floor(name) or any(signs_of_a_floor(beside | parts))

    def __str__(self) -> str:
        return self.path or f"header {self.header}"


@dataclass(frozen=True, slots=True)
class Total:
    """A declared total: how many, where that was read, and whether there may be more."""

    count: int
    place: TotalPlace
    is_floor: bool = False

    @property
    def of_pages(self) -> bool:
        return self.place.of_pages


def totals_in_usual_places(page: Page, sections: Sections, headers: Sections) -> Iterator[Total]:
    """Every total of records that has a usual name. Raises JobRejected where one is no believable count."""
    places = [
        TotalPlace(path=path_to(prefix, name))
        for prefix, content in sections.items()
        for name, value in content.items()
        if _is_total(prefix, name) or (name == "count" and content.keys() >= _BESIDE_COUNT)
        if not isinstance(value, dict | list) or _is_counted(value)
    ]
    places += [TotalPlace(header=name) for name in page.headers if _TOTAL_HEADER.search(plain(name))]
    places += [
        TotalPlace(header=prefix + identifier(name))
        for prefix, content in headers.items()
        for name in content
        if _is_total(prefix, name)
    ]
    if _RANGE.fullmatch(page.headers.get("content-range", "")):
        places.append(TotalPlace(header="content-range"))
    return (total for place in places if (total := place.read(page)) is not None)


def _is_total(prefix: str, name: str) -> bool:
    if plain(name) == "total" and _OF_PAGES.search(prefix):
        return False
    return _TOTAL.search(plain(name)) is not None or name in _EXACT_NAMES


def _is_counted(value: JSON) -> bool:
    return isinstance(value, dict) and as_count(value.get("value")) is not None and "relation" in value


def page_size_at(path: str, page: Page) -> int:
    """The server's own page size. Raises JobRejected where it is none: 0 would mean endless pages."""
    value = select(page.value, path)
    size = as_count(value)
    if not size or size > _MOST:
        raise JobRejected(f"the page size at {path} is {repr(value)[:40]}, not a believable one; nothing was fetched")
    return size


def _from_header(page: Page, header: str) -> Any:
    name, _, path = header.partition("#")
    text = page.headers.get(name.lower())
    if text is None:
        return None
    if name.lower() == "link":
        return next((target for rel, target in header_links(text) if rel == "last"), None)
    if path:
        return select(json_in(text), path)
    # Content-Range: items 0-24/319 carries the total behind the slash, or * (RFC 9110, section 14.4).
    digits = text.rpartition("/")[2].strip()
    return None if digits == "*" else digits


def _believable(value: Any, place: str) -> int:
    count = as_count(value)
    if count is None or count > _MOST:
        shown = repr(value)[:40]
        raise JobRejected(
            f"the total at {place} is {shown}, not a believable whole number; nothing was fetched. "
            "If the total is elsewhere, say where with paginator.total_path"
        )
    return count
