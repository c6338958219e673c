"""How long to wait before asking for a page again."""

from poller.specs.model import Retry

_BASE_SECONDS = 0.25


def delay(failures: int, retry: Retry, retry_after: float | None, jitter: float) -> float:
    """Seconds before the next attempt, after so many that failed. `jitter` is in [0, 1).

    What the API asks for (`retry_after`) is a floor, and `max_delay_seconds` caps it. Otherwise exponential
    with full jitter, as in "Exponential Backoff And Jitter"
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    cap = float(retry.max_delay_seconds)
    return max(min(cap, _BASE_SECONDS * float(2**failures)) * jitter, min(cap, retry_after or 0.0))
