"""How a secret is exchanged for a token, and how requests carry that."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from poller.auth.flows import OAuth2ClientCredentials, SessionToken, TokenAuth
from poller.auth.sign_in import token_from
from poller.auth.token import NoToken, Token
from poller.errors import AuthFailed, TransientUpstreamError
from poller.values import PageRequest, Response
from tests.support.secrets import secret

URL = "https://login.example.com/oauth/token"
CLIENT = {"client_id": "s6BhdRkqt3", "client_secret": "7Fjfp0ZBr1KtDRbnfVdmIw"}
OAUTH = OAuth2ClientCredentials("orders", URL)
LOGIN = SessionToken("orders", URL, "data.token")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def form(request: PageRequest) -> dict[str, str]:
    assert request.body is not None
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


def test_a_client_asks_for_a_token_as_rfc_6749_has_it() -> None:
    # RFC 6749, section 4.4.2; the header is that of section 2.3.1
    asked = OAUTH.sign_in(secret(CLIENT))

    assert (asked.method, asked.url, form(asked)) == ("POST", URL, {"grant_type": "client_credentials"})
    assert asked.headers["Authorization"] == "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_an_id_and_a_secret_are_encoded_before_a_colon_joins_them() -> None:
    asked = OAUTH.sign_in(secret({"client_id": "a:b c", "client_secret": "ß%"}))

    assert b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"a%3Ab+c:%C3%9F%25"


def test_scopes_and_parameters_go_along_and_the_client_into_the_body_where_that_is_wanted() -> None:
    auth = OAuth2ClientCredentials("orders", URL, ("read", "a:b"), {"audience": "https://api"}, "body")

    asked = auth.sign_in(secret(CLIENT))

    assert form(asked) == {
        "grant_type": "client_credentials", "scope": "read a:b", "audience": "https://api", **CLIENT
    }  # fmt: skip
    assert "Authorization" not in asked.headers


def test_a_login_sends_the_fields_of_the_secret_as_json() -> None:
    asked = LOGIN.sign_in(secret({"username": "me", "password": "pä", "company": 7}))

    assert (asked.method, asked.url, asked.headers["Content-Type"]) == ("POST", URL, "application/json")
    assert json.loads(asked.body or b"") == {"username": "me", "password": "pä", "company": 7}


@pytest.mark.parametrize(
    ("auth", "value", "said"),
    [
        (OAUTH, "text-0123", "the secret orders must be an object with client_id and client_secret"),
        (OAUTH, {"client_id": "text-0123"}, "the secret orders must be an object with client_id and client_secret"),
        (LOGIN, "text-0123", "the secret orders is a text, and this auth takes an object"),
    ],
)
def test_a_secret_of_another_kind_is_refused_without_being_shown(auth: TokenAuth, value: Any, said: str) -> None:
    with pytest.raises(AuthFailed, match=said) as refused:
        auth.sign_in(secret(value))

    assert "text-0123" not in refused.value.message


@pytest.mark.parametrize(
    ("header", "scheme", "sent"),
    [
        ("Authorization", None, "Bearer t-1"),
        ("authorization", None, "Bearer t-1"),
        ("Authorization", "Token", "Token t-1"),
        ("Authorization", "", "t-1"),
        ("X-Session", None, "t-1"),
        ("X-Session", "Session", "Session t-1"),
    ],
)
def test_a_session_s_token_is_sent_as_the_spec_says(header: str, scheme: str | None, sent: str) -> None:
    auth = SessionToken("orders", URL, "token", header, scheme)

    signed = auth.sign(PageRequest("GET", "https://api.example.com/", {}), secret("t-1"))

    assert signed.headers == {header: sent}


def test_an_oauth_token_is_sent_as_a_bearer_token() -> None:
    signed = OAUTH.sign(PageRequest("GET", "https://api.example.com/", {}), secret("t-1"))

    assert signed.headers == {"Authorization": "Bearer t-1"}


def test_a_token_and_its_life_are_read_from_the_answer() -> None:
    # RFC 6749, section 5.1
    answer = {"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "example", "expires_in": 3600}

    assert OAUTH.token_in(answer) == Token("2YotnFZFEjr1zCsicMWpAA", 3600)
    assert LOGIN.token_in({"data": {"token": "t-1"}}) == Token("t-1", None)


@pytest.mark.parametrize("answer", [None, [], {}, {"access_token": 7, "data": {"token": 7}}, {"access_token": ""}])
def test_an_answer_without_a_token_is_none(answer: Any) -> None:
    with pytest.raises(NoToken, match="without an access_token"):
        OAUTH.token_in(answer)
    with pytest.raises(NoToken, match=r"without a text at data\.token"):
        LOGIN.token_in(answer)


def given(status: int, body: bytes, **headers: str) -> Token:
    asked = OAUTH.sign_in(secret(CLIENT))
    return token_from(OAUTH, secret(CLIENT), asked, Response(status, headers, body), NOW)


def test_a_token_is_taken_from_a_success() -> None:
    assert given(200, b'{"access_token": "t", "expires_in": "60"}') == Token("t", 60)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int) -> None:
    with pytest.raises(TransientUpstreamError) as failed:
        given(status, b'{"error": "busy"}', **{"retry-after": "7"})

    assert failed.value.message == f'login.example.com gave no token: HTTP {status}: "busy"'
    assert (failed.value.retry_after, failed.value.is_limit) == (7, status == 429)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_json_may_pass(body: bytes) -> None:
    with pytest.raises(TransientUpstreamError, match=r"login\.example\.com gave no token: its answer is not JSON"):
        given(200, body)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b'{"error": "invalid_scope"}', 'gave no token for the secret orders: HTTP 400: "invalid_scope"; check'),
        (401, b"", "gave no token for the secret orders: HTTP 401; check auth and the secret"),
        (302, b"", "gave no token for the secret orders: HTTP 302; check auth and the secret"),
        (204, b"", "gave no token for the secret orders: HTTP 204; check auth and the secret"),
        (200, b'{"token": "t"}', "answered without an access_token; check auth"),
    ],
)
def test_what_another_secret_or_spec_would_mend_fails(status: int, body: bytes, said: str) -> None:
    with pytest.raises(AuthFailed) as failed:
        given(status, body)

    assert failed.value.message.startswith(f"login.example.com {said}")
    assert failed.value.__cause__ is None


def test_a_refusal_is_told_without_the_secret_in_any_form() -> None:
    basic = OAUTH.sign_in(secret(CLIENT)).headers["Authorization"]
    with pytest.raises(AuthFailed) as failed:
        given(401, json.dumps({"error": f"no {CLIENT['client_secret']} and no {basic}!"}).encode())

    assert 'HTTP 401: "no ... and no Basic ...!"' in failed.value.message
