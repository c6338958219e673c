"""What a secret of the stack holds, and who may have it. No message repeats any of it."""

import pytest

from poller.auth.secret import Value
from poller.errors import AuthFailed
from tests.support.secrets import secret

USER = {"username": "me", "password": "canary"}


def test_a_text_is_taken_where_a_text_is_wanted() -> None:
    assert secret("k-123").text() == "k-123"
    with pytest.raises(AuthFailed) as refused:
        secret(USER).text()

    assert refused.value.message == "the secret orders is an object, and this auth takes a text"


@pytest.mark.parametrize("text", ["", "canary\n", "canary-ß", " canary", "canary "], ids=ascii)
def test_a_text_that_no_header_can_hold_is_refused(text: str) -> None:
    with pytest.raises(AuthFailed) as refused:
        secret(text).text()

    assert refused.value.message == ("the secret orders must be printable ASCII characters without spaces around them")


def test_texts_are_taken_by_their_names_in_the_order_asked_for() -> None:
    assert secret(USER).texts("password", "username") == ["canary", "me"]


@pytest.mark.parametrize("value", ["canary", {"username": "canary"}, {"username": "canary", "password": 7}], ids=repr)
def test_an_object_that_lacks_a_text_is_refused(value: Value) -> None:
    with pytest.raises(AuthFailed) as refused:
        secret(value).texts("username", "password")

    assert refused.value.message == "the secret orders must be an object with username and password, each a text"


def test_fields_are_taken_of_an_object_only() -> None:
    assert secret(USER).fields() == USER
    with pytest.raises(AuthFailed) as refused:
        secret("canary").fields()

    assert refused.value.message == "the secret orders is a text, and this auth takes an object"


def test_a_secret_goes_only_where_it_may() -> None:
    one = secret("canary", ("https://api.example.com", "https://login.example.com"))

    one.refuse_elsewhere("https://login.example.com")
    with pytest.raises(AuthFailed) as refused:
        one.refuse_elsewhere("https://other.example.com")

    assert refused.value.message == (
        "the secret orders may not be sent to https://other.example.com; if it is meant for it, store it again with "
        "--allow-origin https://other.example.com"
    )


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("canary", ["canary"]),
        (USER, ["canary"]),
        (
            {"client_id": "me", "keys": ["canary-1", {"pin": "canary-2", "user": "me", "n": 7}]},
            ["canary-1", "canary-2"],
        ),
        ({"n": 7, "none": None}, []),
    ],
    ids=["a text", "not whose it is", "at any depth", "no text"],
)
def test_what_nobody_may_see_is_every_text_but_whose_it_is(value: Value, texts: list[str]) -> None:
    assert secret(value).confidential == texts
    assert "canary" not in repr(secret(value))
