"""Which request fetches which page. Pure: a paginator never fetches."""

from urllib.parse import quote, unquote_plus, urlencode, urlsplit, urlunsplit

from poller.specs.model import JobSpec, Offset, PageNumber, Paginator
from poller.values import PageRequest


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
    """`spec`'s URL and params, where a page's own parameters replace those of the same name.

    What the caller wrote in the URL goes out as it was written.
    """
    parts = urlsplit(spec.url)
    written = [
        pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in page_params
    ]
    added = [(name, value) for name, value in spec.params.items() if name not in page_params] + list(
        page_params.items()
    )
    query = "&".join([*written, urlencode(added, quote_via=quote)] if added else written)
    url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
    accept = {} if any(name.lower() == "accept" for name in spec.headers) else {"Accept": "application/json"}
    return PageRequest(spec.method, url, {**accept, **spec.headers})
