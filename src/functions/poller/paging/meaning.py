"""What an answer means: a page, an empty page, a reason to ask again, or a reason to stop.

All answers are judged here and nowhere else; docs/answers.md has the same table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from poller.credentials import MASK, blanked, without_secrets
from poller.errors import InvalidPayload, TransientUpstreamError, UpstreamRefused
from poller.paging.charset import decode
from poller.paging.lossless_json import dumps, loads, on_one_line
from poller.paging.not_json import what_it_was
from poller.paging.rate_headers import resets_in, says_spent
from poller.paging.reason import reason_in
from poller.paging.records import guess_selector, records_at, reports_error
from poller.paging.response_action import Action, ResponseAction, first_fitting, json_in
from poller.paging.retry_after import retry_after
from poller.values import Page, Response


class Meaning(StrEnum):
    """What to make of an answer."""

    PAGE = "a page"
    EMPTY = "an empty page"
    AGAIN = "ask again"
    LIMIT = "a rate limit"
    REFUSED = "refused"
    END = "the end of the data"


BY_ACTION: dict[str, Meaning] = {
    Action.IGNORE: Meaning.EMPTY, Action.RETRY: Meaning.AGAIN, Action.RATE_LIMITED: Meaning.LIMIT,
    Action.FAIL: Meaning.REFUSED, Action.END: Meaning.END,
}  # fmt: skip
"""What a job's own response_actions make of an answer."""
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


@dataclass(frozen=True, slots=True)
class Reading:
    """How the answers to a job's requests are read. `is_of_many`: they hold no lone record.

    The first of `actions` that fits an answer decides over the table.
    """

    data_selector: str | None = None
    retry_after_headers: Iterable[str] = ()
    is_of_many: bool = False
    actions: tuple[ResponseAction, ...] = ()


def read_page(response: Response, reading: Reading, now: datetime) -> Page:
    """Turn a response into a Page, or raise what the caller should do about it.

    Raises TransientUpstreamError, UpstreamRefused or InvalidPayload. `now` is needed for Retry-After dates.
    """
    place = first_fitting(reading.actions, response)
    if place is not None:
        return _as_told(response, reading, place, now)
    is_spent = says_spent(response.headers)
    wait = _wait(response, is_spent or response.status == 429, reading, now)
    meaning = meaning_of(response.status, wait is not None or (is_spent and response.status in _LIMIT_IF_TIMED))
    if meaning is Meaning.EMPTY:
        return Page(None, [], reading.data_selector or "", response.headers, "")
    if meaning in (Meaning.AGAIN, Meaning.LIMIT):
        raise TransientUpstreamError(_answered(response), wait, meaning is Meaning.LIMIT)
    if meaning is Meaning.REFUSED:
        raise UpstreamRefused(_refusal(response), response.status)
    return _page(response, reading)


def _as_told(response: Response, reading: Reading, place: int, now: datetime) -> Page:
    """The same for an answer that the action at `place` speaks of."""
    action = reading.actions[place].action
    said = f"HTTP {response.status}, for which response_actions[{place}] says {action}"
    blank = Page(None, [], reading.data_selector or "", response.headers, "")
    match BY_ACTION[action]:
        case Meaning.EMPTY:  # where the next page begins may be in it all the same
            return replace(blank, value=json_in(response), ignored=said)
        case Meaning.END:
            try:
                return replace(_page(response, reading), end=said)
            except InvalidPayload:
                return replace(blank, end=said)
        case Meaning.REFUSED:  # no status: one that means the end elsewhere is none here
            raise UpstreamRefused(f"{_answered(response)}; response_actions[{place}] says {action}")
        case meaning:
            is_limit = meaning is Meaning.LIMIT
            wait = _wait(response, is_limit or says_spent(response.headers), reading, now)
            message = f"{_answered(response)}; response_actions[{place}] says {action}"
            raise TransientUpstreamError(message, wait, is_limit)


def _page(response: Response, reading: Reading) -> Page:
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
    try:
        selector = reading.data_selector or guess_selector(value, reading.is_of_many)
        records = records_at(value, selector)
    except InvalidPayload as error:
        if reports_error(value):
            error.retell(f"{_answered(response)}; {error.message}")
        raise
    changed = sum(MASK in dumps(record) for record in records) if response.is_blanked else 0
    return Page(value, records, selector, response.headers, on_one_line(text), blanked=changed)


def _wait(response: Response, is_limited: bool, reading: Reading, now: datetime) -> float | None:
    """Seconds to wait as the API asks.

    Many APIs send X-RateLimit-Reset and the like with every answer: they count only where a rate limit is behind it.
    """
    names = [name for name in reading.retry_after_headers if is_limited or name.lower() == "retry-after"]
    wait = retry_after(response.headers, names, now)
    return resets_in(response.headers, now) if wait is None and is_limited else wait


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
