"""Credentials that an API repeats are blanked before anybody reads its answer."""

import json

import pytest

from poller.auth.echoes import without_echoes
from poller.values import Response

LONG = 'a/b+c"d=0123456789'


@pytest.mark.parametrize(
    "body",
    [
        LONG.encode(),
        json.dumps({"next": f"/x?key={LONG}"}).encode(),
        rb'{"next": "a\/b+c\"d=0123456789"}',
        b"/x?key=a%2Fb%2Bc%22d%3D0123456789&page=2",
        b"/x?key=a/b%2Bc%22d%3D0123456789&page=2",
        'ß "a/b+c\\"d=0123456789"'.encode(),
    ],
)
def test_a_long_secret_is_blanked_in_a_page_however_it_is_written(body: bytes) -> None:
    shown = without_echoes(Response(200, {"link": f"<{LONG}>"}, body), [LONG])

    assert b"0123456789" not in shown.body
    assert b"..." in shown.body
    assert shown.headers == {"link": "<...>"}
    assert shown.is_blanked


def test_a_secret_in_a_header_alone_takes_nothing_from_the_body() -> None:
    shown = without_echoes(Response(200, {"link": f"<{LONG}>"}, b"[1]"), [LONG])

    assert (shown.headers, shown.body, shown.is_blanked) == ({"link": "<...>"}, b"[1]", False)


def test_a_short_secret_is_left_in_data_which_it_may_not_be() -> None:
    response = Response(200, {}, b'[{"id": "fifteen-letters"}]')

    assert without_echoes(response, ["fifteen-letters"]) is response


def test_a_short_secret_is_blanked_in_a_refusal_and_a_tiny_one_is_not() -> None:
    refusal = Response(401, {"x": "hush"}, b'{"error": "hush is not abc"}')

    assert without_echoes(refusal, ["hush", "abc"]) == Response(
        401, {"x": "..."}, b'{"error": "... is not abc"}', is_blanked=True
    )


def test_of_two_secrets_the_longer_goes_first() -> None:
    assert without_echoes(Response(400, {}, b"Bearer token-1"), ["token-1", "Bearer token-1"]).body == b"..."


def test_an_answer_that_repeats_nothing_stays_the_same_object() -> None:
    response = Response(200, {"a": "b"}, b"[]")

    assert without_echoes(response, [LONG]) is response
