"""First pages as well-known APIs send them, and what `auto` makes of each: a plan for everything, or why not."""

from dataclasses import replace

import pytest

from poller.errors import InvalidPayload, JobRejected
from poller.jobs.plan import Walks
from poller.jobs.planning import Planned
from poller.paging.meaning import Reading, read_page
from poller.paging.paginators import HeaderLink, JsonLink, KnownPaginator, PageNumber
from poller.values import Response
from tests.support.apis import api
from tests.support.builders import NOW, URL, planned, resolve, spec


def plan_for(answer: Response) -> Planned:
    """From the API's answer to a plan, as PreparePollerJob goes about it."""
    page = replace(read_page(answer, Reading(), NOW), url=URL)
    resolved, _ = resolve(spec(), page)
    return planned(resolved, page, 1000, 0.1, guessed=True)


@pytest.mark.parametrize(
    ("sample", "sign"),
    [
        ("github-search", "incomplete_results"),
        ("gitlab", "header x-total = 35, header x-total-pages = 4, header x-next-page"),
        ("gitlab-not-counted", "header x-next-page"),
        ("stripe", "has_more"),
        ("spring-data", "totalElements = 35, totalPages = 4, last"),
        ("spring-slice", "10 records, last;"),
        ("slack", "response_metadata.next_cursor"),
        ("slack-search", "messages.total = 10, messages.pagination.page_count = 4"),
        ("jira-total-of-the-page", "total = 10, isLast"),
        ("jira-v3", "nextPageToken, isLast"),
        ("elastic", "hits.total = at least 10000"),
        ("elastic-6", "hits.total = 35"),
        ("algolia", "nbHits = 35, nbPages = 4"),
        ("youtube", "pageInfo.totalResults = 10, nextPageToken"),
        ("kubernetes", "metadata.continue"),
        ("s3", "IsTruncated, NextContinuationToken"),
        ("aws", "NextToken"),
        ("graphql", "data.users.totalCount = 35, data.users.pageInfo.hasNextPage"),
        ("reddit", "10 records"),
        ("twitter", "meta.next_token"),
        ("gbif", "endOfRecords"),
        ("arcgis", "exceededTransferLimit"),
        ("stack-exchange", "has_more"),
        ("strapi", "meta.pagination.total = 35"),
        ("mediawiki", "continue"),
        ("postgrest", "header content-range = 35"),
        ("intercom", "10 records, pages.total_pages = 4"),
        ("solr", "response.numFound = 35"),
        ("airtable", "10 records, offset;"),
        ("a-bare-list", "10 records"),
        ("a-list-and-no-word-about-it", "10 records"),
        ("stripe-last-page", "10 records;"),
    ],
)
def test_a_first_page_is_never_taken_for_everything(sample: str, sign: str) -> None:
    answer = api(sample)

    with pytest.raises(JobRejected) as refused:
        plan_for(answer)

    assert refused.value.message.startswith("auto cannot tell how the API pages")
    assert sign in refused.value.message


@pytest.mark.parametrize(
    "sample",
    [
        "total-of-the-page",
        "headers",
        "a-spring-page-in-another-s-hands",
    ],
)
def test_totals_that_disagree_are_no_plan(sample: str) -> None:
    answer = api(sample)

    with pytest.raises(JobRejected) as refused:
        plan_for(answer)

    assert "declares several totals" in refused.value.message


@pytest.mark.parametrize(
    ("sample", "pages", "records"),
    [
        ("startat-and-count", 4, 35),
        ("offset-and-limit", 4, 35),
        ("skip-and-limit", 20, 194),
        ("tastypie", 4, 35),
        ("page-and-per-page", 4, 35),
        ("tmdb", 50, 500),
        ("cloudflare", 4, 35),
        ("offset-and-limit-a-level-down", 4, 35),
        ("algolia-complete", 4, 35),
        ("jira", 12, 120),
        ("scim", 4, 35),
        ("wordpress", 4, 35),
        ("spring-data-rest", 4, 35),
        ("postgrest-complete", 1, 10),
        ("nothing-complete", 1, 0),
        ("all-of-it-complete", 1, 10),
        ("github-search-complete", 1, 10),
        ("odata-complete", 1, 10),
        ("elastic-6-complete", 1, 10),
        ("hubspot-complete", 1, 10),
        ("other-nexts-complete", 1, 10),
        ("gitlab-complete", 1, 10),
        ("wordpress-complete", 1, 10),
        ("spring-data-complete", 1, 10),
        ("spring-data-rest-complete", 1, 10),
        ("salesforce-complete", 1, 10),
        ("jira-complete", 1, 10),
        ("laravel-complete", 1, 10),
        ("every-way-to-say-no-more-complete", 1, 10),
        ("graphql-complete", 1, 10),
        ("fhir-complete", 1, 10),
    ],
)
def test_what_is_sure_is_planned_completely(sample: str, pages: int, records: int) -> None:
    answer = api(sample)

    plan = plan_for(answer)

    assert (plan.plan.pages, plan.records) == (pages, records)


@pytest.mark.parametrize(
    ("sample", "page_param"),
    [
        ("zendesk", "page"),
        ("bitbucket", "page"),
        ("json-api-included-pages-counted", "page"),
    ],
)
def test_a_link_to_the_second_page_says_how_to_walk_to_the_end(sample: str, page_param: str) -> None:
    answer = api(sample)

    plan = plan_for(answer)

    assert plan.spec.paginator == PageNumber(page_param)
    assert (plan.is_declared, plan.plan.is_open, plan.records) == (False, True, None)


def test_a_page_that_is_echoed_beside_a_flag_for_more_says_how_to_walk_to_the_end() -> None:
    """https://www.zoho.com/crm/developer/docs/api/v2/get-records.html"""
    plan = plan_for(api("zoho"))

    assert plan.spec.paginator == PageNumber(has_more_path="info.more_records")
    assert (plan.is_declared, plan.plan.is_open) == (False, True)


@pytest.mark.parametrize(
    ("sample", "paginator", "records"),
    [
        ("drf", PageNumber(total_path="count"), 35),
        ("github", PageNumber(total_pages_header="Link"), None),
        ("json-api", PageNumber("page[number]", total_pages_path="links.last"), None),
    ],
)
def test_beside_such_a_link_a_total_or_a_link_to_the_last_page_counts(
    sample: str, paginator: PageNumber, records: int | None
) -> None:
    answer = api(sample)

    plan = plan_for(answer)

    assert plan.spec.paginator == paginator
    assert (plan.plan.pages, plan.is_declared, plan.plan.is_open, plan.records) == (4, True, True, records)


@pytest.mark.parametrize(
    ("sample", "paginator"),
    [
        ("shopify", HeaderLink()),
        ("hubspot", JsonLink("paging.next")),
        ("odata", JsonLink("@odata.nextLink")),
        ("salesforce", JsonLink("nextRecordsUrl")),
        ("zendesk-cursors", JsonLink("links.next")),
        ("confluence", JsonLink("_links.next", base_url_path="_links.base")),
        ("facebook", JsonLink("paging.next")),
        ("fhir", JsonLink("link[?relation=='next'].url | [0]")),
    ],
)
def test_a_link_that_only_the_api_can_make_is_followed(sample: str, paginator: KnownPaginator) -> None:
    answer = api(sample)

    plan = plan_for(answer)

    assert (plan.spec.paginator, plan.plan) == (paginator, Walks(1))


@pytest.mark.parametrize(
    "sample",
    [
        "graphql-error",
        "an-error-in-a-200",
        "no-list-but-of-errors",
        "trino",
        "two-lists",
    ],
)
def test_a_list_that_is_not_surely_the_records_is_not_taken(sample: str) -> None:
    answer = api(sample)

    with pytest.raises(InvalidPayload) as refused:
        plan_for(answer)

    assert "data_selector" in refused.value.message
