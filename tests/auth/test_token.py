"""How long a token is good, and how it is kept."""

from typing import Any

import pytest

from poller.auth.token import Held, Token, lifetime, read_token, write_token


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(3600, 3600), ("3600", 3600), (0.5, 0.5), (None, None), (0, None), (-1, None), ("soon", None), ("inf", None),
     ("nan", None), ([], None)],
)  # fmt: skip
def test_a_life_is_a_number_of_seconds(said: Any, seconds: float | None) -> None:
    assert lifetime(said) == seconds


@pytest.mark.parametrize(("seconds", "early"), [(3600, 60), (601, 60), (600, 60), (300, 30), (10, 1), (None, None)])
def test_a_token_is_renewed_before_it_ends(seconds: float | None, early: float | None) -> None:
    renew_at = Token("t", seconds).renew_at(1000.0)

    assert renew_at == (None if seconds is None or early is None else 1000.0 + seconds - early)


def test_a_token_survives_being_kept() -> None:
    held = read_token(write_token(Token("t-1", 100), 1000.0), "v-1")

    assert held == Held("t-1", 1090.0, "v-1")
    assert held is not None
    assert (held.is_fresh(1089.9), held.is_fresh(1090.0), "t-1" in repr(held)) == (True, False, False)
    assert Held("t", None, "v").is_fresh(9e9)


@pytest.mark.parametrize("text", ["", "t-1", "[]", "{}", '{"token": "t"}', '{"renew_at": 1}', "null"])
def test_what_is_no_kept_token_is_none(text: str) -> None:
    assert read_token(text, "v") is None
