"""What an answer means: a page, an empty page, a reason to ask again, or a reason to stop.

All answers are judged here and nowhere else; docs/answers.md has the same table.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from poller.credentials import blanked, without_secrets
from poller.errors import InvalidPayload, TransientUpstreamError, UpstreamRefused
from poller.paging.charset import decode
from poller.paging.lossless_json import loads, on_one_line
from poller.paging.not_json import what_it_was
from poller.paging.reason import reason_in
from poller.paging.records import guess_selector, records_at
from poller.paging.retry_after import retry_after
from poller.values import Page, Response


class Meaning(StrEnum):
    """What to make of an answer."""

    PAGE = "a page"
    EMPTY = "an empty page"
    AGAIN = "ask again"
    LIMIT = "a rate limit"
    REFUSED = "refused"


_BY_STATUS = {
    202: Meaning.AGAIN, 204: Meaning.EMPTY, 205: Meaning.EMPTY, 408: Meaning.AGAIN, 425: Meaning.AGAIN,
    429: Meaning.LIMIT,
}  # fmt: skip
_BY_CLASS = {2: Meaning.PAGE, 3: Meaning.REFUSED, 4: Meaning.REFUSED}
_LIMIT_IF_TIMED = {403, 420}
# What to look at, by what was refused.
_ADVICE = {
    400: "check url, params and paginator",
    401: "the API asks for credentials, or for others: set auth, or check its secret",
    403: "the API may ask for credentials, or for others: set auth, or check what its secret allows",
    404: "check url, params and paginator",
    405: "the API does not take this method: set method",
    406: "say what the API has to offer in headers.Accept",
    414: "the URL is too long: shorten params",
    422: "check url, params and paginator",
}
_SHOWN_LOCATION = 200  # characters


def meaning_of(status: int, says_when: bool) -> Meaning:
    """What an answer with `status` means (RFC 9110, section 15). `says_when`: it tells of a time to ask again.

    A refusal that names one is none: most APIs say so by 429, some by 403, and 420 is an old 429 of Twitter's.
    """
    if says_when and status // 100 == 4 and status not in _BY_STATUS:
        return Meaning.LIMIT if status in _LIMIT_IF_TIMED else Meaning.AGAIN
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, Meaning.AGAIN)


def read_page(
    response: Response,
    data_selector: str | None,
    retry_after_headers: Iterable[str],
    now: datetime,
    is_of_many: bool = False,
) -> Page:
    """Turn a response into a Page, or raise what the caller should do about it. `is_of_many`: it holds no lone record.

    Raises TransientUpstreamError, UpstreamRefused or InvalidPayload. `now` is needed for Retry-After dates.
    """
    is_spent = _is_spent(response)
    wait = _wait(response, is_spent, retry_after_headers, now)
    meaning = meaning_of(response.status, wait is not None or (is_spent and response.status in _LIMIT_IF_TIMED))
    if meaning is Meaning.EMPTY:
        return Page(None, [], data_selector or "", response.headers, "")
    if meaning in (Meaning.AGAIN, Meaning.LIMIT):
        raise TransientUpstreamError(_answered(response), wait, meaning is Meaning.LIMIT)
    if meaning is Meaning.REFUSED:
        raise UpstreamRefused(_refusal(response), response.status)
    return _page(response, data_selector, is_of_many)


def _page(response: Response, data_selector: str | None, is_of_many: bool) -> Page:
    if not response.body:
        raise InvalidPayload(f"the API answered HTTP {response.status} without a body; expected JSON", may_pass=True)
    if response.status == 206 and response.headers.get("content-range", "").startswith("bytes"):
        raise InvalidPayload("the API answered HTTP 206 with a part of the body only")
    try:
        value, text = loads(decode(response.body, response.headers.get("content-type", "")))
    except InvalidPayload as error:
        wrong = what_it_was(response)
        message = f"{error.message}{wrong.said}"
        raise InvalidPayload(message, may_pass=error.may_pass and not wrong.is_meant) from None
    selector = data_selector or guess_selector(value, is_of_many)
    records = records_at(value, selector)
    return Page(value, records, selector, response.headers, on_one_line(text))


def _is_spent(response: Response) -> bool:
    """Whether a header such as X-RateLimit-Remaining says that no more requests are allowed for now."""
    return "0" in (value for name, value in response.headers.items() if name.endswith("-remaining"))


def _wait(response: Response, is_spent: bool, names: Iterable[str], now: datetime) -> float | None:
    """Seconds to wait as the API asks.

    Many APIs send X-RateLimit-Reset and the like with every answer: they count only where a rate limit is behind it.
    """
    limited = is_spent or response.status == 429
    return retry_after(response.headers, [n for n in names if limited or n.lower() == "retry-after"], now)


def _answered(response: Response) -> str:
    """What came, with the API's own reason."""
    said = reason_in(response)
    not_ready = ", not ready yet" if response.status == 202 else ""
    return f"the API answered HTTP {response.status}{not_ready}" + (f': "{said}"' if said else "")


def _refusal(response: Response) -> str:
    if response.status == 304:
        return "the API answered HTTP 304, not modified, to a request that set no condition"
    if response.status < 400:
        where = blanked(without_secrets(response.headers.get("location", "")))[:_SHOWN_LOCATION]
        return (
            f"the API answered HTTP {response.status}, a redirect to {where or 'nowhere'}. Only a GET is followed, to "
            "the same origin, with its query, and three times at most: set url to where it leads"
        )
    answered = _answered(response)
    advice = _ADVICE.get(response.status, "asking again would not help")
    return f"{answered}; {advice}"
