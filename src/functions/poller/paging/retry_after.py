"""When an API asks to be asked again."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_EPOCH, _EPOCH_MILLISECONDS = 1e9, 1e11  # from September 2001 on; in milliseconds, from March 1973 on


def retry_after(headers: dict[str, str], names: Iterable[str], now: datetime) -> float | None:
    """Seconds to wait as the API asks, 0 for a time that is past; None where it does not say or says nonsense.

    A number is seconds (RFC 9110, section 10.2.3), or, where it is as large as a date, the epoch second or millisecond
    that rate-limit headers often carry; in a header such as retry-after-ms it is milliseconds. A text is an HTTP date,
    or one of ISO 8601, in UTC if it names no zone.
    """
    lower = [name.lower() for name in names if name.lower() in headers]
    said = (_seconds(headers[name].strip(), 1000 if name.endswith("-ms") else 1, now) for name in lower)
    return next((seconds for seconds in said if seconds is not None), None)


def _seconds(text: str, units: int, now: datetime) -> float | None:
    """`units`: how many a second has."""
    if _NUMBER.fullmatch(text):
        number = float(text) / units
        if number > _EPOCH_MILLISECONDS:
            number /= 1000
        return max(0.0, number - now.timestamp() if number > _EPOCH else number)
    moment = _date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _date(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None
