"""Through the stack, servers that nobody here wrote: fivetran-api-playground, 200 records in pages of at most 50;
datasette and json-server; and Relay pages by strawberry."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fivetran_api_playground import app, items

from tests.support.dataset import lines
from tests.support.foreign_servers import ITEMS, datasette, json_server, relay_server, served
from tests.support.local_stack import LocalStack


@pytest.fixture(scope="module")
def playground() -> Iterator[str]:
    # One request at a time: the server sorts a list that its requests share.
    with served(app) as origin:
        yield origin


def polled(stack: LocalStack, spec: dict[str, Any], folder: Path) -> list[Any]:
    """The records of a job that succeeds."""
    with stack.client() as client:
        job = client.wait(client.submit(spec), timeout=120)
        client.download(job["JobId"], folder)
    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    return [json.loads(line) for line in lines(folder)]


@pytest.mark.parametrize(
    ("path", "paginator"),
    [
        ("/pagination/offset", "auto"),
        ("/pagination/offset", {"type": "offset", "limit": 50}),
        ("/pagination/page_number", "auto"),
        (
            "/pagination/page_number",
            {"type": "page_number", "limit_param": "per_page", "limit": 50, "total_path": "total_items"},
        ),
        ("/pagination/next_page_url", "auto"),
        ("/pagination/next_page_url", {"type": "json_link", "next_url_path": "next_page_url"}),
        (
            "/pagination/keyset",
            {"type": "cursor", "cursor_path": "scroll_param", "cursor_param": "scroll_param"},
        ),
    ],
)
def test_every_record_of_a_foreign_server_arrives(
    stack: LocalStack, playground: str, tmp_path: Path, path: str, paginator: Any
) -> None:
    arrived = polled(stack, {"url": playground + path, "name": "fivetran", "paginator": paginator}, tmp_path)

    assert len(arrived) == len(items) == 200
    assert sorted(arrived, key=lambda r: r["id"]) == sorted(json.loads(json.dumps(items)), key=lambda r: r["id"])


def test_every_row_of_datasette_arrives(stack: LocalStack, tmp_path: Path) -> None:
    with datasette(tmp_path) as origin:
        url = f"{origin}/shop/items.json?_shape=array&_size=50"
        assert polled(stack, {"url": url, "name": "datasette"}, tmp_path / "polled") == ITEMS


def test_every_item_of_json_server_arrives(stack: LocalStack, tmp_path: Path) -> None:
    with json_server(tmp_path) as origin:
        url = f"{origin}/items?_page=1&_limit=50"
        assert polled(stack, {"url": url, "name": "json-server"}, tmp_path / "polled") == ITEMS


def test_every_node_of_a_connection_arrives(stack: LocalStack, tmp_path: Path) -> None:
    page = "edges { node { name } } pageInfo { endCursor hasNextPage }"
    query = f"query($after: String) {{ items(first: 50, after: $after) {{ {page} }} }}"
    with served(relay_server()) as origin:
        spec = {
            "url": f"{origin}/graphql",
            "name": "relay",
            "method": "POST",
            "json": {"query": query, "variables": {}},
            "data_selector": "data.items.edges[].node",
        }
        arrived = polled(stack, spec, tmp_path)

    assert arrived == [{"name": item["name"]} for item in ITEMS]
