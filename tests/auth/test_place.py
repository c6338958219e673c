"""Where in a request a credential stands."""

import pytest

from poller.auth.place import AUTHORIZATION, HEADER, QUERY, Place
from poller.values import PageRequest


def asked(url: str = "https://api.example.com/a", **headers: str) -> PageRequest:
    return PageRequest("GET", url, headers)


def test_a_header_replaces_one_of_the_same_name_however_it_is_written() -> None:
    assert AUTHORIZATION.fill(asked(authorization="old", Accept="*/*"), "new").headers == {
        "Accept": "*/*",
        "Authorization": "new",
    }


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("https://a.example/x", "https://a.example/x?key=k%201"),
        ("https://a.example/x?", "https://a.example/x?key=k%201"),
        ("https://a.example/x?page=2", "https://a.example/x?page=2&key=k%201"),
        ("https://a.example/x?key=echo&page=2", "https://a.example/x?page=2&key=k%201"),
        ("https://a.example/x?key=ec=ho", "https://a.example/x?key=k%201"),
        ("https://a.example/x?%6bey=echo&b=%2F&keys=1", "https://a.example/x?b=%2F&keys=1&key=k%201"),
    ],
)
def test_a_parameter_replaces_one_of_the_same_name_and_leaves_the_rest_as_written(url: str, filled: str) -> None:
    assert Place(QUERY, "key").fill(asked(url), "k 1").url == filled


def test_a_parameter_s_name_and_value_are_written_so_that_nothing_in_them_means_something_else() -> None:
    assert Place(QUERY, "api/key").fill(asked(), "a/b&c").url == "https://api.example.com/a?api%2Fkey=a%2Fb%26c"


def test_what_is_shown_says_that_something_belongs_here() -> None:
    assert AUTHORIZATION.shown(asked()).headers == {"Authorization": "..."}
    assert Place(QUERY, "k").shown(asked()).url == "https://api.example.com/a?k=..."


@pytest.mark.parametrize(
    ("place", "is_taken"),
    [
        (Place(HEADER, "X-Key"), True),
        (Place(HEADER, "X-Other"), False),
        (Place(HEADER, "limit"), False),
        (Place(QUERY, "limit"), True),
        (Place(QUERY, "empty"), True),
        (Place(QUERY, "status"), True),
        (Place(QUERY, "X-Key"), False),
    ],
)
def test_what_the_spec_itself_sets_is_seen(place: Place, is_taken: bool) -> None:
    assert place.is_taken("https://a.example/x?limit=1&empty=", {"status": "open"}, {"x-key": "1"}) is is_taken
