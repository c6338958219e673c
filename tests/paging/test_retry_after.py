"""Which header of which answer says when to ask again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import TransientUpstreamError, UpstreamRefused
from poller.paging.meaning import Reading, read_page
from poller.paging.retry_after import retry_after
from poller.specs.model import Retry
from poller.values import Response
from tests.support.builders import NOW, examples

EPOCH = NOW.timestamp()
USUAL = Retry().retry_after_headers
OF_EVERY_ANSWER = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4990", "x-ratelimit-reset": "3000"}


def wait(status: int, headers: dict[str, str], names: tuple[str, ...] = USUAL) -> float | None:
    with pytest.raises(TransientUpstreamError) as refused:
        read_page(Response(status, headers, b""), Reading(None, names), NOW)
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


@pytest.mark.parametrize("status", [403, 420, 400, 404, 451])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-remaining": "0", "retry-after": "-7"}, 0),
    ],
)
def test_a_refusal_that_says_when_is_none(status, headers, seconds):
    assert wait(status, headers) == seconds


@pytest.mark.parametrize("status", [403, 420])
def test_a_limit_that_is_used_up_is_one_although_it_does_not_say_when(status):
    assert wait(status, {"x-ratelimit-remaining": "0"}) is None


@pytest.mark.parametrize("name", ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"])
def test_the_usual_names_of_a_reset_are_known(name):
    assert wait(429, {name: "30"}) == 30


def test_a_404_is_one_although_it_was_the_last_request_of_a_limit():
    with pytest.raises(UpstreamRefused):
        read_page(Response(404, {"x-ratelimit-remaining": "0"}, b""), Reading(None, USUAL), NOW)


@pytest.mark.parametrize("status", [401, 403, 404, 420])
@pytest.mark.parametrize("headers", [OF_EVERY_ANSWER, {"retry-after": "soon"}, {"x-ratelimit-reset": "30"}])
def test_a_refusal_that_does_not_say_when_stays_one(status, headers):
    with pytest.raises(UpstreamRefused):
        read_page(Response(status, headers, b""), Reading(None, USUAL), NOW)


@pytest.mark.parametrize(
    ("status", "is_limit"), [(429, True), (403, True), (420, True), (404, False), (202, False), (503, False)]
)
def test_only_a_limit_is_waited_for_without_counting(status, is_limit):
    with pytest.raises(TransientUpstreamError) as refused:
        read_page(Response(status, {"retry-after": "7"}, b""), Reading(None, USUAL), NOW)

    assert refused.value.is_limit is is_limit


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "5"}, 5),
        ({"retry-after": " 5 "}, 5),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "86400"}, 86_400),
        ({"retry-after": "999999999"}, 999_999_999),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Thu, 01 Jan 2026 13:00:30 +0100"}, 30),
        ({"retry-after": "Thursday, 01-Jan-26 12:01:00 GMT"}, 60),
        ({"retry-after": "Wed, 31 Dec 2025 12:00:00 GMT"}, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-reset": str(int(EPOCH) + 90)}, 90),
        ({"x-ratelimit-reset": str(EPOCH + 0.5)}, 0.5),
        ({"x-ratelimit-reset": str(int(EPOCH) - 90)}, 0),
        ({"x-ratelimit-reset": str(int(EPOCH * 1000) + 1500)}, 1.5),
        ({"x-ratelimit-reset": str(int(EPOCH * 1000) - 1500)}, 0),
        ({"retry-after": "0.493"}, 0.493),
        ({"retry-after": "-1"}, 0),
        ({"retry-after": "-0.5"}, 0),
        ({"retry-after": "-9999999999"}, 0),
        ({"retry-after": "2026-01-01T12:00:30Z"}, 30),
        ({"retry-after": "2026-01-01T13:00:30.5+01:00"}, 30.5),
        ({"retry-after": "2026-01-01 12:00:30"}, 30),
        ({"retry-after": "2025-12-31"}, 0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30"}, 30),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 -0000"}, 30),
        ({"retry-after": "5", "x-ratelimit-reset": "30"}, 5),
        ({"x-ratelimit-reset": "30", "retry-after": "5"}, 5),
    ],
)
def test_how_long_the_api_asks_to_wait(headers, seconds):
    names = USUAL

    wait = retry_after(headers, names, NOW)

    assert wait == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "NaN",
        "Infinity",
        "-inf",
        "1e999",
        "120, 60",
        "--1",
        "2026-13-01T00:00:00Z",
        "0x10",
        "Wed, 32 Jan 2026 12:00:00 GMT",
        "Thu, 01 Jan 99999 12:00:00 GMT",
        "Thu, 01 Jan 99999999999999999999 12:00:00 GMT",
        "Thu, 01 Jan 2026 12:00:00 +99999999999999999999",
        "x" * 100_000,
    ],
    ids=lambda text: text[:50],
)
def test_a_wait_that_makes_no_sense_is_none(text):
    headers = {"retry-after": text}

    wait = retry_after(headers, USUAL, NOW)

    assert wait is None


@pytest.mark.parametrize(
    ("names", "seconds"),
    [
        ((), None),
        (("Retry-After-Ms",), 0.25),
        (("X-Backoff",), 9),
        (("x-BACKOFF", "Retry-After"), 9),
        (("Other", "Retry-After", "X-Backoff"), 5),
    ],
)
def test_the_first_named_header_that_is_there_counts(names, seconds):
    headers = {"retry-after": "5", "x-backoff": "9", "retry-after-ms": "250"}

    wait = retry_after(headers, names, NOW)

    assert wait == seconds


@examples
@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,20} Jan \d{1,20} \d\d:\d\d:\d\d [+-]\d{1,20}"))
def test_whatever_the_header_holds_a_wait_is_never_negative(text):
    headers = {"retry-after": text}

    wait = retry_after(headers, ["Retry-After"], NOW)

    assert wait is None or 0 <= wait < float("inf")
