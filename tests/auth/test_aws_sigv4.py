"""Requests signed with an AWS key, held against AWS's own examples."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from poller.auth.flows import AwsSigV4
from poller.errors import AuthFailed
from poller.values import PageRequest
from tests.support.secrets import secret

# Key, time, region, service and signatures are those of AWS's test suite for SigV4.
KEY = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
AUTH = AwsSigV4("orders", "service", "us-east-1")
URL = "https://example.amazonaws.com/"


@pytest.fixture(autouse=True)
def _then() -> Iterator[None]:
    with time_machine.travel(datetime(2015, 8, 30, 12, 36, tzinfo=UTC), tick=False):
        yield


@pytest.mark.parametrize(
    ("request_", "signed_headers", "signature"),
    [
        (
            PageRequest("GET", URL, {}),
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            PageRequest("GET", f"{URL}?Param2=value2&Param1=value1", {}),
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            PageRequest("POST", URL, {"Content-Type": "application/x-www-form-urlencoded"}, b"Param1=value1"),
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get-vanilla", "get-vanilla-query-order-key-case", "post-x-www-form-urlencoded"],
)
def test_a_request_is_signed_as_aws_has_it(request_: PageRequest, signed_headers: str, signature: str) -> None:
    signed = AUTH.sign(request_, secret(KEY))

    assert signed.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={signed_headers}, Signature={signature}"
    )
    assert signed.headers["X-Amz-Date"] == "20150830T123600Z"
    assert (signed.url, signed.body) == (request_.url, request_.body)


def test_a_query_is_signed_as_aws_writes_it_however_it_is_written() -> None:
    written = [f"{URL}?t=2026-01-01T00:00:00Z&a=/b", f"{URL}?a=%2Fb&t=2026-01-01T00%3a00%3A00Z"]

    assert len({AUTH.sign(PageRequest("GET", url, {}), secret(KEY)).headers["Authorization"] for url in written}) == 1


def test_a_temporary_key_sends_its_token_and_signs_it() -> None:
    signed = AUTH.sign(PageRequest("GET", URL, {}), secret({**KEY, "session_token": "st-1"}))

    assert signed.headers["X-Amz-Security-Token"] == "st-1"
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token" in signed.headers["Authorization"]


def test_s3_wants_the_digest_of_the_body_too() -> None:
    signed = AwsSigV4("orders", "s3", "us-east-1").sign(PageRequest("GET", URL, {}), secret(KEY))

    assert "x-amz-content-sha256" in signed.headers["Authorization"]
    assert "X-Amz-Content-SHA256" in signed.headers


@pytest.mark.parametrize("value", ["text-0123", {"access_key_id": "text-0123"}])
def test_a_secret_of_another_kind_is_refused_without_being_shown(value: Any) -> None:
    with pytest.raises(AuthFailed, match="the secret orders") as refused:
        AUTH.sign(PageRequest("GET", URL, {}), secret(value))

    assert "text-0123" not in refused.value.message


def test_the_secret_key_is_not_sent() -> None:
    signed = AUTH.sign(PageRequest("GET", URL, {"Accept": "*/*"}), secret(KEY))

    assert KEY["secret_access_key"] not in str(signed)
