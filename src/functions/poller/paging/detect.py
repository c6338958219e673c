"""`auto`: reading the first response for how the rest is asked for.

A table of detectors. Each looks for one convention and answers with the paginator and the evidence for
it, or with None. What no detector recognises is refused with what was seen: a page is never taken for
the whole unless the API says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from poller.errors import JobRejected
from poller.paging.more_signs import PAGE_TOTALS, promises_more
from poller.paging.sections import sections
from poller.paging.selector import as_count, select
from poller.paging.totals import declared_total, find_total, page_size_at
from poller.specs.model import JobSpec, Offset, PageNumber, Paginator, SinglePage
from poller.specs.parse import MOST_LIMIT, refuse_fixed_parameters
from poller.text import counted, describe
from poller.values import Page

_SIZES = ("limit", "per_page", "perPage", "page_size", "pageSize", "size", "count")


@dataclass(frozen=True, slots=True)
class Detection:
    """A paginator, and one sentence about what shows that it is the right one."""

    paginator: Paginator
    evidence: str


Detector = Callable[[Page], Detection | None]


def detect(spec: JobSpec, page: Page) -> tuple[JobSpec, str]:
    """`spec` with its `auto` paginator replaced by what `page`, the first response, shows; and the evidence.

    Raises JobRejected, naming what was seen, where no detector is sure.
    """
    for detector in DETECTORS:
        found = detector(page)
        if found is None or (_is_the_whole(found.paginator, page) and any(promises_more(page))):
            continue  # a page is never taken for the whole while the API says that there is more
        resolved = replace(spec, paginator=found.paginator)
        refuse_fixed_parameters(resolved)
        return resolved, found.evidence
    raise JobRejected(_what_was_seen(page))


def starts_at_and_counts(page: Page) -> Detection | None:
    """`maxRecordsPerPage`, `totalRecords` and `payload`, asked for by `startAt` and `count`."""
    body = page.value
    names = ("maxRecordsPerPage", "totalRecords", "payload")
    if not (isinstance(body, dict) and all(name in body for name in names)):
        return None
    size = min(page_size_at("maxRecordsPerPage", page), MOST_LIMIT)
    paginator = Offset(limit=size, limit_param="count", offset_param="startAt", total_path="totalRecords")
    return Detection(paginator, f"the body has {', '.join(names)}")


def complete(page: Page) -> Detection | None:
    """The declared total is what already arrived."""
    total = find_total(page)
    if total is None or total.count != len(page.records):
        return None
    return Detection(SinglePage(), f"{total.place} is {total.count}, and as many records arrived")


def echoed_offset(page: Page) -> Detection | None:
    """A total beside the `offset` and page size that the API understood."""
    for section in sections(page):
        offset, size = _echo(page, section, ("offset", "skip")), _echo(page, section, _SIZES)
        total = find_total(page)
        if offset and size and total and offset[1] == 0 and size[1] >= len(page.records) > 0:
            paginator = Offset(
                limit=min(size[1], MOST_LIMIT), limit_param=size[0], offset_param=offset[0],
                total_path=total.path, total_header=total.header,
            )  # fmt: skip
            return Detection(
                paginator, f"the body echoes {section}{offset[0]} and {section}{size[0]} beside {total.place}"
            )
    return None


def echoed_page(page: Page) -> Detection | None:
    """A number of records or of pages, beside the `page` that the API understood.

    The page size is left to the server: the name it is echoed under is often not the one it is asked by.
    """
    for section in sections(page):
        number = _echo(page, section, ("page", "page_number", "pageNumber"))
        if number is None or number[1] not in (0, 1) or not page.records:
            continue
        paginator = PageNumber(page_param=number[0], base_page=number[1])
        total, pages = find_total(page), _echo(page, section, PAGE_TOTALS)
        if total is not None:
            found = replace(paginator, total_path=total.path, total_header=total.header)
            return Detection(found, f"the body echoes {section}{number[0]} beside {total.place}")
        if pages is not None:
            found = replace(paginator, total_pages_path=section + pages[0])
            return Detection(found, f"the body echoes {section}{number[0]} beside {section}{pages[0]}")
    return None


DETECTORS: tuple[Detector, ...] = (starts_at_and_counts, complete, echoed_offset, echoed_page)


def _echo(page: Page, section: str, names: tuple[str, ...]) -> tuple[str, int] | None:
    """The first of `names` that `section` of the body holds a count under."""
    for name in names:
        value = as_count(select(page.value, section + name))
        if value is not None:
            return name, value
    return None


def _is_the_whole(paginator: Paginator, page: Page) -> bool:
    """Whether `paginator` would take this page for all there is."""
    if not isinstance(paginator, Offset | PageNumber):
        return True
    total = declared_total(paginator, page)
    return total.count <= (1 if total.of_pages else len(page.records))


def _what_was_seen(page: Page) -> str:
    more = list(promises_more(page))
    total = find_total(page)
    seen = [counted(len(page.records), "record")]
    if total is not None:
        seen.append(f"{total.place} = {total.count}")
    seen += more
    advice = (
        "set paginator to offset or page_number with the API's parameter names, if it knows such"
        if more or total
        else "set paginator to single_page if this is everything, or else to offset or page_number"
    )
    return (
        f"auto cannot tell how the API pages. Seen in the first response: {', '.join(seen)}; "
        f"{describe(page.value)}. To go on, {advice}"
    )
