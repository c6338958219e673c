"""Lines to try a request by hand."""

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
def test_a_line_for_a_shell_holds_no_secret(query, headers):
    request = PageRequest("GET", f"https://api.example.com/items?{query}", headers)

    line = curl_line(request)

    assert "canary" not in line
    assert "..." in line
