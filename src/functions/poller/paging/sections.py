"""The objects of a body that may speak of paging.

Only the envelope is read, never a record: what a record calls its total or its next is its own business.
"""

import re
from collections.abc import Iterator

from poller.errors import InvalidPayload
from poller.paging.lossless_json import loads
from poller.paging.selector import identifier, select
from poller.text import plain
from poller.values import JSON, Page

# Plain names of objects that speak of paging. Spring's pageable repeats the request.
_SECTION = re.compile(
    r"^(page(?!able)|paging|paginat|meta|links?$|info$|resultinfo$|cursors?$)|(paging|pagination|metadata)$"
)
_SECTION_LEVELS = 2  # as in meta.pagination.total
_PLAIN_STEP = re.compile(r'(?:[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*")\.')
# Headers that hold JSON, as ASP.NET's X-Pagination.
_SECTION_HEADER = re.compile(r"^x?(paginat|paging|page(info|header|metadata))")

Sections = dict[str, dict[str, JSON]]


def read_sections(page: Page) -> Sections:
    """The objects of the body that may speak of paging, each by how the paths into it begin: "", "meta." and so on.

    They are the body, the objects that the list of records lies in, and what has a usual name in one of these.
    """
    found = {prefix: value for prefix, value in _around_records(page) if isinstance(value, dict)}
    for _ in range(_SECTION_LEVELS):
        found |= {
            f"{prefix}{identifier(name)}.": value
            for prefix, content in found.items()
            for name, value in content.items()
            if isinstance(value, dict) and _SECTION.search(plain(name))
        }
    return found


def _around_records(page: Page) -> Iterator[tuple[str, JSON]]:
    """The body, and what each further step of a plain selector such as data.items leads to."""
    yield "", page.value
    end = 0
    while step := _PLAIN_STEP.match(page.selector, end):
        end = step.end()
        yield page.selector[:end], select(page.value, page.selector[: end - 1])


def header_sections(headers: dict[str, str]) -> Sections:
    """The JSON objects in headers that speak of paging, by how the names of what is in them begin: "x-pagination#"."""
    found = {f"{name}#": json_in(text) for name, text in headers.items() if _SECTION_HEADER.search(plain(name))}
    return {prefix: value for prefix, value in found.items() if isinstance(value, dict)}


def json_in(text: str) -> JSON:
    """The JSON value in the text of a header; None if it is none."""
    try:
        return loads(text.encode())[0]
    except InvalidPayload:
        return None
