"""The request for a page: what the spec asks for, with what its paginator changes."""

from urllib.parse import quote, unquote_plus, urlencode, urlsplit, urlunsplit

from poller.specs.model import JobSpec
from poller.values import PageRequest


def page_request(spec: JobSpec, index: int, page_size: int | None, received: int = 0) -> PageRequest:
    """The request for page `index` (0 is the first) when every page holds `page_size` records; or, for a style that
    counts records, for those of it that are missing behind the `received` first ones.

    `page_size` is None before it is known: then the spec's own limit is asked for, if it has one. What the caller wrote
    in the URL goes out as it was written; the page's own parameters replace those of the same name. A list is sent as
    one parameter a value.
    """
    page_params = spec.paginator.parameters(index, page_size, received)
    parts = urlsplit(spec.url)
    pairs = parts.query.split("&") if parts.query else []
    written = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in page_params]
    added = {name: value for name, value in spec.params.items() if name not in page_params} | page_params
    query = "&".join([*written, urlencode(added, doseq=True, quote_via=quote)] if added else written)
    url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
    accept = {} if any(name.lower() == "accept" for name in spec.headers) else {"Accept": "application/json"}
    return PageRequest(spec.method, url, {**accept, **spec.headers})
