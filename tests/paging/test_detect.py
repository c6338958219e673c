import contextlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.jobs.plan import Walks
from poller.paging.detect import candidates, detect
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import Cursor, HeaderCursor, HeaderLink, JsonLink, Offset, PageNumber, SinglePage
from poller.specs.parse import parse_job_spec
from poller.specs.stored import spec_to_dict
from tests.support.builders import URL, examples, page, planned, resolve, spec

TEN = [{"id": i} for i in range(10)]
SINGLE = "set paginator to single_page if this is everything"
NAMES = "set paginator to offset or page_number with the API's parameter names"


@pytest.mark.parametrize(
    ("body", "headers", "paginator", "evidence"),
    [
        pytest.param(
            {"maxRecordsPerPage": 10, "totalRecords": 35, "payload": TEN},
            {},
            Offset(10, "count", "startAt", total_path="totalRecords"),
            "the body has maxRecordsPerPage, totalRecords, payload",
            id="startAt and count",
        ),
        pytest.param(
            {"maxRecordsPerPage": 100, "totalRecords": 10, "payload": TEN},
            {},
            SinglePage(),
            "totalRecords is 10, and as many records arrived",
            id="startAt and count, one page",
        ),
        pytest.param(
            {"offset": 0, "limit": 10, "total": 35, "items": TEN},
            {},
            Offset(10, "limit", "offset", total_path="total"),
            "the body echoes offset and limit beside total",
            id="echoed offset",
        ),
        pytest.param(
            {"products": TEN, "total": 194, "skip": 0, "limit": 10},
            {},
            Offset(10, "limit", "skip", total_path="total"),
            "the body echoes skip and limit beside total",
            id="echoed skip",
        ),
        pytest.param(
            {"meta": {"limit": 20, "next": "/v1/a/?offset=20", "offset": 0, "total_count": 35}, "objects": TEN},
            {},
            Offset(20, "limit", "offset", total_path="meta.total_count"),
            "the body echoes meta.offset and meta.limit beside meta.total_count",
            id="tastypie",
        ),
        pytest.param(
            {"offset": 0, "limit": 500, "total": 35, "items": TEN},
            {},
            Offset(500, "limit", "offset", total_path="total"),
            "the body echoes offset and limit beside total",
            id="echoed limit above what is served",
        ),
        pytest.param(
            {"offset": 0, "limit": 10, "items": TEN},
            {"x_total_count": "35"},
            Offset(10, "limit", "offset", total_header="x-total-count"),
            "the body echoes offset and limit beside header x-total-count",
            id="echoed offset, total in a header",
        ),
        pytest.param(
            {"page": 1, "per_page": 10, "total": 12, "total_pages": 2, "data": TEN},
            {},
            PageNumber("page", 1, total_path="total"),
            "the body echoes page beside total",
            id="echoed page",
        ),
        pytest.param(
            {"pagination": {"pageNumber": 0, "pageSize": 10, "totalItems": 35}, "data": TEN},
            {},
            PageNumber("pageNumber", 0, total_path="pagination.totalItems"),
            "the body echoes pagination.pageNumber beside pagination.totalItems",
            id="echoed page from 0",
        ),
        pytest.param(
            {"page": 1, "results": TEN, "total_pages": 50, "total_results": 500},
            {},
            PageNumber("page", 1, total_path="total_results"),
            "the body echoes page beside total_results",
            id="echoed page without a size",
        ),
        pytest.param(
            {"meta": {"page": 1, "pageCount": 4}, "data": TEN},
            {},
            PageNumber("page", 1, total_pages_path="meta.pageCount"),
            "the body echoes meta.page beside meta.pageCount",
            id="echoed page and pages",
        ),
        pytest.param(
            {"page": 1, "data": TEN},
            {"x_total_count": "35"},
            PageNumber("page", 1, total_header="x-total-count"),
            "the body echoes page beside header x-total-count",
            id="echoed page, total in a header",
        ),
        pytest.param(
            {"startAt": 0, "maxResults": 50, "total": 120, "issues": TEN},
            {},
            Offset(50, "maxResults", "startAt", total_path="total"),
            "the body echoes startAt and maxResults beside total",
            id="Jira",
        ),
        pytest.param(
            {"total": "35", "limit": "10", "offset": "0", "contacts": TEN},
            {},
            Offset(10, "limit", "offset", total_path="total"),
            "the body echoes offset and limit beside total",
            id="digits in strings",
        ),
        pytest.param(
            {"schemas": ["urn"], "totalResults": 35, "startIndex": 1, "itemsPerPage": 10, "Resources": TEN},
            {},
            Offset(10, "count", "startIndex", total_path="totalResults", base_offset=1),
            "the body has startIndex and Resources, as SCIM",
            id="SCIM",
        ),
        pytest.param(
            TEN,
            {"x_wp_total": "35", "x_wp_totalpages": "4"},
            PageNumber("page", 1, total_header="x-wp-total"),
            "WordPress counts its pages by page beside header x-wp-total",
            id="WordPress",
        ),
        pytest.param(
            {"total": 7, "items": TEN[:7]}, {}, SinglePage(), "total is 7, and as many records arrived", id="complete"
        ),
        pytest.param({"total": 0, "items": []}, {}, SinglePage(), "total is 0", id="complete and empty"),
        pytest.param(
            {"page": 1, "per_page": 50, "total": 10, "data": TEN},
            {},
            SinglePage(),
            "total is 10, and as many records arrived",
            id="complete with an echo",
        ),
        pytest.param(
            {"total_count": 10, "has_more": False, "next": None, "data": TEN},
            {},
            SinglePage(),
            "total_count is 10",
            id="complete, and no more promised",
        ),
        pytest.param(
            TEN[:7],
            {"x_total_count": "7"},
            SinglePage(),
            "header x-total-count is 7, and as many records arrived",
            id="bare list, complete",
        ),
        pytest.param(
            TEN[:7],
            {"x_total_count": "7", "link": f'<{URL}?page=1>; rel="last"'},
            SinglePage(),
            "header x-total-count is 7",
            id="bare list, complete, with another Link",
        ),
    ],
)
def test_a_known_convention_is_recognised(body, headers, paginator, evidence):
    asked = spec(max_concurrency=3)

    resolved, why = resolve(asked, page(body, **headers))

    assert resolved == spec(max_concurrency=3, paginator=paginator)
    assert why.startswith(evidence)


@pytest.mark.parametrize(
    ("body", "headers", "parts"),
    [
        pytest.param(
            {"object": "list", "url": "/v1/customers", "has_more": True, "data": TEN},
            {},
            ["10 records, has_more;", NAMES],
            id="Stripe",
        ),
        pytest.param(
            {"object": "list", "url": "/v1/customers", "has_more": False, "data": TEN},
            {},
            ["10 records;", SINGLE],
            id="Stripe, last page",
        ),
        pytest.param(
            {"ok": True, "members": TEN, "response_metadata": {"next_cursor": "dXNlcjpVMEc5V0ZYTlo="}},
            {},
            ["10 records, response_metadata.next_cursor;", NAMES],
            id="Slack",
        ),
        pytest.param(
            {"ok": True, "members": TEN, "response_metadata": {"next_cursor": ""}},
            {},
            ["10 records;", "it has the keys ok, members, response_metadata", SINGLE],
            id="Slack, last page",
        ),
        pytest.param(
            {"@odata.context": "x", "value": TEN},
            {},
            ["10 records;", "it has the keys @odata.context, value", SINGLE],
            id="OData, last page",
        ),
        pytest.param(
            {"kind": "x#list", "nextPageToken": "CAUQAA", "items": TEN},
            {},
            ["10 records, nextPageToken;", NAMES],
            id="Google",
        ),
        pytest.param({"records": TEN, "offset": "itr/rec"}, {}, ["10 records, offset;", NAMES], id="Airtable"),
        pytest.param(TEN, {}, ["10 records; it is a list of 10", SINGLE], id="bare list"),
        pytest.param([], {}, ["0 records; it is a list of 0", SINGLE], id="bare empty list"),
        pytest.param(
            TEN, {"x_total_count": "35"}, ["10 records, header x-total-count = 35;", NAMES], id="bare list and total"
        ),
        pytest.param(
            {"offset": 10, "limit": 10, "total": 35, "items": TEN}, {}, ["total = 35;", NAMES], id="not the first page"
        ),
        pytest.param(
            {"page": 2, "per_page": 10, "total": 35, "items": TEN}, {}, ["total = 35;", NAMES], id="page 2 echoed"
        ),
        pytest.param(
            {"page": 2, "pages": 4, "items": TEN}, {}, ["10 records", "keys page, pages, items"], id="page 2 of pages"
        ),
        pytest.param({"page": 1, "items": TEN}, {}, ["10 records;", "keys page, items"], id="page without a total"),
        pytest.param(
            {"offset": 0, "limit": 10, "items": TEN},
            {},
            ["10 records;", "keys offset, limit"],
            id="offset without a total",
        ),
        pytest.param(
            {"page": 1, "pages": 4, "items": []}, {}, ["0 records", "keys page, pages"], id="pages without rows"
        ),
        pytest.param(
            {"offset": 0, "limit": 5, "total": 35, "items": TEN}, {}, ["total = 35;", NAMES], id="more than the limit"
        ),
        pytest.param(
            {"offset": 0, "limit": 0, "total": 35, "items": TEN}, {}, ["total = 35;", NAMES], id="a limit of 0"
        ),
        pytest.param(
            {"offset": 0, "limit": 10, "total": 35, "items": []}, {}, ["0 records, total = 35;", NAMES], id="no rows"
        ),
    ],
)
def test_what_is_not_sure_is_refused_with_what_was_seen(body, headers, parts):
    asked = spec()

    with pytest.raises(JobRejected) as refused:
        resolve(asked, page(body, **headers))

    message = refused.value.message
    assert message.startswith("auto cannot tell how the API pages. Seen in the first response: ")
    assert [part for part in parts if part not in message] == []


@pytest.mark.parametrize("section", ["", "meta.", "pagination.", "paging.", "page_info.", "metadata.", "_meta."])
@pytest.mark.parametrize(
    ("echo", "paginator"),
    [
        *(
            ({"offset": 0, size: 10}, Offset(10, size, "offset"))
            for size in ("limit", "per_page", "perPage", "page_size", "pageSize", "size", "count")
        ),
        ({"skip": 0, "limit": 10}, Offset(10, "limit", "skip")),
        ({"page": 1}, PageNumber("page", 1)),
        ({"page_number": 1}, PageNumber("page_number", 1)),
        ({"pageNumber": 0}, PageNumber("pageNumber", 0)),
    ],
    ids=repr,
)
def test_an_echo_is_found_in_any_usual_section(section, echo, paginator):
    fields = {"total": 35, **echo}
    answer = page({**({section.rstrip("."): fields} if section else fields), "data": TEN})

    resolved, why = resolve(spec(), answer)

    assert resolved.paginator == replace(paginator, total_path=f"{section}total")
    assert f"{section}{next(iter(echo))}" in why


@pytest.mark.parametrize("name", ["total_pages", "totalPages", "page_count", "pageCount", "pages", "last_page"])
def test_a_number_of_pages_is_found_under_any_usual_name(name):
    answer = page({"page": 1, name: 4, "data": TEN})

    resolved, why = resolve(spec(), answer)

    assert resolved.paginator == PageNumber("page", 1, total_pages_path=name)
    assert why == f"the body echoes page beside {name}"


PROMISES: list[Any] = [
    *(
        pytest.param({name: "abc"}, {}, id=name)
        for name in (
            "next",
            "next_page",
            "nextPage",
            "next_url",
            "next_cursor",
            "nextCursor",
            "cursor",
            "next_token",
            "nextToken",
            "nextPageToken",
            "next_page_token",
            "nextRecordsUrl",
        )
    ),
    pytest.param({"next": 2}, {}, id="next number"),
    pytest.param({"has_more": True}, {}, id="has_more"),
    pytest.param({"hasMore": True}, {}, id="hasMore"),
    pytest.param({"links": {"next": "/a?page=2"}}, {}, id="links.next"),
    pytest.param({"meta": {"next": "/a?page=2"}}, {}, id="meta.next"),
    pytest.param({"pagination": {"next": 2}}, {}, id="pagination.next"),
    pytest.param({"@odata.nextLink": f"{URL}?$skip=10"}, {}, id="@odata.nextLink"),
    pytest.param({"paging": {"next": {"after": "10"}}}, {}, id="paging.next"),
    pytest.param({"_links": {"next": {"href": "/a?page=2"}}}, {}, id="_links.next"),
    pytest.param({"response_metadata": {"next_cursor": "abc"}}, {}, id="response_metadata.next_cursor"),
    pytest.param({}, {"link": f'<{URL}?page=2>; rel="next"'}, id='rel="next"'),
    pytest.param({}, {"link": f"<{URL}?page=2>; rel=next"}, id="rel=next"),
    pytest.param({}, {"link": f'<{URL}?page=2>; rel="last next"'}, id='rel="last next"'),
    pytest.param({}, {"link": f'<{URL}?page=2>; title="b"; REL="Next"'}, id='REL="Next"'),
    pytest.param({"next_page_url": f"{URL}?page=2"}, {}, id="next_page_url"),
    pytest.param({"nextLink": f"{URL}?page=2"}, {}, id="nextLink"),
    pytest.param({"meta": {"next_token": "abc"}}, {}, id="meta.next_token"),
    pytest.param({"meta": {"next_cursor": "abc"}}, {}, id="meta.next_cursor"),
    pytest.param({"pagination": {"next_cursor": "abc"}}, {}, id="pagination.next_cursor"),
    pytest.param({"pageInfo": {"hasNextPage": True}}, {}, id="pageInfo.hasNextPage"),
]


@pytest.mark.parametrize(("promise", "headers"), PROMISES)
def test_a_promise_of_more_is_never_one_silent_page(promise, headers):
    """Some APIs call the number of rows on this page the total."""
    answer = page({"total": 10, "data": TEN, **promise}, **headers)

    paginator = None

    with contextlib.suppress(JobRejected):
        paginator = resolve(spec(), answer)[0].paginator

    assert paginator is None or isinstance(paginator, JsonLink | HeaderLink | PageNumber)


@pytest.mark.parametrize(
    "echo",
    [{"page": 1}, {"page": 1, "per_page": 10}, {"offset": 0, "limit": 10}, {"maxRecordsPerPage": 10}],
    ids=["page", "page and size", "offset", "startAt and count"],
)
def test_a_promise_of_more_is_not_silenced_by_an_echo(echo):
    name = "totalRecords" if "maxRecordsPerPage" in echo else "total"
    answer = page({name: 10, "payload": TEN, "next": f"{URL}?page=2", **echo})

    resolved, _ = resolve(spec(), answer)

    assert resolved.paginator == JsonLink("next")


@pytest.mark.parametrize("pages", [{"total_pages": 5}, {"page": 1, "pages": 5}])
def test_several_pages_are_never_one_silent_page(pages):
    answer = page({"total": 10, "data": TEN, **pages})
    paginator = None

    with contextlib.suppress(JobRejected):
        paginator = resolve(spec(), answer)[0].paginator

    assert not isinstance(paginator, SinglePage)


@pytest.mark.parametrize(
    ("promise", "headers"),
    [({"next": f"{URL}?page=2"}, {}), ({"has_more": True}, {}), ({}, {"link": f'<{URL}?page=2>; rel="next"'})],
    ids=["next", "has_more", "Link"],
)
def test_a_promise_of_more_is_not_silenced_by_a_number_of_pages(promise, headers):
    """Some APIs declare one page where they do not count, and promise another all the same."""
    answer = page({"page": 1, "total_pages": 1, "data": TEN, **promise}, **headers)
    paginator = None

    with contextlib.suppress(JobRejected):
        paginator = resolve(spec(), answer)[0].paginator

    assert not isinstance(paginator, SinglePage | Offset | PageNumber)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"maxRecordsPerPage": 0, "totalRecords": 35, "payload": TEN}, "the page size at maxRecordsPerPage is 0"),
        ({"maxRecordsPerPage": -1, "totalRecords": 35, "payload": TEN}, "the page size at maxRecordsPerPage is -1"),
        ({"maxRecordsPerPage": "x", "totalRecords": 35, "payload": TEN}, "the page size at maxRecordsPerPage is 'x'"),
        ({"maxRecordsPerPage": None, "totalRecords": 35, "payload": TEN}, "the page size at maxRecordsPerPage is None"),
        ({"maxRecordsPerPage": 10**13, "totalRecords": 35, "payload": TEN}, "the page size at maxRecordsPerPage is 1"),
        ({"total": "35 or so", "items": TEN}, "the total at total is '35 or so', not a believable whole number"),
        ({"total": -1, "items": TEN}, "the total at total is -1, not a believable whole number"),
        ({"total": 35.5, "items": TEN}, "the total at total is 35.5, not a believable whole number"),
        ({"meta": {"total": 10**13}, "items": TEN}, "the total at meta.total is 10000000000000, not a believable"),
    ],
)
def test_numbers_that_cannot_be_believed_are_refused(body, message):
    answer = page(body)

    with pytest.raises(JobRejected) as refused:
        resolve(spec(), answer)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("url", "params", "parameter"),
    [(f"{URL}?startAt=10", {}, "startAt"), (URL, {"startAt": "100"}, "startAt")],
)
def test_a_parameter_that_the_caller_fixed_is_not_varied_in_silence(url, params, parameter):
    answer = page({"maxRecordsPerPage": 10, "totalRecords": 35, "payload": TEN})

    with pytest.raises(JobRejected) as refused:
        resolve(spec(url=url, params=params), answer)

    assert refused.value.message.startswith(f"{parameter} is set in url or params")


counts = st.sampled_from(
    [0, 1, 2, 3, 5, False, 1_000_000, 1_000_001, 2**31 - 1, 10**12 + 1, -1, 2.5, "3", None, True, "", {}]
)
vocabulary = [
    "total", "total_count", "totalRecords", "maxRecordsPerPage", "offset", "skip", "limit", "page", "per_page",
    "pageNumber", "pageSize", "pages", "count", "next", "has_more", "next_cursor", "@odata.nextLink", "totalElements",
    "total_pages", "isLast",
]  # fmt: skip
sections = st.dictionaries(st.sampled_from(vocabulary), counts, max_size=5)
bodies = st.builds(
    lambda top, meta, rows, name: {**top, **({"meta": meta} if meta else {}), name: rows},
    sections,
    sections,
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from(["payload", "data", "odd rows"]),
)
headers = st.dictionaries(st.sampled_from(["x_total_count", "link"]), st.sampled_from(["3", "x", '<a>; rel="next"']))


@examples
@given(bodies, headers)
def test_any_body_is_planned_completely_or_refused(body, headers):
    answer = page(body, url=URL, **headers)

    try:
        resolved, _ = resolve(spec(maximum_pages=10_000_000), answer)
        plan = planned(resolved, answer, 1, 0.1, guessed=True)
    except JobRejected:
        return

    assert parse_job_spec(json.loads(json.dumps(spec_to_dict(plan.spec)))) == plan.spec
    if isinstance(plan.plan, Walks):
        assert resolved.chain_paginator.mark_in(answer)
    elif plan.plan.pages == 1:
        assert plan.records in (len(answer.records), None)
        assert not any(
            body.get(name) not in (None, "", {}, 0, -1)
            for name in ("next", "has_more", "next_cursor", "@odata.nextLink")
        )
        assert all(part.get("isLast") is not False for part in (body, body.get("meta", {})))
        assert all(part.get("total_pages") not in (2, 3, 5) for part in (body, body.get("meta", {})))
        assert 'rel="next"' not in headers.get("link", "")


@pytest.mark.parametrize(
    "body",
    [
        {"maxRecordsPerPage": 2**31 - 1, "totalRecords": 35, "payload": TEN},
        {"offset": 0, "limit": 2**31 - 1, "total": 35, "items": TEN},
        {"page": 1, "per_page": 10**9, "total": 35, "items": TEN},
    ],
)
def test_a_page_size_without_limit_does_not_break_the_stored_job(body):
    """Some APIs echo the largest number that they know when no limit was asked for."""
    answer = page(body)
    resolved = None

    with contextlib.suppress(JobRejected):
        resolved, _ = resolve(spec(), answer)

    assert resolved is None or parse_job_spec(json.loads(json.dumps(spec_to_dict(resolved)))) == resolved


@pytest.mark.parametrize(
    ("body", "paginator"),
    [
        ({"offset": 0, "limit": 1, "total": 35, "items": TEN[:1]}, Offset(1, "limit", "offset", total_path="total")),
        (
            {"meta": {"page": 1, "pageCount": 2, "next": "/items?page=2"}, "data": TEN},
            PageNumber("page", 1, total_pages_path="meta.pageCount"),
        ),
    ],
    ids=["pages of one record", "two pages"],
)
def test_the_smallest_number_of_pages_that_is_more_than_one_is_recognised(body, paginator):
    resolved, _ = resolve(spec(), page(body))

    assert resolved.paginator == paginator


@pytest.mark.parametrize("last", [False, "false", "FALSE"])
def test_an_api_that_says_it_is_not_at_the_end_is_believed_however_it_writes_false(last):
    with pytest.raises(JobRejected, match="total = 10, isLast"):
        resolve(spec(), page({"total": 10, "items": TEN, "isLast": last}))


@pytest.mark.parametrize("rows", [5, 10, 12, 15, 16, 20, 24, 25, 32, 50, 64, 100, 200, 250, 256, 500, 1000])
def test_a_total_of_a_full_page_is_no_proof_that_it_is_everything(rows):
    answer = page({"total": rows, "items": list(range(rows))}, url=f"{URL}?start=2025")

    found = detect(Envelope(answer))

    assert found.paginator == SinglePage()
    assert found.check == {"offset": str(rows), "skip": str(rows), "page": "2"}
    assert found.evidence.endswith("asked for more by offset, skip, page, the API sends nothing else")


def test_what_says_how_to_ask_for_more_goes_before_what_is_to_be_checked():
    answer = page({"total": 10, "items": TEN}, url=f"{URL}?page=1")

    found = detect(Envelope(answer))

    assert found.paginator == PageNumber(total_path="total")
    assert not found.check


def test_a_list_that_nothing_is_said_of_may_be_everything():
    with pytest.raises(JobRejected) as refused:
        resolve(spec(), page(TEN))

    assert refused.value.message.endswith('or else to offset or page_number; perhaps {"paginator": "single_page"}')


@pytest.mark.parametrize(
    ("more", "headers", "why"),
    [
        ({"has_more": False}, {}, "the API says that it is the last page"),
        ({"isLast": True}, {}, "the API says that it is the last page"),
        ({"next": None}, {}, "it names no next page"),
        ({"links": {"self": "/items"}}, {}, "it names no next page"),
        ({"link": [{"relation": "self", "url": "/items"}]}, {}, "it names no next page"),
        ({}, {"x_next_page": ""}, "it names no next page"),
        ({"total_pages": 1}, {}, "there is one page"),
        ({}, {"x_total_pages": "1"}, "there is one page"),
        ({"limit": 50}, {}, "the page had room for more"),
        ({}, {"content_range": "items 0-9/10"}, "the page had room for more"),
    ],
)
def test_what_proves_that_a_full_page_is_everything(more, headers, why):
    answer = page({"total": 10, "items": TEN, **more}, **headers)

    found = detect(Envelope(answer))

    assert found == Detection(SinglePage(), f"total is 10, and as many records arrived; {why}")


@pytest.mark.parametrize("more", [{"exact": False}, {"incomplete_results": True}])
def test_what_makes_a_total_of_any_page_no_proof(more):
    answer = page({"total": 7, "items": TEN[:7], **more})

    with pytest.raises(JobRejected, match="auto cannot tell how the API pages"):
        resolve(spec(), answer)


@pytest.mark.parametrize("more", [{"limit": 7}, {"per_page": 7}])
def test_a_page_as_long_as_the_limit_is_full_however_odd_it_is(more):
    found = detect(Envelope(page({"total": 7, "items": TEN[:7], **more})))

    assert found.check


@pytest.mark.parametrize(
    ("query", "body", "paginator"),
    [
        ("limit=10&offset=0", {"total": 10, "items": TEN}, Offset(10, total_path="total")),
        ("limit=10&offset=0", TEN, Offset(10)),
        ("q=x&$top=10&$skip=0", TEN, Offset(10, "$top", "$skip")),
        ("startIndex=1&count=10", TEN, Offset(10, "count", "startIndex", base_offset=1)),
        ("page=1", TEN, PageNumber()),
        ("page=0&size=10", {"total": 10, "items": TEN}, PageNumber("page", 0, "size", 10, total_path="total")),
        ("page[number]=1", {"meta": {"total": 35}, "data": TEN}, PageNumber("page[number]", total_path="meta.total")),
    ],
)
def test_a_request_for_the_first_page_says_how_to_ask_for_others(query, body, paginator):
    asked = spec(url=f"{URL}?{query}")

    resolved, evidence = resolve(asked, page(body, url=asked.url))

    assert resolved.paginator == paginator
    assert evidence.startswith("the URL asks for ")


@pytest.mark.parametrize(
    "query", ["limit=10&offset=20", "offset=0", "limit=10", "page=2", "limit=x&offset=0", "start=1&rows=10"]
)
def test_a_request_for_another_page_or_for_a_size_alone_does_not(query):
    asked = spec(url=f"{URL}?{query}")

    with pytest.raises(JobRejected, match="auto cannot tell"):
        resolve(asked, page(TEN, url=asked.url))


@pytest.mark.parametrize(
    ("query", "link", "paginator"),
    [
        ("", "?page=2", PageNumber()),
        ("", "?page=1", PageNumber(base_page=0)),
        ("page=1&tag=a", "?page=2&tag=a", PageNumber()),
        ("", "/items?page=2&per_page=10", PageNumber(limit_param="per_page", limit=10)),
        ("per_page=10", "https://internal.example.com/items?page=2&per_page=10", PageNumber("page", 1, "per_page", 10)),
        ("", "?limit=10&offset=10", Offset(10)),
        ("limit=10", "?offset=10&limit=10", Offset(10)),
        ("", "?$skip=10", Offset(10, "$top", "$skip")),
        ("", "?count=10&startIndex=11", Offset(10, "count", "startIndex", base_offset=1)),
    ],
)
@pytest.mark.parametrize("place", ["header", "body"])
def test_a_link_to_the_next_page_says_how_to_ask_for_others(query, link, paginator, place):
    url = f"{URL}?{query}" if query else URL
    body, headers = ({"data": TEN, "next": link}, {}) if place == "body" else (TEN, {"link": f'<{link}>; rel="next"'})

    resolved, evidence = resolve(spec(url=url), page(body, url=url, **headers))

    assert resolved.paginator == paginator
    assert evidence.startswith("the link to the next page has ")


@pytest.mark.parametrize(
    "link",
    [
        "?page=3", "?page=2&cursor=x", "?after=10", "?offset=11", "?limit=10&offset=9", "/other?page=2", "?page=x",
        "?limit=10", "?page=2&offset=10&limit=10",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["header", "body"])
def test_a_link_that_no_number_makes_is_followed(link, place):
    body, headers = ({"data": TEN, "next": link}, {}) if place == "body" else (TEN, {"link": f'<{link}>; rel="next"'})

    resolved, _ = resolve(spec(), page(body, url=URL, **headers))

    assert resolved.paginator == (JsonLink("next") if place == "body" else HeaderLink())


ODATA = {"type": "offset", "limit": 10, "limit_param": "$top", "offset_param": "$skip", "total_path": "@odata.count"}


@pytest.mark.parametrize(
    ("body", "headers", "paginator"),
    [
        ({"total": 35, "items": TEN}, {}, {"type": "offset", "limit": 10, "total_path": "total"}),
        (
            {"@odata.count": 35, "value": TEN},
            {},
            {
                "type": "offset",
                "limit": 10,
                "limit_param": "$top",
                "offset_param": "$skip",
                "total_path": "@odata.count",
            },
        ),
        (
            {"hits": {"total": {"value": 10000, "relation": "gte"}, "hits": TEN}},
            {},
            {"type": "offset", "limit": 10, "limit_param": "size", "offset_param": "from", "total_path": "hits.total"},
        ),
        ({"data": TEN, "number": 0, "totalPages": 4}, {}, {"type": "page_number", "base_page": 0}),
        (TEN, {"x_total": "35", "x_total_pages": "4"}, {"type": "page_number", "total_header": "x-total"}),
        ({"data": TEN, "number": 1, "totalPages": 4}, {}, "page_number"),
        ({"data": TEN, "total": 35, "totalPages": 4}, {}, {"type": "page_number", "total_path": "total"}),
        ({"data": TEN, "page": 2, "pages": 4, "has_more": True}, {}, "page_number"),
        (
            {"data": TEN, "pageNumber": 2, "pages": 4, "has_more": True},
            {},
            {"type": "page_number", "page_param": "pageNumber"},
        ),
        (TEN, {"x_total_count": "35"}, {"type": "offset", "limit": 10, "total_header": "x-total-count"}),
        ({"total": 35, "count": 10, "items": TEN}, {}, {"type": "offset", "limit": 10, "total_path": "total"}),
        (
            {"total": 35, "pageSize": 10, "skip": 20, "items": TEN},
            {},
            {
                "type": "offset",
                "limit": 10,
                "limit_param": "pageSize",
                "offset_param": "skip",
                "total_path": "total",
            },
        ),
        (
            {"data": TEN, "total": 35, "nextPageToken": "x"},
            {},
            {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"},
        ),
        (
            {"data": TEN, "nextPageToken": "x"},
            {},
            {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "pageToken"},
        ),
        (
            {"data": TEN, "has_more": True},
            {},
            {
                "type": "cursor",
                "cursor_path": "data[-1].id",
                "cursor_param": "starting_after",
                "has_more_path": "has_more",
            },
        ),
    ],
)
def test_a_refusal_ends_with_a_spec_that_may_be_right(body, headers, paginator):
    with pytest.raises(JobRejected) as refused:
        resolve(spec(), page(body, **headers))

    advised = json.loads(refused.value.message.partition("; perhaps ")[2])
    assert advised == {"paginator": paginator}
    assert parse_job_spec({"url": URL, **advised}).paginator.TYPE in ("offset", "page_number", "cursor")


def test_a_refusal_advises_the_names_that_the_request_uses():
    asked = spec(url=f"{URL}?skip=20&take=10")

    with pytest.raises(JobRejected) as refused:
        resolve(asked, page({"total": 35, "items": TEN}, url=asked.url))

    advised = json.loads(refused.value.message.partition("; perhaps ")[2])
    assert (advised["paginator"]["limit_param"], advised["paginator"]["offset_param"]) == ("take", "skip")


def test_where_nothing_says_how_to_ask_for_more_no_spec_is_advised():
    with pytest.raises(JobRejected) as refused:
        resolve(spec(), page({"data": [[1], [2]], "has_more": True}))

    assert refused.value.message.endswith("with the API's parameter names, if it knows such")


def test_a_long_refusal_keeps_its_advice():
    names = {f"{'n' * 38}{i:02}": None for i in range(14)}
    nexts = {"pagination": {f"next{'n' * 34}{i:02}": "x" for i in range(9)}}

    with pytest.raises(JobRejected) as refused:
        resolve(spec(), page({"total": 35, "data": TEN, "meta": nexts, **names}, "data"))

    assert re.search(r"(, meta\.pagination\.next\w+){8}, …\. To go on, set paginator to ", refused.value.message)


@pytest.mark.parametrize(("signs", "is_cut"), [(8, False), (9, True)])
def test_a_refusal_names_eight_signs(signs, is_cut):
    more = {f"next{'abcdefghi'[i]}": "x" for i in range(signs)}

    with pytest.raises(JobRejected) as refused:
        resolve(spec(), page({"data": TEN, **more}, "data"))

    assert (", …;" in refused.value.message) is is_cut
    assert refused.value.message.partition(";")[0].count("next") == 8


def test_what_may_be_the_paginator_is_tried_the_likeliest_first_and_not_without_end():
    first = Envelope(page({"data": TEN, "next_cursor": "a", "nextPageToken": "b"}, "data", x_next_cursor="c"))

    found = candidates(first)

    assert len(found) == 12
    assert [one.paginator for one in found[:2]] == [
        HeaderCursor("x-next-cursor", "cursor"),
        HeaderCursor("x-next-cursor", "next_cursor"),
    ]
    assert found[8].paginator == Cursor("next_cursor", "cursor")


def test_what_may_be_the_paginator_of_a_request_with_a_body_is_sent_in_it():
    first = Envelope(page({"data": TEN, "next_cursor": "a"}, "data", x_next_cursor="c"))

    found = candidates(first, {"limit": 10})

    assert found[0].paginator == Cursor("next_cursor", cursor_body_path="cursor")


def test_what_was_detected_can_be_pinned():
    answer = page({"offset": 0, "limit": 10, "total": 35, "items": TEN})

    found = detect(Envelope(answer))

    assert found.spec == {"paginator": {"type": "offset", "limit": 10, "total_path": "total"}}
    assert parse_job_spec({"url": URL, **found.spec}).paginator == found.paginator


def test_what_was_detected_without_a_field_is_pinned_by_its_name():
    found = detect(Envelope(page({"total": 0, "items": []})))

    assert found.spec == {"paginator": "single_page"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"count": 35, "next": "?page=2", "previous": None, "results": TEN}, PageNumber("page", 1, total_path="count")),
        ({"count": 10, "next": None, "previous": None, "results": TEN}, SinglePage()),
        ({"count": 10, "next": "?page=2", "previous": None, "items": TEN}, PageNumber("page", 1)),
        (
            {"count": 35, "next": "?limit=10&offset=10", "previous": None, "results": TEN},
            Offset(10, "limit", "offset", total_path="count"),
        ),
    ],
)
def test_a_count_is_the_total_where_django_rest_framework_has_it(body, expected):
    """https://www.django-rest-framework.org/api-guide/pagination/"""
    resolved, _ = resolve(spec(), page(body, url=URL))

    assert resolved.paginator == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"offset": 0, "limit": 10, "has_more": True}, Offset(10, "limit", "offset", has_more_path="has_more")),
        ({"info": {"page": 1, "more_records": True, "has_more": True}}, PageNumber(has_more_path="info.more_records")),
        ({"page": 0, "hasNext": True}, PageNumber(base_page=0, has_more_path="hasNext")),
        ({"offset": 10, "limit": 10, "has_more": True}, None),
        ({"offset": 0, "limit": 5, "has_more": True}, None),
        ({"page": 2, "has_more": True}, None),
        ({"offset": 0, "limit": 10, "has_more": False}, None),
        ({"offset": 0, "limit": 10, "has_more": True, "total": 10}, None),
        ({"page": 1, "has_more": True, "total": 10}, None),
    ],
)
def test_a_place_that_is_echoed_beside_a_flag_for_more_says_how_to_go_on(said, expected):
    answer = page({"data": TEN, **said}, url=URL)

    if expected is None:
        with pytest.raises(JobRejected):
            resolve(spec(), answer)
    else:
        assert resolve(spec(), answer)[0].paginator == expected


@pytest.mark.parametrize(
    ("header", "body", "is_refused"),
    [
        ("?page=2", "?page=2", False),
        ("?page=2&per_page=10", "?page=2", False),
        ("?page=2", "/lists/7?page=2", False),
        ("?cursor=a", "?cursor=b", True),
        ("?page=2", "?page=3", True),
        ("?page=2", "?q=a", False),
        ("https://other.example.com/?page=3", "?page=2", False),
    ],
)
def test_two_links_to_different_next_pages_are_refused(header, body, is_refused):
    answer = page({"data": TEN, "links": {"next": body}}, url=f"{URL}?q=a", link=f'<{header}>; rel="next"')
    said = ""

    try:
        resolve(spec(url=f"{URL}?q=a"), answer)
    except JobRejected as refused:
        said = refused.message

    assert ("header Link with rel=next and links.next lead to different next pages" in said) == is_refused


def test_where_two_links_differ_the_specs_of_both_are_shown():
    answer = page({"data": TEN, "links": {"next": "?page=3"}}, url=URL, link='<?page=2>; rel="next"')

    with pytest.raises(JobRejected) as refused:
        resolve(spec(), answer)

    ways = '{"paginator": "header_link"} or {"paginator": {"type": "json_link", "next_url_path": "links.next"}}'
    assert refused.value.message.endswith(f"Say which one counts: {ways}")


def linked(following: str, last: str) -> dict[str, str]:
    return {"link": f'<{following}>; rel="next", <{last}>; rel="last"'}


OTHER = "https://api.example.com/lists/7"
WITH_LAST = PageNumber("page", 1, total_pages_header="Link")


@pytest.mark.parametrize(
    ("url", "headers", "expected"),
    [
        (f"{URL}?q=a", linked(f"{URL}?q=a&page=2", f"{URL}?q=a&page=9"), WITH_LAST),
        (f"{URL}?q=a", linked(f"{OTHER}?q=a&page=2", f"{OTHER}?q=a&page=9"), WITH_LAST),
        (f"{URL}?q=a", linked(f"{OTHER}?q=a&page=2", f"{OTHER}/more?q=a&page=9"), HeaderLink()),
        (f"{URL}?q=a", linked(f"{OTHER}?q=a&page=2", f"{OTHER}?q=b&page=9"), HeaderLink()),
        (f"{URL}?q=a", linked(f"{OTHER}?page=2", f"{OTHER}?page=9"), HeaderLink()),
        (f"{URL}?q=a", linked(f"{URL}?page=2", f"{URL}?page=9"), PageNumber("page", 1)),
        (f"{URL}?q=a", linked(f"{OTHER}?q=a&after=x&page=2", f"{OTHER}?q=a&after=y&page=9"), HeaderLink()),
        (f"{URL}?q=a", {"link": f'<{OTHER}?q=a&page=2>; rel="next"'}, HeaderLink()),
        (URL, linked(f"{URL}?page=2", f"{URL}?cursor=9"), PageNumber("page", 1)),
    ],
)
def test_a_link_to_the_last_page_is_taken_where_it_is_of_the_same_list(url, headers, expected):
    """GitHub writes /repositories/7/issues in its links to /repos/o/r/issues."""
    resolved, evidence = resolve(spec(url=url), page(TEN, url=url, **headers))

    assert resolved.paginator == expected
    assert ("beside a link to the last page" in evidence) == (expected == WITH_LAST)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"links": {"next": "?page=2", "last": "?page=9"}}, "links.last"),
        ({"_links": {"next": {"href": "?page=2"}, "last": {"href": "?page=9"}}}, "_links.last"),
        ({"next_page_url": f"{URL}?page=2", "last_page_url": f"{URL}?page=9"}, "last_page_url"),
    ],
)
def test_so_is_one_in_the_body(body, path):
    resolved, _ = resolve(spec(), page({"data": TEN, **body}, url=URL))

    assert resolved.paginator == PageNumber("page", 1, total_pages_path=path)
