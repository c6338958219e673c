"""What headers tell of rate limits: whether anything is left, and when it begins anew."""

import pytest

from poller.errors import TransientUpstreamError
from poller.paging.meaning import Reading, read_page
from poller.paging.rate_headers import resets_in, says_spent
from tests.support.builders import NOW, response

EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 30)}, 30),
        ({"x-rate-limit-remaining": " 0 ", "x-rate-limit-reset": "30"}, 30),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, 30),
        ({"ratelimit": '"default";r=0;t=30'}, 30),
        ({"ratelimit": '"burst";r=0;t=5, "daily";r=0;t=3600', "ratelimit-policy": '"burst";q=10;w=5'}, 3600),
        ({"ratelimit": '"burst";r=3;t=5, "daily";r=0;t=3600'}, 3600),
        ({"ratelimit": "limit=10, remaining=0, reset=30"}, 30),
        ({"x-esi-error-limit-remain": "0", "x-esi-error-limit-reset": "30"}, 30),
        ({"x-a-remaining": "0", "x-a-reset": "5", "x-b-remaining": "0", "x-b-reset": "30"}, 30),
    ],
    ids=repr,
)
def test_a_limit_of_which_nothing_is_left_says_when_it_begins_anew(headers, seconds):
    assert resets_in(headers, NOW) == seconds
    assert says_spent(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "30"},
        {"ratelimit": '"default";r=10;t=30'},
        {"ratelimit": "limit=10, remaining=3, reset=30"},
        {"x-esi-error-limit-remain": "100", "x-esi-error-limit-reset": "30"},
        {"ratelimit-reset": "30"},
        {"items-left": "0"},
    ],
    ids=repr,
)
def test_a_limit_of_which_something_is_left_says_nothing(headers):
    assert resets_in(headers, NOW) is None
    assert not says_spent(headers)


@pytest.mark.parametrize(
    "headers",
    [{"x-ratelimit-remaining": "0"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, {"ratelimit": "r=0"}],
    ids=repr,
)
def test_nothing_may_be_left_without_a_word_of_when(headers):
    assert resets_in(headers, NOW) is None
    assert says_spent(headers)


def test_a_time_that_is_past_is_no_pause():
    assert resets_in({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0"}, NOW) is None


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (420, {"x_esi_error_limit_remain": "0", "x_esi_error_limit_reset": "30"}),
        (429, {"ratelimit": '"default";r=0;t=30'}),
        (403, {"x_shop_remaining": "0", "x_shop_reset": "30"}),
    ],
)
def test_a_refusal_waits_as_long(status, headers):
    with pytest.raises(TransientUpstreamError) as limited:
        read_page(response({}, status, **headers), Reading(None, ("Retry-After",)), NOW)

    assert (limited.value.is_limit, limited.value.retry_after) == (True, 30)
