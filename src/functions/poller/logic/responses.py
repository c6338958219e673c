"""Reading what an API answered: is it a page, a reason to ask again, or a reason to stop?

All responses are classified here and nowhere else.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from poller.errors import InvalidPayload, TransientUpstreamError, UpstreamRefused
from poller.logic.exact_json import loads, on_one_line
from poller.models import JSON, Page, Response

_TRANSIENT = {408, 425, 429}
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_LIST_LEVELS = 3  # as in data.orders.items
# Plain names of what is never taken for the records unless the spec says so.
_BESIDE_RECORDS = {
    "error", "errors", "errormessages", "warnings", "warningmessages", "link", "links", "included", "includes",
    "facets", "aggregations", "aggs", "meta", "metadata", "pagination", "paging", "pageinfo", "responsemetadata",
}  # fmt: skip
_SHOWN = 120  # characters of a body that an error message may show


def read_page(response: Response, data_selector: str | None, retry_after_headers: Iterable[str], now: datetime) -> Page:
    """Turn a response into a Page, or raise what the caller should do about it.

    Raises TransientUpstreamError, UpstreamRefused or InvalidPayload. `now` is needed for Retry-After dates.
    """
    refuse_bad_status(response, retry_after_headers, now)
    try:
        value, text = loads(response.body)
    except InvalidPayload as error:
        raise InvalidPayload(f"{error.message}{_what_it_was(response)}") from None
    selector = data_selector or guess_selector(value)
    records = records_at(value, selector)
    digest = hashlib.sha256(repr(records).encode(errors="surrogatepass")).hexdigest()
    return Page(value, records, selector, response.headers, on_one_line(text), digest)


def refuse_bad_status(response: Response, retry_after_headers: Iterable[str], now: datetime) -> None:
    """Raise unless the status is a success with a body."""
    status = response.status
    if status in _TRANSIENT or status >= 500:
        limited = _is_rate_limited(response)
        names = [name for name in retry_after_headers if limited or name.lower() == "retry-after"]
        raise TransientUpstreamError(f"the API answered HTTP {status}", retry_after(response.headers, names, now))
    if status == 304:
        raise UpstreamRefused("the API answered HTTP 304, not modified, to a request that set no condition")
    if 300 <= status < 400:
        raise UpstreamRefused(f"the API answered HTTP {status}, a redirect; redirects are not followed")
    if status >= 400:
        raise UpstreamRefused(f"the API answered HTTP {status}; asking again would not help")
    if status in (204, 205) or not response.body:
        raise InvalidPayload(f"the API answered HTTP {status} without a body; expected JSON")
    if status == 206 and "content-range" in response.headers and response.headers["content-range"].startswith("bytes"):
        raise InvalidPayload("the API answered HTTP 206 with a part of the body only")


def _is_rate_limited(response: Response) -> bool:
    """Whether headers such as X-RateLimit-Reset, which many APIs send with every answer, say when to ask again."""
    left = (value for name, value in response.headers.items() if name.endswith("-remaining"))
    return response.status == 429 or "0" in left


def retry_after(headers: dict[str, str], names: Iterable[str], now: datetime) -> float | None:
    """Seconds to wait as the API asks, never negative; None where it does not say or says nonsense.

    A number is seconds (RFC 9110, section 10.2.3), or, when it is as large as a date, the epoch second
    that rate-limit headers often carry. Anything else is read as an HTTP date.
    """
    said = (_seconds(headers[name.lower()].strip(), now) for name in names if name.lower() in headers)
    return next((seconds for seconds in said if seconds is not None), None)


def _seconds(text: str, now: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        return max(0.0, number - now.timestamp()) if number > 1e9 else number
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def select(value: JSON, path: str) -> JSON:
    """What `path` leads to in `value`; None where it leads nowhere. A top-level key counts as itself."""
    if isinstance(value, dict) and path in value:
        return value[path]
    try:
        return jmespath.search(path, value)
    except JMESPathError:  # a plain key such as @odata.nextLink, in a body that does not have it
        return None


def records_at(value: JSON, selector: str) -> list[JSON]:
    """The list that `selector` leads to. Raises InvalidPayload where there is none."""
    found = select(value, selector)
    if not isinstance(found, list):
        what = "nothing" if found is None else "no list"
        raise InvalidPayload(f"data_selector {selector!r} finds {what} in the body; {describe(value)}")
    return found


def guess_selector(value: JSON) -> str:
    """Where the records are if nobody said: the list that the body is, or the only list in its upper levels.

    A list of plain values counts only where there is no list of objects or lists, and no empty one, which could be
    either. Raises InvalidPayload where that leaves none or several.
    """
    if isinstance(value, list):
        return "@"
    found = dict(_lists(value, "", _LIST_LEVELS))
    rows = [path for path, items in found.items() if not items or any(isinstance(i, dict | list) for i in items)]
    lists = rows or list(found)
    if len(lists) > 1:
        raise InvalidPayload(
            f"the body holds several lists ({', '.join(map(shown, lists[:8]))}); say which with data_selector"
        )
    if not lists:
        raise InvalidPayload(f"the body holds no list of records; {describe(value)}; say where with data_selector")
    return lists[0]


def _lists(value: JSON, prefix: str, levels: int) -> Iterator[tuple[str, list[JSON]]]:
    """Each list in the upper `levels` of `value`, with its path; not what stands beside the records."""
    for name, item in value.items() if isinstance(value, dict) and levels else ():
        if plain(name) in _BESIDE_RECORDS:
            continue
        path = prefix + identifier(name)
        if isinstance(item, list):
            yield path, item
        else:
            yield from _lists(item, path + ".", levels - 1)


def identifier(name: str) -> str:
    """A key as a step of a JMESPath expression: in quotes it may have any characters, without only these."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def plain(name: str) -> str:
    """A key as it is compared with others that mean the same: pageInfo, page_info and page-info are one."""
    return re.sub("[^a-z]", "", name.lower())


def shown(name: str) -> str:
    """A name that somebody made up, fit for a message: short, printable, on one line."""
    return ascii(name[:40])[1:-1]


def describe(value: JSON) -> str:
    """What a body looks like, for messages: its keys or its kind, never its values."""
    if isinstance(value, dict):
        names = [shown(name) for name in value]
        more = "…" if len(names) > 12 else ""
        return f"it has the keys {', '.join(names[:12])}{more}" if names else "it is an empty object"
    if isinstance(value, list):
        return f"it is a list of {len(value)}"
    return "it is a single value"


def _what_it_was(response: Response) -> str:
    """Say what arrived in place of JSON, without repeating content that could be anything."""
    kind = response.headers.get("content-type", "").split(";")[0].strip()[:_SHOWN]
    start = response.body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "; the API answered with an HTML page, as a login or error page would be"
    return f"; its Content-Type is {kind}" if kind else ""


def as_count(value: Any) -> int | None:
    """`value` as a count if it is a whole number that is not negative, else None. True is no number."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value
