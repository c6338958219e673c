"""Which request fetches which page. Pure: a paginator never fetches."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from poller.models import PageRequest
from poller.specs import JobSpec, Offset, PageNumber, Paginator


def page_request(spec: JobSpec, index: int, page_size: int | None) -> PageRequest:
    """The request for page `index` (0 is the first) when every page holds `page_size` records.

    `page_size` is None before it is known: then the spec's own limit is asked for, if it has one.
    """
    return _request(spec, _page_params(spec.paginator, index, page_size))


def _page_params(paginator: Paginator, index: int, page_size: int | None) -> dict[str, str]:
    match paginator:
        case Offset():
            limit = page_size or paginator.limit
            asked = {} if limit is None else {paginator.limit_param: str(limit)}
            # The first request of an API whose page size is not known yet names no offset either:
            # index 0 is where every API starts.
            return asked | ({paginator.offset_param: str(index * limit)} if limit else {})
        case PageNumber():
            asked = {paginator.page_param: str(paginator.base_page + index)}
            if paginator.limit_param is not None:
                asked[paginator.limit_param] = str(page_size or paginator.limit)
            return asked
        case _:
            return {}


def _request(spec: JobSpec, page_params: dict[str, str]) -> PageRequest:
    """`spec`'s URL and params, where a page's own parameters replace those of the same name."""
    parts = urlsplit(spec.url)
    given = [*parse_qsl(parts.query, keep_blank_values=True), *spec.params.items()]
    query = [(name, value) for name, value in given if name not in page_params] + list(page_params.items())
    url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(query, quote_via=quote), ""))
    headers = {"Accept": "application/json", **spec.headers}
    return PageRequest(spec.method, url, headers)
