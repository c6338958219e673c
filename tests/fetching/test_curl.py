"""Lines to try a request by hand."""

import shlex

import pytest

from poller.fetching.curl import curl_line
from poller.values import PageRequest


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("api_key=canary&q=x", {}),
        ("q=x&access_token=canary", {"Accept": "application/json"}),
        ("", {"X-Auth": "canary"}),
        ("q=x", {"X-Session-Id": "canary"}),
    ],
)
def test_a_line_for_a_shell_holds_no_secret(query: str, headers: dict[str, str]) -> None:
    line = curl_line(PageRequest("GET", f"https://api.example.com/items?{query}", headers))

    assert "canary" not in line
    assert "..." in line


def test_a_line_for_a_shell_sends_what_was_sent() -> None:
    headers = {"Accept": "application/json", "X-Note": "it's"}

    line = curl_line(PageRequest("GET", "https://api.example.com/items?q=a+b&empty=&page=2", headers))

    assert shlex.split(line) == [
        "curl", "--header", "Accept: application/json", "--header", "X-Note: it's",
        "https://api.example.com/items?q=a+b&empty=&page=2",
    ]  # fmt: skip


def test_a_line_for_a_shell_names_a_method_that_is_not_curls_own() -> None:
    line = curl_line(PageRequest("POST", "https://api.example.com/items", {}))

    assert shlex.split(line) == ["curl", "--request", "POST", "https://api.example.com/items"]


def test_a_line_for_a_shell_sends_the_body_without_what_sounds_secret() -> None:
    body = b"""{"q": "it's", "n": 1.10, "token": "canary", "pwd": "", "by": [{"id": 7, "api_key": "canary"}, null]}"""

    line = curl_line(PageRequest("POST", "https://api.example.com/items", {"Accept": "*/*"}, body))

    shown = """{"q":"it's","n":1.10,"token":"...","pwd":"","by":[{"id":7,"api_key":"..."},null]}"""
    assert shlex.split(line) == [
        "curl", "--header", "Accept: */*", "--data", shown, "https://api.example.com/items",
    ]  # fmt: skip
