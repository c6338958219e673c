import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import InvalidPayload, PollerError, TransientUpstreamError, UpstreamRefused
from poller.paging.meaning import Reading, read_page
from poller.values import Response
from tests.support.builders import NOW, examples, response

CANARY = "s3cr3t-canary"
EPOCH = NOW.timestamp()
USUAL = ("Retry-After", "X-RateLimit-Reset")


def test_a_page_is_read_whole():
    answer = response(b'{\n "total": 2,\n "rows": [{"id": 1.10}, {"id": "\xc3\xa9"}]\n}', x_total="2")

    read = read_page(answer, Reading(), NOW)

    assert read.records == [{"id": 1.1}, {"id": "é"}]
    assert read.value["total"] == 2
    assert read.selector == "rows"
    assert read.headers == {"x-total": "2"}
    assert read.line == '{  "total": 2,  "rows": [{"id": 1.10}, {"id": "é"}] }'


def test_what_arrived_without_a_content_type_is_not_said_to_have_one():
    with pytest.raises(InvalidPayload) as refused:
        read_page(Response(200, {}, b"upstream error"), Reading(None, USUAL), NOW)

    assert refused.value.message.endswith("at line 1, column 1")


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; format=flowed", " text/plain ;x"])
def test_of_a_content_type_its_kind_is_said(kind):
    with pytest.raises(InvalidPayload) as refused:
        read_page(Response(200, {"content-type": kind}, b"id,name"), Reading(None, USUAL), NOW)

    assert refused.value.message.endswith("; its Content-Type is text/plain")


def test_a_selector_that_is_given_is_not_guessed():
    answer = response({"errors": [], "data": {"items": [7, 8]}})

    read = read_page(answer, Reading("data.items", ()), NOW)

    assert read.records == [7, 8]
    assert read.selector == "data.items"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_a_status_that_often_passes_is_transient(status):
    answer = response({"rows": [1]}, status, retry_after="7")

    with pytest.raises(TransientUpstreamError) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    assert refused.value.message == f"the API answered HTTP {status}"
    assert refused.value.retry_after == 7


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 416, 418, 422, 451, 499])
def test_a_status_that_says_no_is_not_asked_again(status):
    answer = response({"error": "no such place"}, status)

    with pytest.raises(UpstreamRefused) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    assert refused.value.message.startswith(f'the API answered HTTP {status}: "no such place"; ')
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("status", "advice"),
    [(400, "check url, params and paginator"), (401, "set auth, or check its secret"),
     (403, "check what its secret allows"), (405, "set method"), (406, "headers.Accept"),
     (418, "asking again would not help")],
)  # fmt: skip
def test_a_refusal_says_what_to_look_at(status, advice):
    with pytest.raises(UpstreamRefused) as refused:
        read_page(response(b"", status), Reading(None, USUAL), NOW)

    assert refused.value.message.startswith(f"the API answered HTTP {status}; ")
    assert advice in refused.value.message


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_refused_with_where_it_leads(status):
    answer = response(b"", status, location=f"https://elsewhere.example.com/items/?token={CANARY}&q=1")

    with pytest.raises(UpstreamRefused) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    where = "https://elsewhere.example.com/items/?token=...&q=1"
    assert refused.value.message.startswith(f"the API answered HTTP {status}, a redirect to {where}. ")
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, "nowhere"),
        ({"location": ""}, "nowhere"),
        ({"location": "/items/"}, "/items/"),
        ({"location": "http://a:b:c/"}, "..."),
    ],
)
def test_a_redirect_is_named_as_far_as_it_can_be_read(headers, shown):
    with pytest.raises(UpstreamRefused, match=f"a redirect to {shown}. Only"):
        read_page(response(b"", 302, **headers), Reading(None, USUAL), NOW)


def test_not_modified_is_no_redirect():
    with pytest.raises(UpstreamRefused) as refused:
        read_page(response(b"", 304), Reading(None, USUAL), NOW)

    assert refused.value.message == "the API answered HTTP 304, not modified, to a request that set no condition"


def test_an_answer_that_is_not_ready_is_asked_for_again():
    with pytest.raises(TransientUpstreamError) as refused:
        read_page(response({"total": 0, "items": []}, 202, retry_after="4"), Reading(None, USUAL), NOW)

    assert refused.value.message == "the API answered HTTP 202, not ready yet"
    assert refused.value.retry_after == 4


@pytest.mark.parametrize("status", [204, 205])
@pytest.mark.parametrize("selector", [None, "data.items"])
def test_no_content_is_an_empty_page(status, selector):
    read = read_page(response(b"", status, x_total="0"), Reading(selector, USUAL), NOW)

    assert (read.records, read.is_blank, read.line) == ([], True, "")
    assert read.selector == (selector or "")
    assert read.headers == {"x-total": "0"}


def test_a_refused_page_says_when_to_come_back():
    at = str(int(EPOCH) + 30)

    with pytest.raises(TransientUpstreamError) as refused:
        read_page(response(b"", 429, x_ratelimit_reset=at), Reading(None, USUAL), NOW)

    assert refused.value.retry_after == 30


@pytest.mark.parametrize(
    ("answer", "message", "may_pass"),
    [
        (Response(200, {}, b""), "the API answered HTTP 200 without a body; expected JSON", True),
        (
            Response(206, {"content-range": "bytes 0-99/1000"}, b"[1"),
            "the API answered HTTP 206 with a part of the body only",
            False,
        ),
    ],
)
def test_a_success_without_a_whole_body_is_no_page(answer, message, may_pass):
    with pytest.raises(InvalidPayload) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    assert (refused.value.message, refused.value.may_pass) == (message, may_pass)


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (201, {}), (203, {}), (206, {"content-range": "items 0-24/319"}), (206, {})]
)
def test_a_success_with_a_body_is_a_page(status, headers):
    answer = Response(status, headers, b"[1, 2]")

    read = read_page(answer, Reading(None, USUAL), NOW)

    assert read.records == [1, 2]


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (b"<!DOCTYPE html><html>", "text/html; charset=utf-8", ["is not JSON", "with an HTML page"]),
        (b"\n <HTML lang=en>", "application/json", ["is not JSON", "line 2, column 2", "with an HTML page"]),
        (b"upstream error", "", ["is not JSON", "line 1, column 1"]),
        (b"upstream error", "text/plain", ["is not JSON", "its Content-Type is text/plain"]),
        (b'{"rows": [1, 2', "application/json", ["is not JSON", "line 1, column 15", "application/json"]),
        (b'{"rows": [1],\n"next": nul', "application/json", ["is not JSON", "line 2"]),
        ('{"rows": ["é"]}'.encode("latin-1"), "application/json", ["not UTF-8", "application/json"]),
        (b"\x89PNG\r\n\x1a\n", "image/png", ["not UTF-8", "its Content-Type is image/png"]),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_a_body_that_is_no_json_may_pass_and_is_named(body, kind, parts):
    answer = response(body, content_type=kind)

    with pytest.raises(InvalidPayload) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    assert [part for part in parts if part not in refused.value.message] == []
    assert refused.value.may_pass


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (b"<?xml version='1.0'?>", "application/xml", ["is not JSON", "it is XML: if the API has JSON too"]),
        (b"<feed/>", "application/atom+xml", ["is not JSON", "it is XML"]),
        (b"\n<?XML version='1.0'?>", "application/json", ["is not JSON", "it is XML"]),
        (b"id,name\n1,a\n", "text/csv;header=present", ["is not JSON", "it is CSV: if the API has JSON too"]),
        (b'{"id":1}\n{"id":2}\n', "application/x-ndjson", ["is NDJSON", "headers.Accept"]),
        (b'{"id":1}\r\n\r\n[2]\n{"id', "application/json", ["is NDJSON"]),
        (b")]}',\n[1]", "application/json", ["begins with )]}'"]),
        (b"while(1);[1]", "application/json", ["begins with )]}' or the like"]),
        (b"for (;;);[1]", "application/json", ["begins with )]}' or the like"]),
        (b"callback([1]);", "application/javascript", ["is JSONP", "leave out the parameter"]),
        (b"/**/ jQuery.cb_1({", "application/javascript", ["is JSONP"]),
        (b'{"rows": [NaN]}', "application/json", ["holds NaN", "have the API send null"]),
        (b'{"rows": [1], "rows": [2]}', "application/json", ["'rows' more than once", "one of the values"]),
        (b"[" * 100_000, "application/json", ["nested too deeply"]),
        ('["€"]'.encode("cp1252"), "application/json; charset=cp1252", ["charset 'cp1252'", "send UTF-8"]),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_a_body_that_an_api_always_sends_so_is_refused_with_the_way_out(body, kind, parts):
    answer = response(body, content_type=kind)

    with pytest.raises(InvalidPayload) as refused:
        read_page(answer, Reading(None, USUAL), NOW)

    assert [part for part in parts if part not in refused.value.message] == []
    assert not refused.value.may_pass


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16"])
def test_a_charset_that_is_said_is_read(encoding):
    kind = "application/json; charset=" + ("utf-16" if encoding == "utf-16" else "iso-8859-1")

    read = read_page(response('["Müller"]'.encode(encoding), content_type=kind), Reading(None, USUAL), NOW)

    assert (read.records, read.line) == (["Müller"], '["Müller"]')


@pytest.mark.parametrize("depth", [250, 500, 900, 980, 990, 1000, 5000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_any_depth_is_read_or_refused(depth, opening):
    closing = {"[": "]", '{"a":': "}"}[opening]
    body = f"[{opening * depth}1{closing * depth}]".encode()
    outcome = ""

    try:
        outcome = f"{len(read_page(response(body), Reading(), NOW).records)} record"
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
        outcome = read_page(answer, Reading(selector, USUAL), NOW).records
    except PollerError as refused:
        outcome = refused

    assert isinstance(outcome, list | PollerError)


@pytest.mark.parametrize(
    ("body", "selector", "said"),
    [
        (
            {"ok": False, "error": "missing_scope"},
            "members",
            'the API answered HTTP 200: "missing_scope"; data_selector',
        ),
        ({"data": None, "errors": [{"message": "no such field"}]}, "data.users", '200: "no such field"; data_selector'),
        ({"error": {"message": "quota"}}, None, '200: "quota"; the body holds no list of records'),
        ({"rows": 7}, "members", "data_selector 'members' finds nothing"),
    ],
)
def test_an_error_in_a_success_is_told_in_the_words_of_the_api(body, selector, said):
    with pytest.raises(InvalidPayload) as refused:
        read_page(response(body), Reading(selector), NOW)

    assert said in refused.value.message
    assert ("the API answered" in refused.value.message) == ("error" in str(body))
