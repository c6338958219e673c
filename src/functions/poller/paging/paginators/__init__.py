"""One class a paging style: its fields, how it is recognised, its requests, its extent. None of them fetches."""

from poller.paging.paginators.auto import Auto
from poller.paging.paginators.cursor import Cursor
from poller.paging.paginators.header_cursor import HeaderCursor
from poller.paging.paginators.header_link import HeaderLink
from poller.paging.paginators.json_link import JsonLink
from poller.paging.paginators.offset import Offset
from poller.paging.paginators.page_number import PageNumber
from poller.paging.paginators.single_page import SinglePage

RangePaginator = SinglePage | Offset | PageNumber
"""Those that can ask for any page."""
ChainPaginator = Cursor | HeaderCursor | JsonLink | HeaderLink
"""Those that need the answer before, which says where the next page begins."""
KnownPaginator = RangePaginator | ChainPaginator
Paginator = Auto | KnownPaginator

PAGINATORS: dict[str, type[Paginator]] = {
    cls.TYPE: cls for cls in (Auto, SinglePage, Offset, PageNumber, Cursor, HeaderCursor, JsonLink, HeaderLink)
}
"""By the `type` that specs name them with."""

__all__ = [
    "PAGINATORS", "Auto", "ChainPaginator", "Cursor", "HeaderCursor", "HeaderLink", "JsonLink", "KnownPaginator",
    "Offset", "PageNumber", "Paginator", "RangePaginator", "SinglePage",
]  # fmt: skip
