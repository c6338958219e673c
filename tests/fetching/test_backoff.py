import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.fetching.backoff import delay
from poller.specs.model import Retry
from tests.support.builders import examples

jitters = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0.0, 0.0), (1, 0.5, 0.25), (2, 0.5, 0.5), (3, 0.5, 1.0), (6, 0.5, 8.0), (10, 0.5, 128.0), (11, 0.5, 150.0)],
)
def test_waits_double_up_to_the_longest(attempt, jitter, seconds):
    retry = Retry(max_delay_seconds=300)

    wait = delay(attempt, retry, None, jitter)

    assert wait == seconds


@examples
@given(st.integers(1, 20), st.integers(0, 3600), jitters)
def test_a_wait_is_any_time_up_to_its_bound(attempt, most, jitter):
    retry = Retry(max_delay_seconds=most)

    wait = delay(attempt, retry, None, jitter)

    bound = min(most, 0.25 * 2**attempt)
    assert 0 <= wait <= bound
    assert wait == pytest.approx(bound * jitter)
    assert isinstance(wait, float)


@examples
@given(st.integers(1, 20), st.integers(0, 3600), st.floats(0, 1e12), jitters)
def test_what_the_api_asks_for_is_a_floor_below_the_longest(attempt, most, retry_after, jitter):
    retry = Retry(max_delay_seconds=most)

    wait = delay(attempt, retry, retry_after, jitter)

    assert min(retry_after, most) <= wait <= most


@pytest.mark.parametrize(("retry_after", "most", "seconds"), [(10.0, 300, 10.0), (86_400.0, 300, 300.0), (5.0, 0, 0.0)])
def test_jitter_does_not_shorten_what_the_api_asks_for(retry_after, most, seconds):
    retry = Retry(max_delay_seconds=most)

    wait = delay(1, retry, retry_after, 0.0)

    assert wait == seconds
