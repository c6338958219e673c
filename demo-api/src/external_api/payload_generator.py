"""PayloadGenerator: GET /payload?startAt=&count=, a made-up partner API to poll.

Every record follows from its number alone, so a dataset can be compared with what was generated.
"""

import json
import os
import random
import time
from typing import Any

TOTAL_RECORDS = 10_000
MAX_RECORDS_PER_PAGE = 100
_CITIES = ("Zürich", "São Paulo", "東京", "Nairobi", "Kraków", "Reykjavík")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """`event`: an HTTP API request. ERROR_RATE and MAX_DELAY_SECONDS say how unreliable to be."""
    time.sleep(random.uniform(0, float(os.environ["MAX_DELAY_SECONDS"])))  # noqa: S311  # nosec B311  # no secret
    if random.random() < float(os.environ["ERROR_RATE"]):  # noqa: S311  # nosec B311  # no secret
        return _answer(500, {"message": "Something went wrong; it does now and then"})
    query = event.get("queryStringParameters") or {}
    start, count = query.get("startAt", "0"), query.get("count", str(MAX_RECORDS_PER_PAGE))
    if not (start.isdecimal() and count.isdecimal() and int(count) > 0):
        return _answer(400, {"message": "startAt and count must be whole numbers, count at least 1"})
    return _answer(200, page(int(start), int(count)))


def page(start: int, count: int) -> dict[str, Any]:
    """One page; never more than MAX_RECORDS_PER_PAGE, whatever `count` asks for."""
    end = min(start + min(count, MAX_RECORDS_PER_PAGE), TOTAL_RECORDS)
    return {
        "maxRecordsPerPage": MAX_RECORDS_PER_PAGE,
        "totalRecords": TOTAL_RECORDS,
        "payload": [record(number) for number in range(start, end)],
    }


def record(number: int) -> dict[str, Any]:
    """Record `number`, with the kinds of values that careless readers change."""
    return {
        "id": number,
        "serial": 9_007_199_254_740_993 + number,  # past what a double can hold
        "city": _CITIES[number % len(_CITIES)],
        "amount": number / 4,  # 1.0 must not become 1
        "note": None if number % 7 else 'said "hello"\n\ttwice',
        "tags": {"odd": number % 2 == 1, "digits": [int(digit) for digit in str(number)]},
    }


def _answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body, ensure_ascii=False),
    }
