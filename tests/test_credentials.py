"""Which parameters and headers are refused, which are hidden, and which are nobody's secret."""

from urllib.parse import quote

import pytest

from poller.credentials import blanked, is_credential, secrets_of, sounds_secret, without, without_secrets
from poller.errors import JobRejected
from poller.specs.parse import parse_job_spec
from poller.values import PageRequest

URL = "https://api.example.com/items"
RANDOM = "AIzaSyD4c5n4rY-0123_456"

CREDENTIALS = [
    "token", "api_token", "apiToken", "access-token", "access_token", "ACCESS_TOKEN", "auth_token", "oauth_token",
    "id_token", "refreshToken", "X-Amz-Security-Token", "private_token", "tokenSecret",
    "api_key", "apikey", "api-key", "apiKey", "x-api-key", "hapikey", "app_key", "serviceKey", "subscription-key",
    "Ocp-Apim-Subscription-Key", "x-functions-key", "consumer_key", "user_key", "secret_access_key", "api_key_1",
    "secret", "client_secret", "client-secret", "clientSecret", "password", "passwd", "pwd", "user_pwd", "pass",
    "passphrase", "sig", "api_sig", "signature", "X-Amz-Signature", "X-Amz-Credential", "credentials", "hmac",
    "auth", "oauth", "X-Auth", "Authorization", "authorisation", "jwt", "sessionid", "session_id", "PHPSESSIONID",
]  # fmt: skip
HARMLESS = [
    "page_token", "pageToken", "next_token", "nextToken", "NextPageToken", "continuation_token", "continuation-token",
    "pagetoken", "paginationToken", "$skiptoken", "$deltatoken", "resumptionToken", "syncToken", "starting_token",
    "cursor_token", "sort_key", "primary_key", "partition_key", "key_field", "keys", "keyword", "project_key",
    "issue_key", "token_address", "token_type", "max_tokens", "tokens", "author", "authors", "author_id", "authority",
    "design", "signal", "signup_date", "assigned_to", "session", "passenger", "passed", "compass", "monkey", "turkey",
    "secretary", "pass_through", "access_key_id", "q", "",
]  # fmt: skip


def refusal(**fields: object) -> str:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, **fields})
    return refused.value.message


BY_VALUE = [("key", RANDOM), ("KEY", RANDOM), ("appid", "b6907d289e10d714a6e88b30761fae22")]


@pytest.mark.parametrize(("name", "value"), [*((name, "s3cret") for name in CREDENTIALS), *BY_VALUE])
def test_a_parameter_that_carries_a_credential_is_refused(name, value):
    in_params = refusal(params={name: value})
    in_url = refusal(url=f"{URL}?page=1&{quote(name)}={value}")

    assert in_params == f"params.{name} would store a secret with the job; leave it out"
    assert in_url == f"url's parameter {name} would store a secret with the job; leave it out"
    assert sounds_secret(name)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_parameter_that_only_sounds_alike_is_sent(name):
    by_params = parse_job_spec({"url": URL, "params": {name: RANDOM}})
    by_url = parse_job_spec({"url": f"{URL}?{quote(name)}={RANDOM}"})

    assert by_params.params == {name: RANDOM}
    assert by_url.url.endswith(RANDOM)


@pytest.mark.parametrize("name", ["key", "Key", "appid"])
@pytest.mark.parametrize("value", ["", "colour", "9780140328721", "2026-01-01T00:00:00", "a-long-name-without-digits",
                                   "/works/OL45804W", 440, True])  # fmt: skip
def test_a_key_to_filter_by_is_sent(name, value):
    spec = parse_job_spec({"url": URL, "params": {name: value}})

    assert list(spec.params) == [name]


@pytest.mark.parametrize("name", ["Ocp-Apim-Subscription-Key", "X-Functions-Key", "X-Session-Id", "X-Jwt"])
def test_a_header_that_carries_a_credential_is_refused(name):
    said = refusal(headers={name: "s3cret"})

    assert said == f"headers.{name} would store a secret with the job; leave it out"


@pytest.mark.parametrize(
    "value",
    [
        "Bearer c4n4ry", "basic dXNlcjpwYXNz", "Token 0123abcd", "ApiKey c4n4ry-c4n4ry",
        "AWS4-HMAC-SHA256 Credential=c4n4ry",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl", "ghp_" + 36 * "a", "xoxb-0123456789-abc",
        "sk_" + "live_0123456789abc", "AKIAIOSFODNN7EXAMPLE",
    ],
)  # fmt: skip
def test_a_header_whose_value_looks_like_a_credential_is_refused_whatever_its_name(value):
    said = refusal(headers={"X-Client": value})

    assert said == "headers.X-Client would store a secret with the job; leave it out"


@pytest.mark.parametrize("name", ["X-Shop-Key", "X-Session", "X-Sig-Id"])
def test_a_header_whose_name_and_value_both_look_like_a_credential_is_refused(name):
    random, plain = {name: RANDOM}, {name: "summer"}

    assert refusal(headers=random) == f"headers.{name} would store a secret with the job; leave it out"
    assert parse_job_spec({"url": URL, "headers": plain}).headers == plain


@pytest.mark.parametrize("value", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl", "ghp_" + 36 * "a"])
def test_a_parameter_whose_value_is_a_credential_is_refused_whatever_its_name(value):
    assert refusal(params={"q": value}) == "params.q would store a secret with the job; leave it out"


@pytest.mark.parametrize(
    "value", ["basic research", "token economy in a nutshell", "eyJub3QiOiJhIGp3dCJ9", "Bearer", "sk_live"]
)
def test_a_parameter_that_only_looks_alike_is_sent(value):
    assert parse_job_spec({"url": URL, "params": {"q": value}}).params == {"q": value}


@pytest.mark.parametrize("name", ["Idempotency-Key", "Accept", "X-Request-Id", "Partition-Key"])
def test_other_headers_are_sent(name):
    spec = parse_job_spec({"url": URL, "headers": {name: RANDOM}})

    assert spec.headers == {name: RANDOM}


def test_a_name_is_judged_in_time_however_long_it_is():
    assert not is_credential("nexttoken" * 5000 + "x", "")
    assert is_credential("page" * 5000 + "apitoken", "")


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": "canary"}},
        {"headers": {"X-Api-Key": "canary"}},
        {"params": {"api_key": "canary"}},
        {"url": "https://api.example.com/items?api_key=canary"},
    ],
)
def test_what_sounds_secret_is_not_stored_with_a_job(fields):
    raw = {"url": "https://api.example.com/items", **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert "would store a secret" in refused.value.message
    assert "canary" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.example.com/v1/orders?q=a%20b&page=", "https://api.example.com/v1/orders?q=a%20b&page="),
        ("https://me:c4n4ry@api.example.com/", "https://api.example.com/"),
        ("https://c4n4ry@api.example.com:8443/x", "https://api.example.com:8443/x"),
        ("https://api.example.com/?api%5Fkey=c4n4ry&a=1", "https://api.example.com/?api%5Fkey=...&a=1"),
        ("https://api.example.com/?token=c4n4ry=c4n4ry==&a=1", "https://api.example.com/?token=...&a=1"),
        ("https://api.example.com/?session=c4n4ry", "https://api.example.com/?session=..."),
        (f"https://api.example.com/?q=ghp_{36 * 'a'}", "https://api.example.com/?q=..."),
        ("https://api.example.com/#c4n4ry", "https://api.example.com/"),
        ("https://me:c4n4ry", "..."),
        ("https://me:c4n4ry@[api.example.com/", "..."),
        ("https://me:c4n4ry@api\uff0f.example.com/", "..."),
        ("me:c4n4ry@api.example.com", "..."),
        ("api.example.com/x", "api.example.com/x"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_secret(url, shown):
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invalid api_key=canary-1, sorry", "invalid api_key=..., sorry"),
        ('{"password": "canary-1", "page": "2"}', '{"password": "...", "page": "2"}'),
        ("why: token: canary-1", "why: token: ..."),
        ("access_token='canary-1'&page=2", "access_token='...'&page=2"),
        ("Authorization: Bearer canary-1", "Authorization: ... ..."),
        ("the bearer canary-1 has ended", "the bearer ... has ended"),
        ("go to https://me:canary-1@host/a", "go to https://...@host/a"),
        (f"key ghp_{'a1' * 18} is revoked", "key ... is revoked"),
        (f"no user for {'4f' * 16}", "no user for ..."),
        ("the token expired at noon", "the token expired at noon"),
        ("per_page must be between 1 and 100", "per_page must be between 1 and 100"),
        ("next_page_token=abc12345 is stale", "next_page_token=abc12345 is stale"),
        ("request 0b9cde2f-1c3a-4ef0-8a87-b3f4d2a55e10", "request 0b9cde2f-1c3a-4ef0-8a87-b3f4d2a55e10"),
    ],
)
def test_what_looks_like_a_credential_is_blanked_in_a_strangers_text(text: str, shown: str) -> None:
    assert blanked(text) == shown


def test_what_was_sent_under_a_secret_name_is_blanked_wherever_it_comes_back() -> None:
    request = PageRequest("GET", f"{URL}?q=shoes&sid=7&session=canary%201", {"X-Auth": "canary-2", "Accept": "*/*"})

    shown = without(secrets_of(request), "canary-2 may not see canary 1 of shoes, 7, */*")

    assert shown == "... may not see ... of shoes, 7, */*"


@pytest.mark.parametrize(("value", "shown"), [("a1b", "no user a1b"), ("a1b2", "no user ...")])
def test_what_is_too_short_to_be_told_apart_is_not_blanked(value: str, shown: str) -> None:
    request = PageRequest("GET", f"{URL}?session={value}", {})

    assert without(secrets_of(request), f"no user {value}") == shown


@pytest.mark.parametrize("part", ["canary", "nary-1"])
def test_of_a_secret_that_holds_another_nothing_is_left(part: str) -> None:
    assert without([part, "canary-1", part], "canary-1 is no user") == "... is no user"
