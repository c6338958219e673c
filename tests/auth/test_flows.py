"""How a request carries a secret, for each kind of auth."""

from base64 import b64decode

import pytest

from poller.auth.flows import ApiKey, Auth, Bearer, HttpBasic
from poller.errors import AuthFailed
from poller.values import PageRequest
from tests.support.secrets import secret

REQUEST = PageRequest("GET", "https://api.example.com/orders?page=2", {"Accept": "application/json"})


def test_an_api_key_stands_in_its_header_beside_the_others() -> None:
    signed = ApiKey("orders", "X-Api-Key").sign(REQUEST, secret("k-123"))

    assert signed == PageRequest("GET", REQUEST.url, {"Accept": "application/json", "X-Api-Key": "k-123"})


def test_an_api_key_stands_in_the_query_behind_what_was_asked_for() -> None:
    signed = ApiKey("orders", "api key", "query").sign(REQUEST, secret("a/b+c&d"))

    assert signed.url == REQUEST.url + "&api%20key=a%2Fb%2Bc%26d"
    assert signed.headers == REQUEST.headers


def test_a_bearer_token_is_sent_as_rfc_6750_has_it() -> None:
    # RFC 6750, section 2.1
    signed = Bearer("orders").sign(REQUEST, secret("mF_9.B5f-4.1JqM"))

    assert signed.headers["Authorization"] == "Bearer mF_9.B5f-4.1JqM"


def test_a_user_and_password_are_sent_as_rfc_7617_has_them() -> None:
    # RFC 7617, sections 2 and 2.1
    given = {"username": "Aladdin", "password": "open sesame"}
    foreign = {"username": "test", "password": "123£"}

    assert HttpBasic("o").sign(REQUEST, secret(given)).headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert HttpBasic("o").sign(REQUEST, secret(foreign)).headers["Authorization"] == "Basic dGVzdDoxMjPCow=="


def test_a_password_may_be_empty() -> None:
    signed = HttpBasic("orders").sign(REQUEST, secret({"username": "sk_1", "password": ""}))

    assert b64decode(signed.headers["Authorization"].removeprefix("Basic ")) == b"sk_1:"


@pytest.mark.parametrize(
    ("auth", "value", "said"),
    [
        (Bearer("orders"), {"token": "canary-1"}, "the secret orders is an object, and this auth takes a text"),
        (ApiKey("orders", "X-Key"), "canary\n1", "the secret orders must be printable ASCII"),
        (ApiKey("orders", "X-Key"), "canary-ß", "the secret orders must be printable ASCII"),
        (ApiKey("orders", "X-Key"), " canary", "the secret orders must be printable ASCII"),
        (HttpBasic("orders"), "canary-1", "the secret orders must be an object with username and password"),
        (HttpBasic("orders"), {"username": "canary"}, "the secret orders must be an object with username and password"),
        (
            HttpBasic("orders"),
            {"username": "canary", "password": 7},
            "the secret orders must be an object with username and password",
        ),
    ],
)  # fmt: skip
def test_a_secret_of_another_kind_is_refused_without_being_shown(auth: Auth, value: str | dict, said: str) -> None:
    with pytest.raises(AuthFailed) as refused:
        auth.sign(REQUEST, secret(value))

    assert refused.value.message.startswith(said)
    assert "canary" not in refused.value.message
