"""A stored spec is read as it was written."""

import pytest

from poller.auth.flows import ApiKey, AwsSigV4, Bearer, OAuth2ClientCredentials, SessionToken
from poller.paging.paginators import Auto, Offset, PageNumber, SinglePage
from poller.specs.model import Retry
from poller.specs.output import Csv
from poller.specs.stored import read_stored, spec_to_dict, write_stored
from tests.support.builders import spec


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"paginator": Auto()},
        {"paginator": SinglePage()},
        {"paginator": Offset(10, "count", "startAt", total_path="totalRecords")},
        {"paginator": PageNumber("p", 0, total_pages_header="x-pages")},
        {"retry": Retry(max_attempts=2, retry_after_headers=("x-backoff", "retry-after"))},
        {"headers": {"Accept": "application/json"}, "params": {"q": "a b", "ids": ["2", "1"]}, "data_selector": "rows"},
        {"primary_key": ("a", "b.c")},
        {"auth": ApiKey("orders", "X-Key", "query")},
        {"output": Csv(None, ("a", "b"))},
        {"output": Csv(("a.b",))},
        {"auth": Bearer("orders")},
        {"auth": AwsSigV4("orders", "es", "eu-west-1")},
        {"auth": OAuth2ClientCredentials("orders", "https://a/token", ("read",), {"audience": "x"}, "body")},
        {"auth": SessionToken("orders", "https://a/login", "token", "X-Session", "")},
    ],
    ids=[
        "usual",
        "auto",
        "single_page",
        "offset",
        "page_number",
        "retry",
        "request",
        "key",
        "api_key",
        "found columns",
        "columns",
        "bearer",
        "sigv4",
        "oauth2",
        "session",
    ],
)
def test_a_spec_survives_being_stored(fields: dict[str, object]) -> None:
    one = spec(**fields)

    assert read_stored(write_stored(one)) == one


@pytest.mark.parametrize(
    ("fields", "written"),
    [({}, {}), ({"end_status_codes": (404,)}, {"end_status_codes": [404]}), ({"limit": 7}, {"limit": 7})],
)
def test_of_a_paginator_only_what_is_set_is_written(fields: dict[str, object], written: dict[str, object]) -> None:
    data = spec_to_dict(spec(paginator=Offset(**fields)))["paginator"]

    optional = {"limit", "total_path", "limit_path", "end_status_codes", "has_more_path"}
    assert {name: value for name, value in data.items() if name in optional} == written
