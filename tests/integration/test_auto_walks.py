"""`auto`, where the API says where the next page begins: by a link, or by a cursor that is tried."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support import workflow
from tests.support.loopback import QuietHandler, listening
from tests.support.walked_api import walked, walked_api
from tests.support.workflow import Take, dataset

ROWS = [{"id": 100 + n, "name": f"n{n}"} for n in range(25)]


@pytest.mark.parametrize(
    ("style", "paginator"),
    [
        ("json_link", {"type": "json_link", "next_url_path": "links.next"}),
        ("header_link", "header_link"),
        ("bare_link", {"type": "header_link", "next_url_header": "x-next-page"}),
        ("cursor", {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}),
        ("header_cursor", {"type": "header_cursor", "cursor_header": "x-next-cursor", "cursor_param": "cursor"}),
    ],
)
def test_each_style_is_found_and_walked_to_the_end(sent_messages: Take, style: str, paginator: Any) -> None:
    api = walked(style, 10, 10, 7)
    with walked_api(api):
        job = workflow.run({"url": api.url}, sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert dataset(job) == api.rows()
    assert job["Detected"]["Spec"] == {"paginator": paginator}


@contextmanager
def cursors(name: str, answer: Any, takes: str, unknown: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An API of ten records a page that takes its cursor as `takes`, in the query or the variables of a body.

    `answer` makes a body of records, the next cursor and whether there is more. What it does not know it ignores, or
    answers with the status `unknown`.
    """
    asked: list[dict[str, Any]] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = json.loads(self.rfile.read(length)) if length else {}
            query: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query)) | sent | sent.get("variables", {})
            asked.append(query)
            known = {takes, "query", "variables", "first"}
            start = int(str(query[takes]).removeprefix("c")) if query.get(takes) else 0
            status = 200 if set(query) <= known else unknown
            rows = ROWS[start : start + 10]
            more = start + 10 < len(ROWS)
            body = json.dumps(answer(rows, f"c{start + 10}" if more else None, more)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    with listening(Handler) as origin:
        yield f"{origin}/{name}", asked


@pytest.mark.parametrize("unknown", [200, 400])
@pytest.mark.parametrize(
    ("answer", "takes", "found"),
    [
        (
            lambda rows, cursor, _: {"ok": True, "members": rows, "response_metadata": {"next_cursor": cursor or ""}},
            "cursor",
            {"cursor_path": "response_metadata.next_cursor", "cursor_param": "cursor"},
        ),
        (
            lambda rows, cursor, _: {"items": rows, **({"nextPageToken": cursor} if cursor else {})},
            "pageToken",
            {"cursor_path": "nextPageToken", "cursor_param": "pageToken"},
        ),
        (
            lambda rows, cursor, _: {"data": rows, "meta": {"next_token": cursor}},
            "next_token",
            {"cursor_path": "meta.next_token", "cursor_param": "next_token"},
        ),
        (
            lambda rows, cursor, _: {"records": rows, **({"offset": cursor} if cursor else {})},
            "offset",
            {"cursor_path": "offset", "cursor_param": "offset"},
        ),
        (
            lambda rows, cursor, more: {"nodes": rows, "pageInfo": {"endCursor": cursor or "end", "hasNextPage": more}},
            "after",
            {"cursor_path": "pageInfo.endCursor", "cursor_param": "after", "has_more_path": "pageInfo.hasNextPage"},
        ),
    ],
    ids=["Slack", "Google", "Twitter", "Airtable", "Relay"],
)
def test_the_apis_own_cursor_is_tried(
    sent_messages: Take, answer: Any, takes: str, found: dict[str, str], unknown: int
) -> None:
    with cursors("users", answer, takes, unknown) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert [json.loads(line) for line in dataset(job)] == ROWS
    assert job["Detected"]["Spec"] == {"paginator": {"type": "cursor", **found}}


def test_the_id_of_the_last_record_is_tried_where_there_is_more(sent_messages: Take) -> None:
    def answer(rows: list[Any], _cursor: Any, more: bool) -> dict[str, Any]:
        return {"object": "list", "data": [{**row, "id": f"c{row['id'] - 99}"} for row in rows], "has_more": more}

    with cursors("charges", answer, "starting_after", 400) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert (job["Status"], job["RecordsReceived"], job["Proof"]["Distinct"]) == ("SUCCEEDED", 25, 25)
    assert job["Detected"]["Spec"]["paginator"]["cursor_path"] == "data[-1].id"


def test_a_cursor_of_graphql_goes_into_its_variables(sent_messages: Take) -> None:
    def answer(rows: list[Any], cursor: Any, more: bool) -> dict[str, Any]:
        return {"data": {"users": {"nodes": rows, "pageInfo": {"endCursor": cursor or "end", "hasNextPage": more}}}}

    with cursors("graphql", answer, "after") as (url, asked):
        sent = {
            "query": "query($after: String) { users(first: 10, after: $after) { nodes { id name } } }",
            "variables": {},
        }
        job = workflow.run({"url": url, "method": "POST", "json": sent}, sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert [json.loads(line) for line in dataset(job)] == ROWS
    assert job["Detected"]["Spec"]["paginator"]["cursor_body_path"] == "variables.after"
    assert all(query["query"] == sent["query"] for query in asked)


def test_a_cursor_that_no_usual_parameter_takes_is_no_plan(sent_messages: Take) -> None:
    def answer(rows: list[Any], cursor: Any, _more: bool) -> dict[str, Any]:
        return {"items": rows, "next_cursor": cursor}

    with cursors("items", answer, "von_hier_an") as (url, asked):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("auto cannot tell how the API pages")
    assert '{"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}' in job["Error"]["Message"]
    assert 1 < len(asked) < 15
