"""Whole jobs against servers that nobody here wrote: datasette, json-server, and Relay pages by strawberry."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import workflow
from tests.support.foreign_servers import ITEMS, datasette, json_server, relay_server, served
from tests.support.workflow import Take, dataset

QUERY = (
    "query($after: String) { items(first: 50, after: $after) "
    "{ edges { node { id name } } pageInfo { endCursor hasNextPage } } }"
)
PAGE_INFO = "data.items.pageInfo"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with datasette(tmp_path_factory.mktemp("datasette")) as origin:
        yield f"{origin}/shop/items.json"


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with json_server(tmp_path_factory.mktemp("json-server")) as origin:
        yield f"{origin}/items"


def arrived(job: dict[str, Any]) -> list[Any]:
    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    return [json.loads(line) for line in dataset(job)]


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("_shape=array&_size=50", {}),
        ("_shape=array&_size=50", {"paginator": "header_link"}),
        ("_shape=objects&_size=50", {"data_selector": "rows"}),
        (
            "_shape=objects&_size=47",
            {
                "data_selector": "rows",
                "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "_next"},
            },
        ),
        (
            "_shape=objects&_size=235",
            {"data_selector": "rows", "paginator": {"type": "json_link", "next_url_path": "next_url"}},
        ),
    ],
    ids=["auto-Link", "Link", "auto-body", "token", "link-in-body"],
)
def test_datasette(sent_messages: Take, shop: str, query: str, more: dict[str, Any]) -> None:
    job = workflow.run({"url": f"{shop}?{query}", **more}, sent_messages)

    assert arrived(job) == ITEMS


def test_datasette_refuses_a_page_size_over_a_thousand_and_says_so(sent_messages: Take, shop: str) -> None:
    job = workflow.run({"url": f"{shop}?_shape=array&_size=1001"}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "_size must be <= 1000" in job["Error"]["Message"]


@pytest.mark.parametrize(
    ("query", "paginator"),
    [
        ("?_page=1&_limit=50", "auto"),
        ("?_page=1&_limit=50", "header_link"),
        ("", {"type": "page_number", "page_param": "_page", "limit_param": "_limit", "limit": 50,
              "total_header": "X-Total-Count"}),
        ("", {"type": "page_number", "page_param": "_page", "limit_param": "_limit", "limit": 50,
              "total_pages_header": "Link"}),
        ("", {"type": "offset", "offset_param": "_start", "limit_param": "_limit", "limit": 50,
              "total_header": "X-Total-Count"}),
    ],
    ids=["auto", "Link", "X-Total-Count", "last", "offset"],
)  # fmt: skip
def test_json_server(sent_messages: Take, items: str, query: str, paginator: Any) -> None:
    job = workflow.run({"url": items + query, "paginator": paginator}, sent_messages)

    assert arrived(job) == ITEMS


@pytest.mark.parametrize(
    "paginator",
    [
        "auto",
        {
            "type": "cursor",
            "cursor_path": f"{PAGE_INFO}.endCursor",
            "cursor_body_path": "variables.after",
            "has_more_path": f"{PAGE_INFO}.hasNextPage",
        },
    ],
    ids=["auto", "cursor"],
)
def test_relay_pages_of_graphql(sent_messages: Take, paginator: Any) -> None:
    with served(relay_server()) as origin:
        job = workflow.run(
            {
                "url": f"{origin}/graphql",
                "method": "POST",
                "json": {"query": QUERY, "variables": {}},
                "data_selector": "data.items.edges[].node",
                "paginator": paginator,
            },
            sent_messages,
        )

    assert arrived(job) == [
        {"id": b64encode(f"Item:{item['id']}".encode()).decode(), "name": item["name"]} for item in ITEMS
    ]
