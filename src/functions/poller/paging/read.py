"""Reading what an API answered: is it a page, a reason to ask again, or a reason to stop?

All responses are classified here and nowhere else.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

from poller.errors import InvalidPayload, TransientUpstreamError, UpstreamRefused
from poller.paging.lossless_json import loads, on_one_line
from poller.paging.records import guess_selector, records_at
from poller.values import Page, Response

_TRANSIENT = {408, 425, 429}
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
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


def _what_it_was(response: Response) -> str:
    """Say what arrived in place of JSON, without repeating content that could be anything."""
    kind = response.headers.get("content-type", "").split(";")[0].strip()[:_SHOWN]
    start = response.body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "; the API answered with an HTML page, as a login or error page would be"
    return f"; its Content-Type is {kind}" if kind else ""
