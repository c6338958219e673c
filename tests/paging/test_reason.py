"""The API's own reason: found where APIs put it, short, on one line, and without secrets."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.paging.reason import MAX_SHOWN, reason_in
from poller.values import Response
from tests.support.builders import examples


def said(body: Any, kind: str = "application/json") -> str:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reason_in(Response(400, {"content-type": kind}, raw))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"message": "too many"}, "too many"),
        ({"Message": "too many", "Type": "User"}, "too many"),
        ({"errorMessage": "too many"}, "too many"),
        ({"error": "too many"}, "too many"),
        ({"error": {"code": 400, "message": "too many", "status": "INVALID"}}, "too many"),
        ({"error": "invalid_request", "error_description": "too many"}, "invalid_request: too many"),
        ({"errors": [{"detail": "too many"}, {"message": "too old"}]}, "too many: too old"),
        ({"errors": {"limit": ["is not telling"]}, "message": "too many"}, "too many"),
        ({"errors": ["a", "b", "c", "d"]}, "a: b: c"),
        ([{"message": "too many", "errorCode": "LIMIT"}], "too many"),
        ({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "too many"}, "Bad Request: too many"),
        ({"detail": [{"loc": ["query", "limit"], "msg": "too many"}]}, "too many"),
        ({"fault": {"faultstring": "too many", "detail": {"errorcode": "x.y"}}}, "too many: x.y"),
        ({"code": "rest_invalid_param", "message": "Invalid parameter(s): per_page", "data": {"status": 400}},
         "Invalid parameter(s): per_page"),
        ({"error": "Bad Request", "message": "Bad Request", "status": 400}, "Bad Request"),
        ({"code": "rest_post_invalid_page_number"}, "rest_post_invalid_page_number"),
        ({"error": {"code": 17}}, "17"),
        ({"records": [1]}, ""),
        ({"message": None, "error": ""}, ""),
        ({"error": {"error": {"error": {"error": {"message": "too deep"}}}}}, ""),
        ({"errors": [[[["too deep"]]]]}, ""),
        ([[["too many"]]], "too many"),
        ("too many", "too many"),
        (7, ""),
        (b"too\r\n many\x00\x1b[31m", "too many [31m"),
        (b"<html>too many</html>", ""),
        (b'{"message": "cut of', ""),
        (b"\x89PNG\xff", ""),
        (b"", ""),
        (b"[" * 50_000, ""),
    ],
)  # fmt: skip
def test_a_reason_is_found_where_apis_put_it(body: Any, reason: str) -> None:
    assert said(body) == reason


def test_a_reason_is_read_in_its_charset() -> None:
    body = '{"message": "paramètre invalide"}'

    assert said(body.encode("latin-1"), "application/json; charset=iso-8859-1") == "paramètre invalide"
    assert said(body.encode("latin-1")) == ""


def test_a_long_reason_is_cut_between_words() -> None:
    reason = said({"message": "word " * 100})

    assert len(reason) <= MAX_SHOWN
    assert reason.endswith("word…")


@pytest.mark.parametrize(
    "text",
    ["invalid api_key=canary-1 given", "Bearer canary-1 is unknown", "no access to https://me:canary-1@host/"],
)
def test_a_reason_repeats_no_credential(text: str) -> None:
    for body in ({"message": text}, text.encode()):
        assert "canary" not in said(body)
        assert "..." in said(body)


@examples
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps({"error": [text]}).encode()))
def test_whatever_comes_a_reason_is_short_and_printable(body: bytes) -> None:
    reason = said(body)

    assert len(reason) <= MAX_SHOWN
    assert reason.isprintable()
