"""A secret as Secrets Manager keeps it, and where it may be sent."""

import json
from typing import Any

import pytest

from poller.auth.secret import Secret
from poller.auth.stored import MAX_BYTES, origin_of, read_secret, write_secret
from poller.errors import AddressRefused, AuthFailed

CANARY = "canary-4711"


@pytest.mark.parametrize(
    "value", [CANARY, {"username": "me", "password": CANARY}, {"login": "me", "company": 7, "pw": "x"}]
)
def test_what_is_written_is_read_back(value: Any) -> None:
    text = write_secret(value, ["https://API.example.com/v2?x=1", "https://api.example.com:443", "http://127.0.0.1:80"])

    assert read_secret("orders", text, "v1") == Secret(
        "orders", value, frozenset({"https://api.example.com", "http://127.0.0.1"}), "v1"
    )


def test_it_is_kept_as_the_documents_say() -> None:
    assert json.loads(write_secret("k-1", ["https://api.example.com"])) == {
        "value": "k-1",
        "allowed_origins": ["https://api.example.com"],
    }


@pytest.mark.parametrize(
    ("value", "origins", "said"),
    [
        (CANARY, [], "no origin may receive the secret"),
        (CANARY, ["api.example.com"], "an allowed origin is none"),
        (CANARY, ["ftp://api.example.com"], "an allowed origin is none"),
        (CANARY, ["https://user@api.example.com"], "an allowed origin is none"),
        ("", ["https://api.example.com"], "the secret is empty"),
        ({}, ["https://api.example.com"], "the secret is empty"),
        ({"username": "me"}, ["https://api.example.com"], "the secret is empty"),
        (f"{CANARY}\n", ["https://api.example.com"], "the secret that is given must be printable"),
        (CANARY * MAX_BYTES, ["https://api.example.com"], "the secret is longer than the 64 KiB"),
    ],
)  # fmt: skip
def test_what_could_never_be_used_is_not_written(value: Any, origins: list[str], said: str) -> None:
    with pytest.raises(AuthFailed) as refused:
        write_secret(value, origins)

    assert refused.value.message.startswith(said)
    assert CANARY not in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        json.dumps(CANARY),
        json.dumps([CANARY]),
        json.dumps({"value": CANARY}),
        json.dumps({"value": CANARY, "allowed_origins": "https://api.example.com"}),
        json.dumps({"value": [CANARY], "allowed_origins": ["https://api.example.com"]}),
        json.dumps({"value": CANARY, "allowed_origins": [CANARY]}),
        "[" * 100_000,
    ],
)
def test_what_somebody_else_wrote_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(AuthFailed) as refused:
        read_secret("orders", text, "v1")

    assert "the secret orders" in refused.value.message
    assert CANARY not in refused.value.message
    assert refused.value.__cause__ is None


def test_no_repr_shows_the_value() -> None:
    assert CANARY not in repr(read_secret("orders", write_secret(CANARY, ["https://api.example.com"]), "v1"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.example.com/v2", "https://api.example.com"),
        ("https://API.Example.COM.:443/", "https://api.example.com"),
        ("https://api.example.com:8443/", "https://api.example.com:8443"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]:1/", "https://[2001:db8::1]:1"),
    ],
)
def test_an_origin_has_one_form(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["https://api.example.com@evil.example/", "https://api.example.com\\@evil.example/", "//x"]
)
def test_what_is_no_url_has_no_origin(url: str) -> None:
    with pytest.raises(AddressRefused):
        origin_of(url)


@pytest.mark.parametrize(
    "origin",
    [
        "https://api.example.com:8443",
        "http://api.example.com",
        "https://example.com",
        "https://api.example.com.evil.test",
    ],
)
def test_a_secret_goes_to_no_other_scheme_host_or_port(origin: str) -> None:
    found = read_secret("orders", write_secret(CANARY, ["https://api.example.com"]), "v1")

    found.refuse_elsewhere("https://api.example.com")
    with pytest.raises(AuthFailed, match=f"the secret orders may not be sent to {origin};"):
        found.refuse_elsewhere(origin)
