"""Headers that tell how much is left of a rate limit, and when it begins anew."""

import re
from collections.abc import Iterator
from datetime import datetime

from poller.paging.retry_after import retry_after

_LEFT = re.compile(r"(.*-)remain(?:ing)?")  # X-RateLimit-Remaining, RateLimit-Remaining, X-Esi-Error-Limit-Remain
_ITEM = re.compile(r";?\s*(\w+)\s*=\s*(\d+)")


def says_spent(headers: dict[str, str]) -> bool:
    """Whether a header says that no more requests are allowed for now."""
    return any(True for _ in _spent(headers))


def resets_in(headers: dict[str, str], now: datetime) -> float | None:
    """Seconds until the limits of which nothing is left begin anew; None where there is none, or it does not say."""
    found = [seconds for reset in _spent(headers) if (seconds := retry_after({"reset": reset}, ["reset"], now))]
    return max(found, default=None)


def _spent(headers: dict[str, str]) -> Iterator[str]:
    """What is said, for each limit of which nothing is left, of when it begins anew; "" where nothing is."""
    for name, value in headers.items():
        if (left := _LEFT.fullmatch(name)) and value.strip() == "0":
            yield headers.get(f"{left[1]}reset", "")
    # draft-ietf-httpapi-ratelimit-headers: RateLimit: "default";r=0;t=30 by its latest versions, and
    # limit=10, remaining=0, reset=30 by earlier ones.
    text = headers.get("ratelimit", "")
    for policy in text.split(",") if ";" in text else [text]:
        said = dict(_ITEM.findall(policy))
        if "0" in (said.get("r"), said.get("remaining")):
            yield said.get("t") or said.get("reset") or ""
