"""A Retry's MaxDelaySeconds and JitterStrategy.

AWS: the wait before retry n is IntervalSeconds * BackoffRate^(n-1), at most MaxDelaySeconds; with
JitterStrategy FULL it is any time between 0 and that.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error

MiniStack knows neither (and cuts every wait to 60 s, which stays). It reads the wait from the retrier
that ``_find_matching_retrier`` returns: here that is one whose interval is already the wait.
"""

import random
from typing import Any

from ministack.services import stepfunctions


def wait_seconds(retrier: dict[str, Any], retries_so_far: int) -> float:
    wait = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries_so_far
    wait = min(wait, retrier.get("MaxDelaySeconds", wait))
    return random.uniform(0, wait) if retrier.get("JitterStrategy") == "FULL" else wait  # noqa: S311  # nosec B311


def install() -> None:
    find_matching_retrier = stepfunctions._find_matching_retrier

    def with_wait(retriers, error, retry_counts):
        retrier, index = find_matching_retrier(retriers, error, retry_counts)
        if retrier is not None:
            wait = wait_seconds(retrier, retry_counts.get(index, 0))
            retrier = {**retrier, "IntervalSeconds": wait, "BackoffRate": 1.0}
        return retrier, index

    stepfunctions._find_matching_retrier = with_wait
