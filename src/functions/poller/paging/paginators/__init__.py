"""One class a paging style: its fields, how it is recognised, its requests, its extent. None of them fetches."""

from poller.paging.paginators.auto import Auto
from poller.paging.paginators.offset import Offset
from poller.paging.paginators.page_number import PageNumber
from poller.paging.paginators.single_page import SinglePage

KnownPaginator = SinglePage | Offset | PageNumber
Paginator = Auto | KnownPaginator

PAGINATORS: dict[str, type[Paginator]] = {cls.TYPE: cls for cls in (Auto, SinglePage, Offset, PageNumber)}
"""By the `type` that specs name them with."""

__all__ = ["PAGINATORS", "Auto", "KnownPaginator", "Offset", "PageNumber", "Paginator", "SinglePage"]
