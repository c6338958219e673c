"""How long to wait before asking for a page again."""

from poller.specs import Retry

_BASE_SECONDS = 0.25


def delay(attempt: int, retry: Retry, retry_after: float | None, jitter: float) -> float:
    """Seconds before attempt `attempt` + 1, where `attempt` counts from 1 and `jitter` is in [0, 1).

    What the API asks for (`retry_after`) is a floor, and `max_delay_seconds` caps it. Otherwise exponential
    with full jitter, as in "Exponential Backoff And Jitter"
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    if retry_after is not None:
        return min(retry_after, float(retry.max_delay_seconds))
    return float(min(retry.max_delay_seconds, _BASE_SECONDS * 2**attempt)) * jitter
