import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import InvalidPayload, PollerError, TransientUpstreamError, UpstreamRefused
from poller.paging.read import read_page, refuse_bad_status, retry_after
from poller.text import describe
from poller.values import Response
from tests.support.builders import NOW, examples, page, response

CANARY = "s3cr3t-canary"
EPOCH = NOW.timestamp()
USUAL = ("Retry-After", "X-RateLimit-Reset")


def test_a_page_is_read_whole():
    answer = response(b'{\n "total": 2,\n "rows": [{"id": 1.10}, {"id": "\xc3\xa9"}]\n}', x_total="2")

    read = read_page(answer, None, (), NOW)

    assert read.records == [{"id": 1.1}, {"id": "é"}]
    assert read.value["total"] == 2
    assert read.selector == "rows"
    assert read.headers == {"x-total": "2"}
    assert read.line == '{  "total": 2,  "rows": [{"id": 1.10}, {"id": "é"}] }'


def test_records_that_no_encoding_can_hold_have_a_digest_too():
    one, other = page(b'["\\ud800"]'), page(b'["\\ud801"]')

    assert one.digest != other.digest


def test_what_arrived_without_a_content_type_is_not_said_to_have_one():
    with pytest.raises(InvalidPayload) as refused:
        read_page(Response(200, {}, b"upstream error"), None, USUAL, NOW)

    assert refused.value.message.endswith("at line 1, column 1")


@pytest.mark.parametrize("kind", ["text/csv", "text/csv; header=present", " text/csv ;x"])
def test_of_a_content_type_its_kind_is_said(kind):
    with pytest.raises(InvalidPayload) as refused:
        read_page(Response(200, {"content-type": kind}, b"id,name"), None, USUAL, NOW)

    assert refused.value.message.endswith("; its Content-Type is text/csv")


def test_a_selector_that_is_given_is_not_guessed():
    answer = response({"errors": [], "data": {"items": [7, 8]}})

    read = read_page(answer, "data.items", (), NOW)

    assert read.records == [7, 8]
    assert read.selector == "data.items"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"page": 1, "rows": [1, 2]}, {"page": 2, "rows": [1, 2]}, True),
        ({"rows": [1, 2]}, {"rows": [2, 1]}, False),
        ({"rows": [1]}, {"rows": ["1"]}, False),
        ({"rows": []}, {"rows": []}, True),
        ({"rows": ["\ud800"]}, {"rows": ["\ud801"]}, False),
        (b'{"rows": [9007199254740993]}', b'{"rows": [9007199254740992]}', False),
        (b'{"rows": [1, 2]}', b'{"rows":[1,2]}', True),
        (b'{"rows": [9007199254740993.0]}', b'{"rows": [9007199254740992.0]}', False),
        (b'{"rows": [1E400]}', b'{"rows": [1E401]}', False),
    ],
)
def test_the_digest_tells_records_apart(one, other, same):
    first, second = page(one), page(other)

    equal = first.digest == second.digest

    assert equal is same
    assert len(first.digest) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_a_status_that_often_passes_is_transient(status):
    answer = response({"rows": [1]}, status, retry_after="7")

    with pytest.raises(TransientUpstreamError) as refused:
        read_page(answer, None, USUAL, NOW)

    assert refused.value.message == f"the API answered HTTP {status}"
    assert refused.value.retry_after == 7


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 416, 418, 422, 451, 499])
def test_a_status_that_says_no_is_not_asked_again(status):
    answer = response({"rows": [1]}, status, retry_after="7")

    with pytest.raises(UpstreamRefused) as refused:
        read_page(answer, None, USUAL, NOW)

    assert refused.value.message == f"the API answered HTTP {status}; asking again would not help"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_refused_without_saying_where_to(status):
    answer = response(b"", status, location=f"https://elsewhere.example.com/?token={CANARY}")

    with pytest.raises(UpstreamRefused) as refused:
        read_page(answer, None, USUAL, NOW)

    assert refused.value.message == f"the API answered HTTP {status}, a redirect; redirects are not followed"


def test_not_modified_is_no_redirect():
    with pytest.raises(UpstreamRefused) as refused:
        read_page(response(b"", 304), None, USUAL, NOW)

    assert refused.value.message == "the API answered HTTP 304, not modified, to a request that set no condition"


def test_a_refused_page_says_when_to_come_back():
    at = str(int(EPOCH) + 30)

    with pytest.raises(TransientUpstreamError) as refused:
        read_page(response(b"", 429, x_ratelimit_reset=at), None, USUAL, NOW)

    assert refused.value.retry_after == 30


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Response(200, {}, b""), "the API answered HTTP 200 without a body; expected JSON"),
        (Response(204, {}, b""), "the API answered HTTP 204 without a body; expected JSON"),
        (Response(204, {}, b"[]"), "the API answered HTTP 204 without a body; expected JSON"),
        (Response(205, {}, b""), "the API answered HTTP 205 without a body; expected JSON"),
        (
            Response(206, {"content-range": "bytes 0-99/1000"}, b"[1"),
            "the API answered HTTP 206 with a part of the body only",
        ),
    ],
)
def test_a_success_without_a_whole_body_is_no_page(answer, message):
    headers = USUAL

    with pytest.raises(InvalidPayload) as refused:
        refuse_bad_status(answer, headers, NOW)

    assert refused.value.message == message


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (201, {}), (203, {}), (206, {"content-range": "items 0-24/319"}), (206, {})]
)
def test_a_success_with_a_body_is_a_page(status, headers):
    answer = Response(status, headers, b"[1, 2]")

    read = read_page(answer, None, USUAL, NOW)

    assert read.records == [1, 2]


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (b"<!DOCTYPE html><html>", "text/html; charset=utf-8", ["is not JSON", "with an HTML page"]),
        (b"\n <HTML lang=en>", "application/json", ["is not JSON", "line 2, column 2", "with an HTML page"]),
        (b"<?xml version='1.0'?>", "application/xml", ["is not JSON", "its Content-Type is application/xml"]),
        (b"id,name\n1,a\n", "text/csv;header=present", ["is not JSON", "its Content-Type is text/csv"]),
        (b"upstream error", "", ["is not JSON", "line 1, column 1"]),
        (b'{"rows": [1, 2', "application/json", ["is not JSON", "line 1, column 15", "application/json"]),
        (b'{"rows": [NaN]}', "application/json", ["NaN"]),
        (b'{"rows": [1], "rows": [2]}', "application/json", ["'rows' more than once"]),
        (b"[" * 100_000, "application/json", ["nested too deeply"]),
        ('{"rows": ["é"]}'.encode("latin-1"), "application/json; charset=latin-1", ["not UTF-8", "application/json"]),
        (b"\x89PNG\r\n\x1a\n", "image/png", ["not UTF-8", "its Content-Type is image/png"]),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_a_body_that_is_no_json_is_refused_with_what_it_was(body, kind, parts):
    answer = response(body, content_type=kind)

    with pytest.raises(InvalidPayload) as refused:
        read_page(answer, None, USUAL, NOW)

    assert [part for part in parts if part not in refused.value.message] == []


@pytest.mark.parametrize("depth", [250, 500, 900, 980, 990, 1000, 5000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_any_depth_is_read_or_refused(depth, opening):
    closing = {"[": "]", '{"a":': "}"}[opening]
    body = f"[{opening * depth}1{closing * depth}]".encode()
    outcome = ""

    try:
        outcome = f"{len(read_page(response(body), None, (), NOW).records)} record"
    except InvalidPayload as refused:
        outcome = refused.message

    assert outcome == "1 record" or "nested too deeply" in outcome


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@examples
@given(
    st.integers(100, 599),
    st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["content-type", "content-range", "retry-after"]), st.text(max_size=12)),
    st.none() | st.sampled_from(["@", "data", "a.b", "a[0]", "length(a)", "no such key", "@odata.value"]),
)
def test_any_answer_is_a_page_or_an_error_of_ours(status, body, headers, selector):
    answer = Response(status, headers, body)
    outcome = None

    try:
        outcome = read_page(answer, selector, USUAL, NOW).records
    except PollerError as refused:
        outcome = refused

    assert isinstance(outcome, list | PollerError)


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
        "-1",
        "-0.5",
        "-9999999999",
        "NaN",
        "Infinity",
        "-inf",
        "1e999",
        "120, 120",
        "0x10",
        "Wed, 32 Jan 2026 12:00:00 GMT",
        "Thu, 01 Jan 99999 12:00:00 GMT",
        "Thu, 01 Jan 99999999999999999999 12:00:00 GMT",
        "Thu, 01 Jan 2026 12:00:00 +99999999999999999999",
        "Thu, 01 Jan 2026 12:00:00",
        "2026-01-01T12:00:30Z",
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
    [((), None), (("X-Backoff",), 9), (("x-BACKOFF", "Retry-After"), 9), (("Other", "Retry-After", "X-Backoff"), 5)],
)
def test_the_first_named_header_that_is_there_counts(names, seconds):
    headers = {"retry-after": "5", "x-backoff": "9"}

    wait = retry_after(headers, names, NOW)

    assert wait == seconds


@examples
@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,20} Jan \d{1,20} \d\d:\d\d:\d\d [+-]\d{1,20}"))
def test_whatever_the_header_holds_a_wait_is_never_negative(text):
    headers = {"retry-after": text}

    wait = retry_after(headers, ["Retry-After"], NOW)

    assert wait is None or 0 <= wait < float("inf")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": CANARY, "b": {"c": CANARY}}, "it has the keys a, b"),
        ({str(i): i for i in range(12)}, "it has the keys 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"),
        ({str(i): i for i in range(13)}, "it has the keys 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11…"),
        ({"k" * 500: 1}, f"it has the keys {'k' * 40}"),
        ({}, "it is an empty object"),
        ([CANARY], "it is a list of 1"),
        (CANARY, "it is a single value"),
        (None, "it is a single value"),
    ],
    ids=["keys", "twelve keys", "thirteen keys", "long key", "empty", "list", "text", "null"],
)
def test_a_body_is_described_without_its_values(value, said):
    body = json.loads(json.dumps(value))

    description = describe(body)

    assert description == said
