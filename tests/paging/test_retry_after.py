"""Which header of which answer says when to ask again."""

import pytest

from poller.errors import TransientUpstreamError, UpstreamRefused
from poller.paging.read import refuse_bad_status
from poller.specs.model import Retry
from poller.values import Response
from tests.support.builders import NOW

USUAL = Retry().retry_after_headers
OF_EVERY_ANSWER = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": "3000"}


def wait(status: int, headers: dict[str, str], names: tuple[str, ...] = USUAL) -> float | None:
    with pytest.raises(TransientUpstreamError) as refused:
        refuse_bad_status(Response(status, headers, b""), names, NOW)
    return refused.value.retry_after


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 599])
def test_a_failure_is_not_a_rate_limit_although_its_headers_tell_of_one(status):
    assert wait(status, OF_EVERY_ANSWER) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_retry_after_is_heard_with_every_failure_that_passes(status):
    assert wait(status, OF_EVERY_ANSWER | {"retry-after": "7"}) == 7


@pytest.mark.parametrize("name", ["retry-after", "Retry-After", "RETRY-AFTER"])
def test_retry_after_may_be_written_in_any_case(name):
    assert wait(503, {"retry-after": "7"}, (name,)) == 7


def test_too_many_requests_end_when_any_named_header_says():
    assert wait(429, OF_EVERY_ANSWER) == 3000
    assert wait(429, {"x-backoff": "9"}, ("X-Backoff",)) == 9


@pytest.mark.parametrize("name", ["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"])
def test_a_failure_with_nothing_left_of_the_limit_is_about_the_limit(name):
    assert wait(503, {name: "0", "x-ratelimit-reset": "60"}) == 60
    assert wait(503, {name: "10", "x-ratelimit-reset": "60"}) is None


def test_a_header_that_the_job_does_not_name_is_not_heard():
    assert wait(429, {"retry-after": "7"}, ()) is None
    assert wait(503, {"retry-after": "7"}, ("X-Backoff",)) is None


def test_a_refusal_stays_one_whatever_is_left_of_the_limit():
    with pytest.raises(UpstreamRefused):
        refuse_bad_status(Response(403, {"x-ratelimit-remaining": "0", "retry-after": "7"}, b""), USUAL, NOW)
