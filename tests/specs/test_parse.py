import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.auth.flows import ApiKey, AwsSigV4, Bearer, HttpBasic, OAuth2ClientCredentials, SessionToken
from poller.errors import JobRejected
from poller.paging.paginators import PAGINATORS, Auto, Offset, PageNumber, SinglePage
from poller.specs import planned
from poller.specs.contradictions import refuse_fixed_parameters
from poller.specs.model import JobSpec, Retry
from poller.specs.output import Csv, Jsonl, column_name
from poller.specs.page_request import page_request
from poller.specs.parse import MAX_SPEC_BYTES, accept_job_spec, parse_job_spec
from poller.specs.stored import read_stored, spec_to_dict, write_stored
from tests.support.builders import URL, examples, page, spec

CANARY = "s3cr3t-canary"
FULL = {
    "url": "https://api.example.com/v2/orders?status=open",
    "name": "orders",
    "method": "POST",
    "params": {"region": "eu", "year": 2026, "ratio": 0.5, "archived": False},
    "headers": {"Accept-Language": "en", "X-Empty": ""},
    "data_selector": "data.items",
    "primary_key": ["region", "order.number"],
    "paginator": {
        "type": "offset",
        "limit": 100,
        "limit_param": "count",
        "offset_param": "startAt",
        "total_path": "meta.total",
        "limit_path": "meta.limit",
    },
    "retry": {"max_attempts": 3, "max_delay_seconds": 60, "retry_after_headers": ["Retry-After", "X-Reset"]},
    "max_concurrency": 20,
    "maximum_pages": 5000,
    "deadline_seconds": 3600,
    "tolerated_failure_percentage": 2.5,
    "client_token": "2026-01-01 é",
}


def test_a_url_alone_is_a_whole_spec():
    raw = {"url": URL}

    parsed = parse_job_spec(raw)

    assert parsed == JobSpec(url=URL)
    assert parsed.paginator == Auto()
    assert parsed.retry == Retry(6, 300, ("Retry-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"))
    assert (parsed.name, parsed.method, parsed.max_concurrency, parsed.maximum_pages) == ("default", "GET", 10, 100_000)


def test_every_field_is_read():
    raw = FULL

    parsed = parse_job_spec(raw)

    assert parsed == JobSpec(
        url="https://api.example.com/v2/orders?status=open",
        name="orders",
        method="POST",
        params={"region": "eu", "year": "2026", "ratio": "0.5", "archived": "false"},
        headers={"Accept-Language": "en", "X-Empty": ""},
        data_selector="data.items",
        primary_key=("region", "order.number"),
        paginator=Offset(100, "count", "startAt", total_path="meta.total", limit_path="meta.limit"),
        retry=Retry(3, 60, ("Retry-After", "X-Reset")),
        max_concurrency=20,
        maximum_pages=5000,
        deadline_seconds=3600,
        tolerated_failure_percentage=2.5,
        client_token="2026-01-01 é",
    )


@pytest.mark.parametrize(
    ("raw", "paginator"),
    [
        ("auto", Auto()),
        ("single_page", SinglePage()),
        ("offset", Offset()),
        ("page_number", PageNumber()),
        ({"type": "single_page"}, SinglePage()),
        ({"type": "offset", "total_header": "X-Total"}, Offset(total_header="X-Total")),
        ({"type": "offset", "total_path": "@odata.count"}, Offset(total_path="@odata.count")),
        ({"type": "page_number", "base_page": 0}, PageNumber(base_page=0)),
        (
            {"type": "page_number", "page_param": "p", "limit": 50, "limit_param": "n", "total_pages_path": "pages"},
            PageNumber(page_param="p", limit=50, limit_param="n", total_pages_path="pages"),
        ),
        ({"type": "page_number", "total_pages_header": "X-Pages"}, PageNumber(total_pages_header="X-Pages")),
    ],
)
def test_paginators_are_read_by_their_type(raw, paginator):
    job = {"url": URL, "paginator": raw}

    parsed = parse_job_spec(job)

    assert parsed.paginator == paginator


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (None, "the job spec is null; it must be an object"),
        ([], "the job spec is a list; it must be an object"),
        ("https://api.example.com", "the job spec is a string; it must be an object"),
        (True, "the job spec is a boolean; it must be an object"),
        (1.5, "the job spec is a number; it must be an object"),
        ({}, "url is missing"),
        ({"URL": URL}, "url is missing"),
    ],
)
def test_what_is_no_spec_at_all_is_refused(raw, message):
    example = '{"url": "https://'

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert message in refused.value.message
    assert example in refused.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": None}, "url is null; it must be a string"),
        ({"url": ""}, "url is empty; it must be a string"),
        ({"url": 5}, "url is a number; it must be a string"),
        ({"url": "api.example.com/items"}, "url has no scheme that can be fetched; it must start with https://"),
        ({"url": "ftp://api.example.com"}, "url has no scheme that can be fetched; it must start with https://"),
        ({"url": "file:///etc/passwd"}, "url has no scheme that can be fetched"),
        ({"url": "//api.example.com/items"}, "url has no scheme that can be fetched"),
        ({"url": "https://"}, "url names no host; write it as https://host/path"),
        ({"url": "https:///items"}, "url names no host"),
        ({"url": "https://:443/items"}, "url names no host"),
        ({"url": "https://api.example.com:port/"}, "url is not a URL"),
        ({"url": "https://api.example.com:99999/"}, "url is not a URL"),
        ({"url": "https://[::1/"}, "url is not a URL"),
        ({"url": "https://api.example.com/a b"}, "url holds white space; write it as %20"),
        ({"url": " https://api.example.com"}, "url holds white space"),
        ({"url": "https://api.example.com/\n"}, "url holds white space"),
        ({"url": "https://api.example.com/\x00"}, "url holds white space"),
        ({"url": "https://me@api.example.com/"}, "url holds a user name or password before the @; leave it out"),
        ({"url": "https://:pw@api.example.com/"}, "url holds a user name or password before the @"),
        ({"url": "https://@api.example.com/"}, "url holds a user name or password before the @"),
        ({"url": "https://api.example.com/#top"}, "url ends in a #fragment"),
        ({"name": ""}, "name is empty"),
        ({"name": None}, "name is null; it must be a string"),
        ({"name": "../etc"}, "name must be 1 to 64 letters, digits"),
        ({"name": "a/b"}, "name must be 1 to 64 letters, digits"),
        ({"name": ".hidden"}, "name must be 1 to 64 letters, digits"),
        ({"name": "a\n"}, "name must be 1 to 64 letters, digits"),
        ({"name": "n" * 65}, "name must be 1 to 64 letters, digits"),
        ({"name": "é"}, "name must be 1 to 64 letters, digits"),
        ({"method": "get"}, "method must be GET or POST"),
        ({"method": "DELETE"}, "method must be GET or POST"),
        ({"method": None}, "method must be GET or POST"),
        ({"method": ["GET"]}, "method must be GET or POST"),
        ({"params": "a=1"}, "params is a string; it must be an object of names and values"),
        ({"params": []}, "params is a list; it must be an object of names and values"),
        ({"params": {"q": {}}}, "params.q is an object; a query parameter is a string, number or boolean"),
        ({"params": {"q": None}}, "params.q is null; a query parameter is a string, number or boolean"),
        ({"headers": "Accept: */*"}, "headers is a string; it must be an object of names and values"),
        ({"headers": {"": "x"}}, "headers has a name that is no HTTP header name: ''"),
        ({"headers": {"X Y": "x"}}, "headers has a name that is no HTTP header name: 'X Y'"),
        ({"headers": {"X:Y": "x"}}, "headers has a name that is no HTTP header name: 'X:Y'"),
        ({"headers": {"X\r\n": "x"}}, "headers has a name that is no HTTP header name"),
        ({"headers": {"Host": "x"}}, "headers.Host is set by the connection itself; leave it out"),
        ({"headers": {"content-LENGTH": "5"}}, "headers.content-LENGTH is set by the connection itself"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers.Transfer-Encoding is set by the connection itself"),
        ({"headers": {"Connection": "close"}}, "headers.Connection is set by the connection itself"),
        ({"headers": {"Accept-Encoding": "br"}}, "headers.Accept-Encoding must be gzip or identity: no other is read"),
        ({"headers": {"Authorization": "x"}}, "headers.Authorization would store a secret with the job; leave it out"),
        ({"headers": {"Proxy-Authorization": "x"}}, "headers.Proxy-Authorization would store a secret"),
        ({"headers": {"COOKIE": "x"}}, "headers.COOKIE would store a secret"),
        ({"headers": {"x-api-key": "x"}}, "headers.x-api-key would store a secret"),
        ({"url": "https://a.example/?a=1&API%5Fkey=x"}, "url's parameter API_key would store a secret with the job"),
        ({"headers": {"X-A": 5}}, "headers.X-A must be a string of printable ASCII characters"),
        ({"headers": {"X-A": None}}, "headers.X-A must be a string of printable ASCII characters"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers.X-A must be a string of printable ASCII characters"),
        ({"headers": {"X-A": "ü"}}, "headers.X-A must be a string of printable ASCII characters"),
        ({"data_selector": ""}, "data_selector is empty"),
        ({"data_selector": ["data"]}, "data_selector is a list; it must be a string"),
        (
            {"data_selector": "data["},
            "data_selector is not a JMESPath expression: Invalid jmespath expression: Incomplete expression",
        ),
        ({"primary_key": ""}, "primary_key is empty; it must be a string"),
        ({"primary_key": 5}, "primary_key is a number; it must be a string"),
        ({"primary_key": "a["}, "primary_key is not a JMESPath expression"),
        ({"primary_key": []}, "primary_key is an empty list; leave it out"),
        ({"primary_key": ["id", ""]}, "primary_key[1] is empty"),
        ({"primary_key": ["id", "id"]}, "primary_key repeats a path; leave it out"),
        ({"data_selector": "a b"}, "data_selector is not a JMESPath expression"),
        ({"data_selector": "items[?price >]"}, "data_selector is not a JMESPath expression"),
        ({"paginator": None}, "paginator is null; it must be an object with a type: auto, single_page, offset"),
        ({"paginator": []}, "paginator is a list; it must be an object with a type"),
        ({"paginator": {}}, "paginator.type must be one of auto, single_page, offset, page_number"),
        ({"paginator": "pages"}, "paginator.type must be one of auto, single_page, offset, page_number"),
        ({"paginator": {"type": "Offset"}}, "paginator.type must be one of"),
        ({"paginator": {"type": ["offset"]}}, "paginator.type must be one of"),
        ({"paginator": {"type": None}}, "paginator.type must be one of"),
        ({"retry": 5}, "retry is a number; it must be an object"),
        ({"retry": None}, "retry is null; it must be an object"),
        ({"retry": {"max_attempts": 0}}, "retry.max_attempts must be a whole number from 1 to 20"),
        ({"retry": {"max_attempts": 21}}, "retry.max_attempts must be a whole number from 1 to 20"),
        ({"retry": {"max_delay_seconds": -1}}, "retry.max_delay_seconds must be a whole number from 0 to 3,600"),
        ({"retry": {"max_delay_seconds": 3601}}, "retry.max_delay_seconds must be a whole number from 0 to 3,600"),
        ({"retry": {"max_delay_seconds": 1.5}}, "retry.max_delay_seconds must be a whole number from 0 to 3,600"),
        ({"retry": {"retry_after_headers": "Retry-After"}}, "retry.retry_after_headers is a string; it must be a list"),
        ({"retry": {"retry_after_headers": ["A", 5]}}, "retry.retry_after_headers[1] is a number"),
        ({"retry": {"retry_after_headers": [""]}}, "retry.retry_after_headers[0] is empty"),
        ({"max_concurrency": 0}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"max_concurrency": 1001}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"max_concurrency": "10"}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"max_concurrency": True}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"max_concurrency": 10.0}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"max_concurrency": float("nan")}, "max_concurrency must be a whole number from 1 to 1,000"),
        ({"maximum_pages": 0}, "maximum_pages must be a whole number from 1 to 10,000,000"),
        ({"maximum_pages": 10**7 + 1}, "maximum_pages must be a whole number from 1 to 10,000,000"),
        ({"maximum_pages": None}, "maximum_pages must be a whole number from 1 to 10,000,000"),
        ({"deadline_seconds": 59}, "deadline_seconds must be a whole number from 60 to 1,209,600"),
        ({"deadline_seconds": 1_209_601}, "deadline_seconds must be a whole number from 60 to 1,209,600"),
        ({"deadline_seconds": "1h"}, "deadline_seconds must be a whole number from 60 to 1,209,600"),
        *(
            ({"tolerated_failure_percentage": value}, "tolerated_failure_percentage must be a number from 0 to 100")
            for value in (-0.1, 100.1, "5", "5%", True, float("nan"), [], float("inf"))
        ),
        ({"output": "xml"}, "output.format must be one of jsonl, csv"),
        ({"output": {}}, "output.format must be one of jsonl, csv"),
        ({"output": 5}, "output is a number; it must be an object with a format: jsonl, csv"),
        ({"output": "parquet"}, "output.format parquet is not offered; DuckDB makes Parquet of a dataset in one line"),
        ({"output": {"format": "jsonl", "columns": ["a"]}}, "output.columns is not a field of output; it takes no fi"),
        ({"output": {"format": "csv", "found": ["a"]}}, "output.found is not a field of output; it has columns"),
        ({"output": {"format": "csv", "columns": "a"}}, "output.columns is a string; it must be a list of 1 to 1,000"),
        ({"output": {"format": "csv", "columns": []}}, "output.columns is a list of none or too many; it must be"),
        ({"output": {"format": "csv", "columns": ["a"] * 1001}}, "output.columns is a list of none or too many"),
        ({"output": {"format": "csv", "columns": ["a", "b["]}}, "output.columns[1] is not a JMESPath expression"),
        ({"output": {"format": "csv", "columns": ["a", '"a"']}}, "output.columns names a column twice; leave one out"),
        *(
            ({"client_token": value}, "client_token must be a string of 1 to 128 printable characters")
            for value in ("", "x" * 129, 5, "a\nb", "\x00", "\ud800", ["a"])
        ),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(fields, message):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("offset", {"limit": 0}, "paginator.limit must be a whole number from 1 to 1,000,000"),
        ("offset", {"limit": -5}, "paginator.limit must be a whole number from 1 to 1,000,000"),
        ("offset", {"limit": 10**9}, "paginator.limit must be a whole number from 1 to 1,000,000"),
        ("offset", {"limit": "100"}, "paginator.limit must be a whole number from 1 to 1,000,000"),
        ("offset", {"limit": float("nan")}, "paginator.limit must be a whole number from 1 to 1,000,000"),
        ("offset", {"limit_param": ""}, "paginator.limit_param is empty"),
        ("offset", {"offset_param": None}, "paginator.offset_param is null; it must be a string"),
        ("offset", {"total_path": 5}, "paginator.total_path is a number; it must be a string"),
        ("offset", {"total_path": "meta["}, "paginator.total_path is not a JMESPath expression"),
        ("offset", {"total_header": ["X-Total"]}, "paginator.total_header is a list; it must be a string"),
        ("offset", {"limit_path": "(a"}, "paginator.limit_path is not a JMESPath expression"),
        ("page_number", {"page_param": ""}, "paginator.page_param is empty"),
        ("page_number", {"base_page": -1}, "paginator.base_page must be a whole number from 0 to 1,000,000"),
        ("page_number", {"base_page": "1"}, "paginator.base_page must be a whole number from 0 to 1,000,000"),
        ("page_number", {"total_pages_path": ""}, "paginator.total_pages_path is empty"),
        ("page_number", {"total_pages_header": 1}, "paginator.total_pages_header is a number; it must be a string"),
    ],
)
def test_a_bad_value_of_a_paginator_is_refused_by_the_name_of_its_field(kind, fields, message):
    raw = {"url": URL, "paginator": {"type": kind, **fields}}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"urls": []}, "urls is not a field of the job spec; did you mean url? It has url, name, method"),
        ({"Url": URL}, "Url is not a field of the job spec; did you mean url? It has url,"),
        ({"": 1}, "is not a field of the job spec"),
        (
            {"retry": {"attempts": 3}},
            "retry.attempts is not a field of retry; did you mean retry.max_attempts? It has max_attempts,",
        ),
        ({"paginator": {"type": "auto", "limit": 5}}, "paginator.limit is not a field of paginator; it takes no field"),
        ({"paginator": {"type": "single_page", "x": 5}}, "paginator.x is not a field of paginator; it takes no fields"),
        (
            {"paginator": {"type": "offset", "page_param": "p"}},
            "paginator.page_param is not a field of paginator; it has limit, limit_param, offset_param",
        ),
        (
            {"paginator": {"type": "page_number", "offset_param": "o"}},
            "paginator.offset_param is not a field of paginator; it has page_param, base_page",
        ),
    ],
)
def test_an_unknown_field_is_refused_with_what_may_have_been_meant(fields, message):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert message in refused.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"limit": 5}, "limit is not a field of the job spec; did you mean paginator.limit? It has url"),
        ({"total-path": "n"}, "total-path is not a field of the job spec; did you mean paginator.total_path? It has"),
        ({"max_attempts": 5}, "max_attempts is not a field of the job spec; did you mean retry.max_attempts? It"),
        (
            {"paginator": "ofset"},
            "page_number, cursor, header_cursor, json_link, header_link; did you mean offset?",
        ),
        ({"paginator": {"type": "Offset"}}, "did you mean offset?"),
        ({"paginator": {"type": "pagenumber"}}, "did you mean page_number?"),
    ],
)
def test_what_is_elsewhere_or_written_otherwise_is_named(fields, message):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert message in refused.value.message


@pytest.mark.parametrize(("prefix", "name"), [(p, n) for p, names in planned.FIELDS.items() for n in sorted(names)])
def test_a_planned_field_is_not_there_yet_and_is_no_mistake(prefix, name):
    nested = {"paginator.": {"type": "offset"}, "incremental.": {}}
    raw = {"url": URL, prefix.rstrip("."): {**nested[prefix], name: None}} if prefix else {"url": URL, name: None}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message == f"{prefix}{name} is not there yet; leave it out"


def test_a_parameter_may_be_a_list():
    parsed = parse_job_spec({"url": URL, "params": {"status": ["open", "held", ""], "year": [2026, 0.5, True]}})

    assert parsed.params == {"status": ["open", "held", ""], "year": ["2026", "0.5", "true"]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "params.ids is an empty list; leave it out"),
        ([1, None], "params.ids[1] is null; a query parameter is a string, number or boolean, or a list of such"),
        ([[1]], "params.ids[0] is a list; a query parameter is a string, number or boolean, or a list of such"),
        (["a", "\ud800"], "params.ids[1] holds half a surrogate pair, which is no character"),
        ({}, "params.ids is an object; a query parameter is a string, number or boolean, or a list of such"),
    ],
)
def test_a_list_of_a_parameter_holds_values_and_nothing_else(values, message):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "params": {"ids": values}})

    assert refused.value.message == message


def test_a_list_is_searched_for_secrets():
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "params": {"q": ["shoes", f"ghp_{'a1' * 18}"]}})

    assert refused.value.message == "params.q[1] would store a secret with the job; leave it out"
    assert refused.value.secret_sent


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"url": "https://me:pw@api.example.com/"}, True),
        ({"url": f"{URL}?api_key=x"}, True),
        ({"params": {"token": "x"}}, True),
        ({"headers": {"Authorization": "x"}}, True),
        ({"auth": {"type": "bearer", "token": "x"}}, True),
        ({"password": "x"}, True),
        ({"limti": 5}, False),
        ({"url": "ftp://api.example.com"}, False),
    ],
)
def test_a_refusal_knows_whether_a_secret_was_sent(fields, sent):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, **fields})

    assert refused.value.secret_sent is sent


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"paginator": {"type": "page_number", "limit": 50}},
            "paginator.limit and paginator.limit_param go together; give both or neither",
        ),
        (
            {"paginator": {"type": "page_number", "limit_param": "per_page"}},
            "paginator.limit and paginator.limit_param go together; give both or neither",
        ),
        (
            {"paginator": {"type": "offset", "total_path": "total", "total_header": "X-Total"}},
            "paginator.total_path and paginator.total_header both say where the total is; give one",
        ),
        (
            {"paginator": {"type": "page_number", "total_path": "total", "total_pages_path": "pages"}},
            "paginator.total_path and paginator.total_pages_path both say where the total is; give one",
        ),
        (
            {"paginator": {"type": "page_number", "total_header": "X-Total", "total_pages_header": "X-Pages"}},
            "paginator.total_header and paginator.total_pages_header both say where the total is; give one",
        ),
        (
            {"paginator": {"type": "offset", "limit_param": "n", "offset_param": "n"}},
            "paginator.limit_param and paginator.offset_param are both n; they must differ",
        ),
        (
            {"paginator": {"type": "offset", "limit_param": "offset"}},
            "paginator.limit_param and paginator.offset_param are both offset; they must differ",
        ),
        (
            {"paginator": {"type": "page_number", "limit_param": "page", "limit": 5}},
            "paginator.limit_param and paginator.page_param are both page; they must differ",
        ),
        (
            {"paginator": {"type": "offset", "total_path": "meta.n", "limit_path": "meta.n"}},
            "paginator.limit_path and paginator.total_path are both meta.n; they must differ",
        ),
        (
            {"paginator": "offset", "params": {"offset": 100}},
            "offset is set in url or params, but paginator.offset_param changes it page by page",
        ),
        (
            {"paginator": {"type": "offset", "offset_param": "startAt"}, "url": f"{URL}?startAt=0"},
            "startAt is set in url or params, but paginator.offset_param changes it page by page",
        ),
        (
            {"paginator": "page_number", "url": f"{URL}?q=1&page="},
            "page is set in url or params, but paginator.page_param changes it page by page",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, message):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message == message


@pytest.mark.parametrize(
    "fields",
    [
        {"paginator": "offset", "params": {"limit": 50}},
        {"paginator": "page_number", "params": {"offset": 50, "pages": 3}},
        {"paginator": "auto", "params": {"page": 3, "offset": 5}},
        {"paginator": "single_page", "params": {"page": 3}},
    ],
)
def test_parameters_that_the_paginator_leaves_alone_may_be_fixed(fields):
    raw = {"url": URL, **fields}

    parsed = parse_job_spec(raw)

    assert parsed.params == {name: str(value) for name, value in fields["params"].items()}


@pytest.mark.parametrize("name", ["tolerated_failure_percentage", "client_token"])
def test_null_means_that_a_field_is_not_given(name):
    raw = {"url": URL, name: None}

    parsed = parse_job_spec(raw)

    assert parsed == JobSpec(url=URL)


@pytest.mark.parametrize("value", [0, 0.5, 100, 100.0])
def test_a_percentage_may_be_any_number_up_to_a_hundred(value):
    raw = {"url": URL, "tolerated_failure_percentage": value}

    parsed = parse_job_spec(raw)

    assert parsed.tolerated_failure_percentage == value


def test_a_paginator_found_later_is_held_to_the_same_rule():
    found = spec(url=f"{URL}?startAt=0", paginator=Offset(offset_param="startAt"))

    with pytest.raises(JobRejected) as refused:
        refuse_fixed_parameters(found)

    assert refused.value.message.startswith("startAt is set in url or params")


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": f"Bearer {CANARY}"}},
        {"headers": {"Cookie": CANARY}},
        {"headers": {"X-Token": f"{CANARY}\n"}},
        {"headers": {"X-Token": f"{CANARY}é"}},
        {"headers": {"X-Token": [CANARY]}},
        {"headers": {"Host": CANARY}},
        {"headers": {"X Token": CANARY}},
        {"headers": f"Authorization: Bearer {CANARY}"},
        {"headers": [CANARY]},
        {"params": {"api_key": [CANARY]}},
        {"params": f"api_key={CANARY}"},
        {"auth": {"type": "bearer", "token": CANARY}},
        {"paginator": {"type": "offset", "secret": CANARY}},
        {"url": f"https://user:{CANARY}@api.example.com/"},
        {"url": f"https://{CANARY}@api.example.com/"},
        {"url": f"https://api.example.com/?api_key={CANARY}#x"},
        {"url": f"https://api.example.com/?api_key={CANARY} "},
        {"url": f"ftp://user:{CANARY}@api.example.com/"},
        {"url": f"https://user:{CANARY}"},
        {"url": f"https://user:{CANARY}@api\uff0f.example.com/"},
        {"url": f"https://user:{CANARY}@[api.example.com/"},
    ],
)
def test_a_refusal_repeats_no_secret(fields):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert CANARY not in refused.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"x" * 10_000: 1},
        {"\ud800": 1},
        {"retry": {"\ud800": 1}},
        {"params": {"\ud800": None}},
        {"params": {"x" * 10_000: None}},
        {"headers": {"X" * 10_000: None}},
        {"data_selector": "[" + "x" * 10_000},
    ],
    ids=["long field", "field", "retry", "params", "long parameter", "long header", "long path"],
)
def test_a_refusal_can_be_stored_and_shown(fields):
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert len(refused.value.message) < 1000
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"params": {"q": "\ud800"}}, "params.q"),
        ({"url": f"{URL}/\ud800"}, "url"),
        ({"url": f"{URL}?q=\udfff"}, "url"),
    ],
)
def test_text_that_no_request_can_carry_is_refused(fields, field):
    """A lone surrogate is valid JSON, and has no UTF-8 form to be percent-encoded in a URL."""
    raw = {"url": URL, **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message.startswith(field)


def test_a_header_value_that_no_request_can_carry_is_refused():
    """White space around a value is no part of it (RFC 9110, section 5.5): HTTP clients refuse to send it."""
    raw = {"url": URL, "headers": {"X-Region": " eu"}}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message.startswith("headers.X-Region")


@pytest.mark.parametrize("path", ["(" * 5000, "[" * 5000, "!" * 5000, "a." * 5000 + "[", "&" * 5000], ids="([!a&")
def test_a_path_nested_without_end_is_refused(path):
    raw = {"url": URL, "data_selector": path}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert refused.value.message.startswith("data_selector")


@pytest.mark.parametrize(
    "path", ["@", "data", "data[].attributes", 'response."odd key"', "@odata.value", "a-b", "$values", "items[0].rows"]
)
def test_paths_and_plain_keys_are_taken(path):
    raw = {"url": URL, "data_selector": path}

    parsed = parse_job_spec(raw)

    assert parsed.data_selector == path


@pytest.mark.parametrize(
    ("raw", "output"),
    [
        ("jsonl", Jsonl()),
        ("csv", Csv()),
        ({"format": "csv"}, Csv()),
        ({"format": "csv", "columns": ["id", "customer.name"]}, Csv(("id", "customer.name"))),
    ],
)
def test_an_output_is_read_by_its_format(raw, output):
    assert parse_job_spec({"url": URL, "output": raw}).output == output


@pytest.mark.parametrize(
    ("path", "name"), [("a", "a"), ("a.b", "a.b"), ('"a b"', "a b"), ('"a"."b"', '"a"."b"'), ("5", "5")]
)
def test_a_column_is_called_like_its_path(path, name):
    assert column_name(path) == name


def test_a_whole_spec_survives_a_round_trip():
    parsed = parse_job_spec(FULL)

    written = json.dumps(spec_to_dict(parsed))

    assert parse_job_spec(json.loads(written)) == parsed
    assert "null" not in written


texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
paths = st.sampled_from(["total", "meta.total", "@odata.count", "data[0].n"])
limits = st.integers(1, 1_000_000)
paginators = st.one_of(
    st.builds(Auto),
    st.builds(SinglePage),
    st.builds(
        Offset, st.none() | limits, texts, st.just("startAt"), st.none() | paths, limit_path=st.none() | st.just("size")
    ),
    st.builds(PageNumber, st.just("p"), st.integers(0, 9), total_pages_path=st.none() | paths),
    st.builds(PageNumber, limit_param=texts, limit=limits, total_header=st.none() | texts),
)
specs = st.builds(
    JobSpec,
    url=st.sampled_from([URL, "https://api.example.com", "http://127.0.0.1:9001/a?b=c&b=d", "https://[2001:db8::1]/é"]),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    method=st.sampled_from(["GET", "POST"]),
    params=st.dictionaries(st.sampled_from(["q", "", "a b", "ü"]), st.text(max_size=9)),
    headers=st.dictionaries(st.sampled_from(["Accept", "X-A", "x-b"]), texts),
    data_selector=st.none() | paths,
    primary_key=st.none() | st.lists(paths, min_size=1, max_size=3, unique=True).map(tuple),
    paginator=paginators,
    retry=st.builds(Retry, st.integers(1, 20), st.integers(0, 3600), st.lists(texts, max_size=3).map(tuple)),
    max_concurrency=st.integers(1, 1000),
    maximum_pages=st.integers(1, 10_000_000),
    deadline_seconds=st.integers(60, 1_209_600),
    tolerated_failure_percentage=st.none() | st.floats(0, 100),
    output=st.builds(Jsonl)
    | st.builds(Csv, st.none() | st.lists(paths, min_size=1, max_size=3, unique=True).map(tuple)),
    client_token=st.none() | texts,
)


@examples
@given(specs)
def test_any_spec_survives_a_round_trip(one):
    written = json.dumps(spec_to_dict(one))

    read = parse_job_spec(json.loads(written))

    assert read == one


@pytest.mark.parametrize("key", ["items", "my items", "@odata.value", "a-b", "a.b", "rows[]", "données", "x*", "0"])
def test_a_selector_that_was_found_survives_a_round_trip(key):
    """What a plan resolved is stored with the job and read again by every later step."""
    resolved = spec(data_selector=page({key: [1, 2]}).selector)

    read = parse_job_spec(json.loads(json.dumps(spec_to_dict(resolved))))

    assert read == resolved


def test_each_paginator_has_a_name_of_its_own():
    assert [kind.TYPE for kind in PAGINATORS.values()] == list(PAGINATORS)


def test_a_spec_of_any_size_is_read_and_one_too_large_is_not_accepted():
    raw = {"url": URL, "headers": {"X-Note": "x" * 60_000}}
    room = MAX_SPEC_BYTES - len(write_stored(parse_job_spec({**raw, "name": "n"})))
    fitting, larger = ({**raw, "name": "n", "headers": {"X-Note": "x" * (60_000 + more)}} for more in (room, room + 1))

    assert accept_job_spec(fitting) == parse_job_spec(fitting)
    with pytest.raises(JobRejected, match="takes 65,537 bytes to store, and may take 65,536; shorten its url, params"):
        accept_job_spec(larger)


@pytest.mark.parametrize("token", ["x", "x" * 128], ids=["shortest", "longest"])
def test_a_client_token_has_1_to_128_characters(token):
    assert parse_job_spec({"url": URL, "client_token": token}).client_token == token


def test_a_parameter_of_the_url_is_a_credential_also_where_it_is_empty():
    with pytest.raises(JobRejected, match="would store a secret"):
        parse_job_spec({"url": f"{URL}?api_key="})


def test_a_made_up_field_that_may_be_a_key_is_judged_by_its_value():
    sent = []
    for value in ("AIzaSyD4c5n4rY-0123_456", "name"):
        with pytest.raises(JobRejected) as refused:
            parse_job_spec({"url": URL, "key": value})
        sent.append(refused.value.secret_sent)

    assert sent == [True, False]


def test_a_paginator_that_resembles_none_is_told_which_there_are():
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "paginator": {"type": "zzz"}})

    assert refused.value.message == f"paginator.type must be one of {', '.join(PAGINATORS)}"


def test_what_is_no_list_is_not_said_to_be_there_later():
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "params": {"a": {"b": 1}}})

    assert refused.value.message == (
        "params.a is an object; a query parameter is a string, number or boolean, or a list of such"
    )


def test_a_page_s_parameter_takes_the_place_of_the_url_s_whatever_that_holds():
    asked = page_request(spec(url=f"{URL}?offset=1=2&q=a=b", paginator=Offset(limit=10)), 3, 10)

    assert asked.url == f"{URL}?q=a=b&limit=10&offset=30"


def test_a_secret_in_auth_was_sent():
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "auth": {"type": "bearer", "token": "x"}})

    assert refused.value.secret_sent


def test_what_jmespath_says_of_a_path_is_handed_on():
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "data_selector": "data["})

    said = "data_selector is not a JMESPath expression: Invalid jmespath expression: Incomplete expression"
    assert refused.value.message == said


OAUTH = {"type": "oauth2_client_credentials", "secret": "o", "token_url": "https://login.example.com/token"}
LOGIN = {"type": "session_token", "secret": "o", "login_url": "https://a.example/login", "token_path": "token"}


@pytest.mark.parametrize(
    ("auth", "read"),
    [
        ({"type": "bearer", "secret": "orders"}, Bearer("orders")),
        ({"type": "http_basic", "secret": "a.b_c-d"}, HttpBasic("a.b_c-d")),
        ({"type": "api_key", "secret": "orders", "name": "X-Api-Key"}, ApiKey("orders", "X-Api-Key", "header")),
        (
            {"type": "api_key", "secret": "o", "name": "api_key", "location": "query"},
            ApiKey("o", "api_key", "query"),
        ),
        (
            {"type": "oauth2_client_credentials", "secret": "o", "token_url": "https://login.example.com/token"},
            OAuth2ClientCredentials("o", "https://login.example.com/token", (), {}, "header"),
        ),
        (
            {
                "type": "oauth2_client_credentials",
                "secret": "o",
                "token_url": "https://login.example.com/token?v=2",
                "scopes": ["read", "a:b"],
                "token_params": {"audience": "https://api"},
                "client_auth": "body",
            },
            OAuth2ClientCredentials(
                "o", "https://login.example.com/token?v=2", ("read", "a:b"), {"audience": "https://api"}, "body"
            ),
        ),
        (
            {"type": "aws_sigv4", "secret": "o", "service": "execute-api", "region": "eu-west-1"},
            AwsSigV4("o", "execute-api", "eu-west-1"),
        ),
        (
            {"type": "session_token", "secret": "o", "login_url": "https://a.example/login", "token_path": "a.b"},
            SessionToken("o", "https://a.example/login", "a.b", "Authorization", None),
        ),
        (
            {
                "type": "session_token",
                "secret": "o",
                "login_url": "https://a.example/login",
                "token_path": "token",
                "header": "X-Session",
                "scheme": "",
            },
            SessionToken("o", "https://a.example/login", "token", "X-Session", ""),
        ),
    ],
)
def test_auth_is_read(auth: dict[str, object], read: object) -> None:
    assert parse_job_spec({"url": URL, "auth": auth}).auth == read


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("bearer", "auth is a string; it must be an object with a type: api_key, http_basic, bearer, oauth2"),
        ({}, "auth.type must be one of api_key, http_basic, bearer, oauth2_client_credentials, session_token"),
        ({"type": "magic", "secret": "orders"}, "auth.type must be one of api_key"),
        ({"type": ["bearer"], "secret": "orders"}, "auth.type must be one of api_key"),
        ({"type": "bearer"}, "auth.secret is missing; this auth needs it"),
        ({"type": "bearer", "secret": None}, "auth.secret is null; it must be a string"),
        ({"type": "bearer", "secret": "orders", "name": "x"}, "auth.name is not a field of auth; it has secret"),
        ({"type": "api_key", "secret": "orders"}, "auth.name is missing; this auth needs it"),
        ({"type": "api_key", "secret": "o", "name": "a b"}, "auth.name must be the name of a header or query"),
        ({"type": "api_key", "secret": "o", "name": "Host"}, "auth.name is set by the connection itself"),
        ({"type": "api_key", "secret": "o", "name": "k", "location": "body"}, "auth.location must be one of header"),
        (
            {"type": "bearer", "secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x"},
            "auth.secret is an ARN; only secrets of this stack are read",
        ),
        ({**OAUTH, "token_url": "login.example.com/token"}, "auth.token_url is not a URL"),
        ({**OAUTH, "token_url": "ftp://login.example.com/token"}, "auth.token_url is not a URL"),
        ({**OAUTH, "token_url": "https://[x/token"}, "auth.token_url is not a URL"),
        ({**OAUTH, "token_url": "https://login.example.com/a b"}, "auth.token_url is not a URL"),
        ({**OAUTH, "scopes": "read"}, "auth.scopes is a string; it must be a list of strings"),
        ({**OAUTH, "scopes": ["read write"]}, "auth.scopes holds a space"),
        ({**OAUTH, "scopes": [7]}, "auth.scopes[0] is a number; it must be a string"),
        ({**OAUTH, "token_params": ["a"]}, "auth.token_params is a list; it must be an object"),
        ({**OAUTH, "token_params": {"a": 7}}, "auth.token_params.a is a number; it must be a string"),
        ({**OAUTH, "token_params": {"scope": "x"}}, "auth.token_params.scope is set by the other fields"),
        ({**OAUTH, "client_auth": "query"}, "auth.client_auth must be one of header, body"),
        ({**LOGIN, "token_path": "a["}, "auth.token_path is not a JMESPath expression"),
        ({**LOGIN, "header": "Content-Length"}, "auth.header is set by the connection itself"),
        ({"type": "aws_sigv4", "secret": "o", "service": "es"}, "auth.region is missing"),
        (
            {"type": "aws_sigv4", "secret": "o", "service": "ES/x", "region": "eu-west-1"},
            "auth.service must be lower-case letters",
        ),
        ({**LOGIN, "scheme": "Two words"}, "auth.scheme must be one word"),
    ],
)  # fmt: skip
def test_an_auth_that_cannot_be_is_refused(auth: object, said: str) -> None:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "auth": auth})

    assert refused.value.message.startswith(said)
    assert not refused.value.secret_sent


@pytest.mark.parametrize(
    "auth",
    [
        {**OAUTH, "token_url": "https://me:pw@login.example.com/token"},
        {**OAUTH, "token_url": "https://login.example.com/token?client_secret=x"},
        {**OAUTH, "token_params": {"client_secret": "x"}},
        {**OAUTH, "token_params": {"password": "x"}},
        {**LOGIN, "login_url": "https://a.example/login?api_key=x"},
    ],
)
def test_a_secret_in_another_field_of_auth_was_sent(auth: object) -> None:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "auth": auth})

    assert refused.value.secret_sent


@pytest.mark.parametrize(
    "literal",
    ["Bearer abc", "ghp_" + "a1" * 18, "a" * 65, "0123456789abcdefghij", "AKIA" + "A1" * 8, "p@ss",
     "eyJhbGciOiJI.eyJzdWIiOiIx.x"],
)  # fmt: skip
def test_a_secret_in_place_of_its_name_is_refused_and_not_repeated(literal: str) -> None:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "auth": {"type": "bearer", "secret": literal}})

    assert refused.value.message.startswith("auth.secret is not the name of a secret")
    assert refused.value.secret_sent
    assert literal not in refused.value.message


@pytest.mark.parametrize(
    "more",
    [
        {"headers": {"x-key": "1"}, "auth": {"type": "api_key", "secret": "o", "name": "X-Key"}},
        {"params": {"k": "1"}, "auth": {"type": "api_key", "secret": "o", "name": "k", "location": "query"}},
        {"url": f"{URL}?k=1", "auth": {"type": "api_key", "secret": "o", "name": "k", "location": "query"}},
    ],
)  # fmt: skip
def test_what_auth_sets_is_not_set_in_another_way(more: dict[str, object]) -> None:
    with pytest.raises(JobRejected, match="is set in url, params or headers, and auth sets it"):
        parse_job_spec({"url": URL, **more})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"json": {}}, "json is sent in the body of a request, and GET has none; set method to POST"),
        ({"json": [], "method": "GET"}, "json is sent in the body of a request"),
        (
            {"method": "POST", "json": [1], "paginator": {"type": "page_number", "page_body_path": "page"}},
            "the path page leads through what is no object in the spec's json",
        ),
        (
            {"method": "POST", "json": {"variables": {"api_key": "canary"}}},
            "json.variables.api_key would store a secret",
        ),
        (
            {"method": "POST", "json": {"q": [{"note": f"ghp_{6 * 'canary'}"}]}},
            "json.q[0].note would store a secret",
        ),
        ({"method": "POST", "json": ["\ud800"]}, "json[0] holds half a surrogate pair"),
        ({"method": "POST", "json": {"a": {"\ud800": 1}}}, "json.a holds half a surrogate pair"),
        ({"method": "POST", "json": {"a": float("nan")}}, "json.a is nan, which is no JSON"),
        (
            {
                "method": "POST",
                "paginator": {"type": "page_number", "limit": 5, "limit_param": "a", "limit_body_path": "b"},
            },
            "paginator.limit_param and paginator.limit_body_path both say where the page size goes",
        ),
    ],
)
def test_a_body_that_cannot_be_sent_is_refused(fields, message):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, **fields})

    assert message in refused.value.message
    assert "canary" not in refused.value.message


def nested(levels, wrap):
    body = 1
    for _ in range(levels):
        body = wrap(body)
    return body


@pytest.mark.parametrize("wrap", [lambda body: [body], lambda body: {"a": body}], ids=["lists", "objects"])
def test_a_body_may_have_49_levels(wrap):
    deepest, deeper = nested(49, wrap), nested(50, wrap)

    assert parse_job_spec({"url": URL, "method": "POST", "json": deepest}).json == deepest
    with pytest.raises(JobRejected, match="is nested too deeply"):
        parse_job_spec({"url": URL, "method": "POST", "json": deeper})


@pytest.mark.parametrize("body", [{"a": [1, "x", None, True, {"b": 1.5}]}, [1], "text", 7, False])
def test_any_json_is_a_body_and_survives_storing(body):
    read = parse_job_spec({"url": URL, "method": "POST", "json": body})

    assert read.json == body
    assert read_stored(write_stored(read)) == read
