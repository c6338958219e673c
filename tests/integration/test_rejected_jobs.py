"""What is refused before the fan-out, and the reason that the job gives."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from poller.errors import MAX_MESSAGE
from poller.upstream import client
from tests.support import workflow
from tests.support.limits import SPEC, spec_of
from tests.support.partner import Partner, answering, record, serving
from tests.support.workflow import Take, offset


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({}, "REJECTED", "url is missing"),
        ({"url": "example.com/x"}, "REJECTED", "url has no scheme"),
        ({"url": "URL", "pagniator": "auto"}, "REJECTED", "pagniator is not a field of the job spec"),
        ({"url": "URL", "maximum_pages": 3, "paginator": offset(10)}, "REJECTED", "maximum_pages is 3"),
        ({"url": "http://nowhere.invalid/x", "retry": {"max_attempts": 1}}, "FAILED", "cannot be resolved"),
        ({"url": "http://10.0.0.1/x"}, "REJECTED", "an address that may not be polled"),
    ],
)
def test_what_cannot_start_says_why(sent_messages: Take, spec: dict[str, Any], status: str, said: str) -> None:
    with serving(Partner()) as partner:
        spec = {name: partner.url if value == "URL" else value for name, value in spec.items()}
        job = workflow.run(spec, sent_messages)

    assert job["Status"] == status
    assert said in job["Error"]["Message"]
    assert job["Total"] == 0


@pytest.mark.parametrize(
    ("partner", "status", "said"),
    [
        (Partner(status=404), "REJECTED", "the API answered HTTP 404"),
        (Partner(status=503), "FAILED", "the API answered HTTP 503 (2 attempts)"),
        (Partner(body=b"<!DOCTYPE html><p>Sign in", content_type="text/html"), "REJECTED", "an HTML page"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": "many"}'), "REJECTED", "'many', not a"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": -5}'), "REJECTED", "-5, not a believable"),
        (Partner(body=b'{"data": [1], "offset": 0, "limit": 1, "total": 1000000000}'), "REJECTED", "maximum_pages"),
        (Partner(body=b'{"data": [], "offset": 0, "limit": 1, "total": 7}'), "REJECTED", "first page holds no records"),
    ],
)  # fmt: skip
def test_an_answer_that_allows_no_plan_says_why(sent_messages: Take, partner: Partner, status: str, said: str) -> None:
    with serving(partner):
        spec = {"url": partner.url, "paginator": offset(1), "retry": {"max_attempts": 2}}
        job = workflow.run(spec, sent_messages)

    assert job["Status"] == status
    assert said in job["Error"]["Message"]


def test_a_page_size_of_zero_is_refused_before_the_fan_out(sent_messages: Take) -> None:
    body = b'{"payload": [1], "maxRecordsPerPage": 0, "totalRecords": 7}'
    with serving(Partner(body=body)) as partner:
        job = workflow.run({"url": partner.url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "the page size at maxRecordsPerPage is 0" in job["Error"]["Message"]
    assert len(partner.requests) == 1


def test_a_page_larger_than_the_cap_is_refused(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BODY_BYTES", 1000)
    with serving(Partner(body=b'["' + b"x" * 2000 + b'"]')) as partner:
        job = workflow.run({"url": partner.url, "paginator": "single_page"}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "larger than" in job["Error"]["Message"]


@pytest.mark.parametrize("where", [{"headers": {"X-Auth-Token": "s3cret"}}, {"params": {"api_key": "s3cret"}}])
def test_a_secret_in_a_spec_is_refused_and_not_repeated(sent_messages: Take, where: dict[str, Any]) -> None:
    job = workflow.run({"url": "https://example.com", **where}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "would store a secret" in job["Error"]["Message"]
    assert "have it replaced by whoever issued it" in job["Error"]["Message"]
    assert "s3cret" not in json.dumps(job)


ROWS = [{"id": n} for n in range(50)]


@pytest.mark.parametrize("paginator", ["auto", {"type": "offset", "limit": 20}], ids=["auto", "offset"])
@pytest.mark.parametrize(
    ("body", "headers"),
    [({"total_count": 50}, {}), ({}, {"X-Total-Count": "50"})],
    ids=["total_count", "X-Total-Count"],
)
def test_totals_that_disagree_allow_no_plan(
    sent_messages: Take, paginator: Any, body: dict[str, Any], headers: dict[str, str]
) -> None:
    with answering(lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20, **body}, headers)) as (url, asked):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert asked == [0]
    assert all(name in job["Error"]["Message"].lower() for name in [*map(str.lower, headers), *map(str.lower, body)])


@pytest.mark.parametrize(
    ("body", "headers"),
    [({"isLast": False}, {}), ({}, {"X-Next-Page": "2"})],
    ids=["isLast", "X-Next-Page"],
)
def test_auto_does_not_take_a_page_for_the_whole_where_there_is_more(
    sent_messages: Take, body: dict[str, Any], headers: dict[str, str]
) -> None:
    with answering(lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20, **body}, headers)) as (url, asked):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert asked == [0]
    assert all(name in job["Error"]["Message"].lower() for name in [*map(str.lower, headers), *map(str.lower, body)])


def test_a_total_of_a_full_page_is_checked_by_asking_for_more(sent_messages: Take) -> None:
    with answering(lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20}, {})) as (url, asked):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert asked == [0, 20]
    assert job["Error"]["Message"].endswith('perhaps {"paginator": "single_page"}')


@pytest.mark.parametrize(
    "answer",
    [lambda *_: ({"items": ROWS[:20], "total": 20}, {}), lambda at, _: ({"items": ROWS[at:20], "total": 20}, {})],
    ids=["the same page", "no records"],
)
def test_a_total_of_a_full_page_may_be_everything(sent_messages: Take, answer: Any) -> None:
    with answering(answer) as (url, asked):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert job["RecordsReceived"] == 20
    assert 20 in asked


@pytest.mark.parametrize("paginator", ["auto", "single_page"])
def test_a_list_of_errors_is_not_an_empty_result(sent_messages: Take, paginator: str) -> None:
    with answering(lambda *_: ({"total": 0, "errors": [{"message": "no index"}], "data": None}, {})) as (url, _):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("REJECTED", "InvalidPayload")


def test_a_spec_one_byte_too_large_is_refused_before_anything_is_asked(aws: None) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare(spec_of(SPEC + 1, partner.url))

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert "the job spec takes 65,537 bytes to store, and may take 65,536; shorten its url" in job["Error"]["Message"]
    assert partner.requests == []


def test_what_the_api_calls_its_list_counts_too(aws: None, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rows").respond_with_json({"r" * SPEC: [1, 2], "total": 2})

    step = workflow.prepare({"url": httpserver.url_for("/rows"), "paginator": "single_page"})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert "data_selector" in job["Error"]["Message"]


def test_an_answer_made_to_fill_the_error_does_not(aws: None, httpserver: HTTPServer) -> None:
    body = {"data": [{"id": 1}], **{f"next_{n}_{'x' * 100}": "more" for n in range(5000)}}
    httpserver.expect_request("/rows").respond_with_json(body)

    step = workflow.prepare({"url": httpserver.url_for("/rows"), "data_selector": "data"})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("auto cannot tell how the API pages")
    assert job["Error"]["Message"].endswith("with the API's parameter names, if it knows such")
    assert len(job["Error"]["Message"]) <= MAX_MESSAGE


def test_a_path_with_a_number_beyond_all_measure_is_refused(aws: None) -> None:
    step = workflow.prepare({"url": "https://example.com", "data_selector": f"a[{'9' * 5000}]"})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("data_selector is not a JMESPath expression")


def test_where_more_cannot_be_asked_for_the_api_s_own_reason_is_told(sent_messages: Take) -> None:
    """A list of a usual page's length whose total says no more, and a second page that is sent elsewhere."""

    class Strict(Partner):
        def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
            if "?" in path:
                return 301, b"", {"Location": "/all-orders"}
            rows = [record(number) for number in range(100)]
            return 200, json.dumps({"data": rows, "total": 100}).encode(), {}

    with serving(Strict()) as partner:
        job = workflow.run({"url": partner.url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "asked for more, GET /orders?" in job["Error"]["Message"]
    assert "a redirect to /all-orders" in job["Error"]["Message"]
    assert "auto cannot tell how the API pages" in job["Error"]["Message"]
