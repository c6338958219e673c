"""The request for a page: what the spec asks for, with what its paginator changes."""

from urllib.parse import quote, unquote_plus, urlencode, urlsplit, urlunsplit

from poller.paging.body_path import with_values
from poller.paging.change import Change, Mark
from poller.paging.lossless_json import dumps
from poller.paging.next_address import origin_of
from poller.specs.model import JobSpec
from poller.values import PageRequest

_TO_STRANGERS = {"accept", "accept-language", "content-type", "user-agent"}


def page_request(spec: JobSpec, index: int, page_size: int | None, received: int = 0) -> PageRequest:
    """The request for page `index` (0 is the first) when every page holds `page_size` records; or, for a style that
    counts records, for those of it that are missing behind the `received` first ones.

    `page_size` is None before it is known: then the spec's own limit is asked for, if it has one. What the caller wrote
    in the URL goes out as it was written; the page's own parameters replace those of the same name. A list is sent as
    one parameter a value.
    """
    return _request(spec, spec.paginator.change(index, page_size, received))


def request_at(spec: JobSpec, mark: Mark) -> PageRequest:
    """The request for the page that begins at `mark`, as the API handed it out; None is the first page.

    An address goes out as it is. At another origin than the spec's, no header or credential goes with it that could be
    meant for the API alone.
    """
    return _request(spec, spec.chain_paginator.change_at(mark))


def is_elsewhere(spec: JobSpec, url: str) -> bool:
    """Whether `url` is at another origin than the API of `spec`."""
    return origin_of(url) != origin_of(spec.url)


def _request(spec: JobSpec, change: Change) -> PageRequest:
    url = change.url or _url(spec, change.params)
    headers = _to_strangers(spec) if change.url and is_elsewhere(spec, url) else spec.headers
    body = _body(spec, change)
    usual = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
    given = {name.lower() for name in headers}
    added = {name: value for name, value in usual.items() if name.lower() not in given}
    return PageRequest(spec.method, url, {**added, **headers}, body)


def _url(spec: JobSpec, page_params: dict[str, str]) -> str:
    parts = urlsplit(spec.url)
    pairs = parts.query.split("&") if parts.query else []
    written = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in page_params]
    added = {name: value for name, value in spec.params.items() if name not in page_params} | page_params
    query = "&".join([*written, urlencode(added, doseq=True, quote_via=quote)] if added else written)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def _to_strangers(spec: JobSpec) -> dict[str, str]:
    return {name: value for name, value in spec.headers.items() if name.lower() in _TO_STRANGERS}


def _body(spec: JobSpec, change: Change) -> bytes | None:
    if spec.json is None and not spec.paginator.body_paths:
        return None
    return dumps(with_values({} if spec.json is None else spec.json, change.body)).encode()
