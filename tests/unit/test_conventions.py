"""First pages as well-known APIs send them, and what `auto` makes of each: a plan for everything, or why not."""

from typing import Any

import pytest

from poller.errors import InvalidPayload, JobRejected
from poller.jobs.planning import Planned
from poller.paging.read import read_page
from tests.support.builders import NOW, URL, planned, resolve, response, spec

TEN: list[Any] = [{"id": i, "total": 99.5, "next": "a record's own"} for i in range(10)]
SPRING = {"content": TEN, "pageable": {"pageNumber": 0, "pageSize": 10, "offset": 0}, "number": 0, "size": 10}
JIRA = {"expand": "schema,names", "startAt": 0, "maxResults": 50, "issues": TEN, "warningMessages": ["slow"]}
ELASTIC = {"took": 5, "timed_out": False, "_shards": {"total": 10, "successful": 10}}
LARAVEL = {"links": {"first": f"{URL}?page=1", "last": f"{URL}?page=1", "prev": None, "next": None}, "data": TEN}
NO_MORE = {"_links": {"next": {"href": None}}, "next": "", "hasMore": "false", "cursor": {}, "next_page": -1}


def plan_for(body: Any, headers: dict[str, str], **fields: Any) -> Planned:
    """From the API's answer to a plan, as PreparePollerJob goes about it."""
    asked = spec(**fields)
    page = read_page(response(body, **headers), asked.data_selector, (), NOW)
    resolved, _ = resolve(asked, page)
    return planned(resolved, page, 1000, 0.1, guessed=True)


@pytest.mark.parametrize(
    ("body", "headers", "sign"),
    [
        pytest.param(
            TEN,
            {"link": f'<{URL}?page=2>; rel="next", <{URL}?page=4>; rel="last"'},
            "a Link header with rel=next",
            id="GitHub",
        ),
        pytest.param(
            {"total_count": 10, "incomplete_results": True, "items": TEN}, {}, "incomplete_results", id="GitHub search"
        ),
        pytest.param(
            TEN,
            {"x_total": "35", "x_total_pages": "4", "x_page": "1", "x_next_page": "2", "x_per_page": "10"},
            "header x-total = 35, header x-next-page, header x-total-pages = 4",
            id="GitLab",
        ),
        pytest.param(TEN, {"x_next_page": "2", "x_total_pages": ""}, "header x-next-page", id="GitLab, not counted"),
        pytest.param(
            TEN,
            {"x_wp_total": "35", "x_wp_totalpages": "4"},
            "header x-wp-total = 35, header x-wp-totalpages = 4",
            id="WordPress",
        ),
        pytest.param({"object": "list", "has_more": True, "data": TEN}, {}, "has_more", id="Stripe"),
        pytest.param(
            {"products": TEN},
            {"link": f'<{URL}?page_info=ey>; rel="next"'},
            "a Link header with rel=next",
            id="Shopify",
        ),
        pytest.param(
            {"total": 10, "results": TEN, "paging": {"next": {"after": "10", "link": "?after=10"}}},
            {},
            "total = 10, paging.next",
            id="HubSpot",
        ),
        pytest.param(
            {**SPRING, "last": False, "totalElements": 35, "totalPages": 4, "numberOfElements": 10, "first": True},
            {},
            "totalElements = 35, last, totalPages = 4",
            id="Spring Data",
        ),
        pytest.param(
            {**SPRING, "last": False, "numberOfElements": 10, "first": True}, {}, "10 records, last;", id="Spring slice"
        ),
        pytest.param(
            {
                "_embedded": {"orders": TEN},
                "_links": {"self": {"href": URL}, "next": {"href": f"{URL}?page=1"}},
                "page": {"size": 10, "totalElements": 35, "totalPages": 4, "number": 0},
            },
            {},
            "page.totalElements = 35, _links.next, page.totalPages = 4",
            id="Spring Data REST",
        ),
        pytest.param(
            {"count": 35, "next": f"{URL}?page=2", "previous": None, "results": TEN},
            {},
            "10 records, count = 35, next;",
            id="DRF",
        ),
        pytest.param(
            {"data": TEN, "links": {"next": f"{URL}?page[number]=2", "last": f"{URL}?page[number]=4"}},
            {},
            "links.next",
            id="JSON:API",
        ),
        pytest.param(
            {
                "data": TEN,
                "included": [{"id": "a"}],
                "meta": {"page": {"total": 10}},
                "links": {"next": f"{URL}?page=2"},
            },
            {},
            "10 records, links.next;",
            id="JSON:API, included, pages counted",
        ),
        pytest.param(
            {"@odata.count": 35, "value": TEN, "@odata.nextLink": f"{URL}?$skiptoken=a"},
            {},
            "@odata.count = 35, @odata.nextLink",
            id="OData",
        ),
        pytest.param(
            {"totalSize": 35, "done": False, "nextRecordsUrl": "/query/01g-10", "records": TEN},
            {},
            "totalSize = 35, done, nextRecordsUrl",
            id="Salesforce",
        ),
        pytest.param(
            {"ok": True, "members": TEN, "response_metadata": {"next_cursor": "dXNlcjo="}},
            {},
            "response_metadata.next_cursor",
            id="Slack",
        ),
        pytest.param(
            {"ok": True, "messages": {"total": 10, "matches": TEN, "pagination": {"total_count": 10, "page_count": 4}}},
            {},
            "messages.total = 10, messages.pagination.page_count = 4",
            id="Slack search",
        ),
        pytest.param(
            {"tickets": TEN, "count": 35, "next_page": f"{URL}?page=2", "previous_page": None},
            {},
            "next_page",
            id="Zendesk",
        ),
        pytest.param(
            {"tickets": TEN, "meta": {"has_more": True, "after_cursor": "x"}, "links": {"prev": None, "next": URL}},
            {},
            "meta.has_more, links.next",
            id="Zendesk, cursors",
        ),
        pytest.param({**JIRA, "total": 120}, {}, "total = 120", id="Jira"),
        pytest.param(
            {"maxResults": 10, "startAt": 0, "total": 10, "isLast": False, "values": TEN},
            {},
            "total = 10, isLast",
            id="Jira, total of the page",
        ),
        pytest.param(
            {"issues": TEN, "nextPageToken": "CAEaAggD", "isLast": False}, {}, "nextPageToken, isLast", id="Jira v3"
        ),
        pytest.param(
            {"results": TEN, "start": 0, "limit": 10, "size": 10, "_links": {"base": URL, "next": "/rest?start=10"}},
            {},
            "_links.next",
            id="Confluence",
        ),
        pytest.param({"values": TEN, "pagelen": 10, "page": 1, "next": f"{URL}?page=2"}, {}, "next", id="Bitbucket"),
        pytest.param(
            {**ELASTIC, "hits": {"total": {"value": 10_000, "relation": "gte"}, "hits": TEN}},
            {},
            "10 records",
            id="Elastic",
        ),
        pytest.param({**ELASTIC, "hits": {"total": 35, "hits": TEN}}, {}, "hits.total = 35", id="Elastic 6"),
        pytest.param(
            {"hits": TEN, "nbHits": 35, "nbPages": 4, "hitsPerPage": 10}, {}, "nbHits = 35, nbPages = 4", id="Algolia"
        ),
        pytest.param(
            {"kind": "x#list", "nextPageToken": "CAUQAA", "pageInfo": {"totalResults": 10}, "items": TEN},
            {},
            "pageInfo.totalResults = 10, nextPageToken",
            id="YouTube",
        ),
        pytest.param(
            {"kind": "PodList", "metadata": {"continue": "ey", "remainingItemCount": 25}, "items": TEN},
            {},
            "metadata.continue",
            id="Kubernetes",
        ),
        pytest.param(
            {"Contents": TEN, "IsTruncated": "true", "NextContinuationToken": "x"},
            {},
            "IsTruncated, NextContinuationToken",
            id="S3",
        ),
        pytest.param({"Items": TEN, "Count": 10, "NextToken": "x"}, {}, "NextToken", id="AWS"),
        pytest.param(
            {"data": {"users": {"nodes": TEN, "totalCount": 35, "pageInfo": {"hasNextPage": True, "endCursor": "x"}}}},
            {},
            "data.users.totalCount = 35, data.users.pageInfo.hasNextPage",
            id="GraphQL",
        ),
        pytest.param(
            {"data": {"children": TEN, "after": "t3_x", "dist": 10}, "kind": "Listing"}, {}, "10 records", id="Reddit"
        ),
        pytest.param(
            {"data": TEN, "paging": {"cursors": {"after": "x"}, "next": URL}}, {}, "paging.next", id="Facebook"
        ),
        pytest.param(
            {"data": TEN, "meta": {"result_count": 10, "next_token": "7140w"}}, {}, "meta.next_token", id="Twitter"
        ),
        pytest.param(
            {"data": TEN, "info": {"count": 10, "page": 1, "more_records": True}}, {}, "info.more_records", id="Zoho"
        ),
        pytest.param(
            {"offset": 0, "limit": 10, "endOfRecords": False, "count": 35, "results": TEN},
            {},
            "endOfRecords",
            id="GBIF",
        ),
        pytest.param({"features": TEN, "exceededTransferLimit": True}, {}, "exceededTransferLimit", id="ArcGIS"),
        pytest.param({"items": TEN, "has_more": True, "quota_remaining": 99}, {}, "has_more", id="Stack Exchange"),
        pytest.param(
            {"resourceType": "Bundle", "total": 10, "link": [{"relation": "next", "url": URL}], "entry": TEN},
            {},
            "total = 10, link",
            id="FHIR",
        ),
        pytest.param(
            {"results": TEN, "meta": {"pagination": {"start": 0, "limit": 10, "total": 35}}},
            {},
            "meta.pagination.total = 35",
            id="Strapi",
        ),
        pytest.param(
            {"batchcomplete": "", "continue": {"apcontinue": "x"}, "items": TEN}, {}, "continue", id="MediaWiki"
        ),
        pytest.param(TEN, {"content_range": "0-9/35"}, "header content-range = 35", id="PostgREST"),
        pytest.param(
            {"type": "list", "data": TEN, "pages": {"type": "pages", "page": 2, "total_pages": 4, "total": 10}},
            {},
            "10 records, pages.total_pages = 4",
            id="Intercom",
        ),
        pytest.param(
            {"responseHeader": {"status": 0}, "response": {"numFound": 35, "start": 0, "docs": TEN}},
            {},
            "response.numFound = 35",
            id="Solr",
        ),
        pytest.param(
            {"totalResults": 35, "itemsPerPage": 10, "startIndex": 1, "schemas": ["urn"], "Resources": TEN},
            {},
            "totalResults = 35",
            id="SCIM",
        ),
        pytest.param({"records": TEN, "offset": "itr/rec"}, {}, "10 records", id="Airtable"),
        pytest.param(TEN, {}, "10 records", id="a bare list"),
        pytest.param({"data": TEN}, {}, "10 records", id="a list and no word about it"),
        pytest.param({"data": TEN, "has_more": False}, {}, "10 records;", id="Stripe, last page"),
    ],
)
def test_a_first_page_is_never_taken_for_everything(body, headers, sign):
    asked = headers

    with pytest.raises(JobRejected) as refused:
        plan_for(body, asked)

    assert refused.value.message.startswith("auto cannot tell how the API pages")
    assert sign in refused.value.message


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param({"data": TEN, "total": 10, "meta": {"total": 35}}, {}, id="total of the page"),
        pytest.param(TEN, {"x_total": "10", "x_total_count": "35"}, id="headers"),
        pytest.param({**SPRING, "total": 10, "totalElements": 35}, {}, id="a Spring page in another's hands"),
    ],
)
def test_totals_that_disagree_are_no_plan(body, headers):
    asked = headers

    with pytest.raises(JobRejected) as refused:
        plan_for(body, asked)

    assert "declares several totals" in refused.value.message


@pytest.mark.parametrize(
    ("body", "headers", "pages", "records"),
    [
        pytest.param({"maxRecordsPerPage": 10, "totalRecords": 35, "payload": TEN}, {}, 4, 35, id="startAt and count"),
        pytest.param({"offset": 0, "limit": 10, "total": 35, "items": TEN}, {}, 4, 35, id="offset and limit"),
        pytest.param({"products": TEN, "total": 194, "skip": 0, "limit": 10}, {}, 20, 194, id="skip and limit"),
        pytest.param(
            {"meta": {"limit": 10, "next": "?offset=10", "offset": 0, "total_count": 35}, "objects": TEN},
            {},
            4,
            35,
            id="Tastypie",
        ),
        pytest.param(
            {"page": 1, "per_page": 10, "total": 35, "total_pages": 4, "data": TEN}, {}, 4, 35, id="page and per_page"
        ),
        pytest.param({"page": 1, "results": TEN, "total_pages": 50, "total_results": 500}, {}, 50, 500, id="TMDB"),
        pytest.param(
            {
                "success": True,
                "errors": [],
                "messages": ["m"],
                "result": TEN,
                "result_info": {"page": 1, "per_page": 10, "count": 10, "total_count": 35, "total_pages": 4},
            },
            {},
            4,
            35,
            id="Cloudflare",
        ),
        pytest.param(
            {"status": "ok", "data": {"items": TEN, "offset": 0, "limit": 10, "total": 35}},
            {},
            4,
            35,
            id="offset and limit, a level down",
        ),
        pytest.param({"hits": TEN, "nbHits": 35, "nbPages": 4, "page": 0, "hitsPerPage": 10}, {}, 4, 35, id="Algolia"),
        pytest.param(TEN, {"content_range": "0-9/10"}, 1, 10, id="PostgREST"),
        pytest.param({"total": 10, "items": TEN}, {}, 1, 10, id="all of it"),
        pytest.param({"total": 0, "items": []}, {}, 1, 0, id="nothing"),
        pytest.param({"total_count": 10, "incomplete_results": False, "items": TEN}, {}, 1, 10, id="GitHub search"),
        pytest.param(
            TEN,
            {"x_total": "10", "x_total_pages": "1", "x_page": "1", "x_next_page": "", "link": f'<{URL}>; rel="first"'},
            1,
            10,
            id="GitLab",
        ),
        pytest.param(TEN, {"x_wp_total": "10", "x_wp_totalpages": "1"}, 1, 10, id="WordPress"),
        pytest.param({**SPRING, "last": True, "totalElements": 10, "totalPages": 1}, {}, 1, 10, id="Spring Data"),
        pytest.param(
            {
                "_embedded": {"orders": TEN},
                "_links": {"self": {"href": URL}},
                "page": {"size": 20, "totalElements": 10, "totalPages": 1, "number": 0},
            },
            {},
            1,
            10,
            id="Spring Data REST",
        ),
        pytest.param({"totalSize": 10, "done": True, "records": TEN}, {}, 1, 10, id="Salesforce"),
        pytest.param({"@odata.context": "x", "@odata.count": 10, "value": TEN}, {}, 1, 10, id="OData"),
        pytest.param({**JIRA, "total": 10, "isLast": True}, {}, 1, 10, id="Jira"),
        pytest.param({**ELASTIC, "hits": {"total": 10, "hits": TEN}}, {}, 1, 10, id="Elastic 6"),
        pytest.param({"total": 10, "results": TEN, "paging": None}, {}, 1, 10, id="HubSpot"),
        pytest.param(
            {**LARAVEL, "meta": {"current_page": 1, "last_page": 1, "total": 10}},
            {},
            1,
            10,
            id="Laravel",
        ),
        pytest.param(
            {"total": 10, "items": TEN, **NO_MORE},
            {},
            1,
            10,
            id="every way to say no more",
        ),
        pytest.param(
            {"data": {"users": {"nodes": TEN, "totalCount": 10, "pageInfo": {"hasNextPage": False, "endCursor": "x"}}}},
            {},
            1,
            10,
            id="GraphQL",
        ),
        pytest.param(
            {"resourceType": "Bundle", "total": 10, "link": [{"relation": "self", "url": URL}], "entry": TEN},
            {},
            1,
            10,
            id="FHIR",
        ),
        pytest.param(
            {"total": 10, "rates": TEN, "time_next_update": "later"}, {"x_nextjs_cache": "HIT"}, 1, 10, id="other nexts"
        ),
    ],
)
def test_what_is_sure_is_planned_completely(body, headers, pages, records):
    asked = headers

    plan = plan_for(body, asked)

    assert (plan.plan.pages, plan.records) == (pages, records)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": None, "errors": [{"message": "no such field"}], "total": 1}, id="GraphQL error"),
        pytest.param({"error": {"code": 400, "details": [{"reason": "x"}]}, "total": 1}, id="an error in a 200"),
        pytest.param({"total": 0, "errors": [], "warnings": []}, id="no list but of errors"),
        pytest.param({"total": 1, "columns": [{"name": "id"}], "data": [[1], [2]]}, id="Trino"),
        pytest.param({"orders": [], "stores": [{"id": 1}], "total": 1}, id="two lists"),
    ],
)
def test_a_list_that_is_not_surely_the_records_is_not_taken(body):
    no_headers: dict[str, str] = {}

    with pytest.raises(InvalidPayload) as refused:
        plan_for(body, no_headers)

    assert "data_selector" in refused.value.message
