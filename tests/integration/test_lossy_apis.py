"""APIs of which pollers are known to lose records in silence: each is polled whole, or the job says why not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from poller.handlers.api import redrive_job
from tests.support import workflow
from tests.support.handlers import call
from tests.support.imitations import Answer, Asked, imitated
from tests.support.secrets import put_secret
from tests.support.workflow import Take, dataset

Api = Callable[[Asked], Answer]


def rows(start: int, size: int, total: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(start, min(start + size, total))]


def capped_offset(asked: Asked) -> Answer:
    """Asked for 500, it sends 50."""
    start, size = int(asked.query.get("offset", 0)), asked.number("limit", 50, 50)
    return Answer({"data": rows(start, size, 95)})


def page_past_the_end_is_404(asked: Asked) -> Answer:
    found = rows((int(asked.query.get("page", 1)) - 1) * 50, 50, 100)
    return Answer({"data": found} if found else {"detail": "Invalid page."}, status=200 if found else 404)


def relative_link(asked: Asked) -> Answer:
    start = int(asked.query.get("$skiptoken", 0))
    link = {"@odata.nextLink": f"Orders?$skiptoken={start + 5}"} if start + 5 < 12 else {}
    return Answer({"value": rows(start, 5, 12), **link})


def last_id(asked: Asked) -> Answer:
    start = int(asked.query.get("starting_after", -1)) + 1
    return Answer({"data": rows(start, 2, 7), "has_more": start + 2 < 7})


def bare_header(asked: Asked) -> Answer:
    start = int(asked.query.get("from_id", 0))
    there = {"X-Next-Page-Url": f"{asked.origin}{asked.path}?from_id={start + 3}"} if start + 3 < 8 else {}
    return Answer(rows(start, 3, 8), there)


def page_in_the_body(asked: Asked) -> Answer:
    page = asked.body.get("page", 1)
    return Answer({"items": rows((page - 1) * 2, 2, 7), "total": 7})


def two_link_headers(asked: Asked) -> Answer:
    """With commas and quotes in addresses and titles, and another relation first."""
    start = int(asked.query.get("at", 0))
    following = f"<?fields=id,name&at={start + 3}>; title=\"a, <b>; rel=next\"; rel='next prefetch'"
    return Answer(rows(start, 3, 8), {"Link": f"</docs>; rel=help, {following}"} if start + 3 < 8 else {})


def empty_in_the_midst(asked: Asked) -> Answer:
    start = int(asked.query.get("cursor", 0))
    shown = [] if 4 <= start < 12 else rows(start, 4, 20)
    return Answer({"items": shown, "next_cursor": str(start + 4) if start + 4 < 20 else None})


WHOLE: list[Any] = [
    (capped_offset, 95, {"paginator": {"type": "offset", "limit": 500}}),
    (page_past_the_end_is_404, 100, {"paginator": {"type": "page_number"}}),
    (relative_link, 12, {}),
    (last_id, 7, {}),
    (bare_header, 8, {}),
    (
        page_in_the_body,
        7,
        {"method": "POST", "json": {"page": 1}, "paginator": {"type": "page_number", "page_body_path": "page"}},
    ),
    (two_link_headers, 8, {}),
    (
        empty_in_the_midst,
        20,
        {"paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}},
    ),
]


@pytest.mark.parametrize(("api", "total", "more"), WHOLE, ids=lambda value: getattr(value, "__name__", None))
def test_every_record_arrives(sent_messages: Take, api: Api, total: int, more: dict[str, Any]) -> None:
    with imitated(api) as server:
        job = workflow.run({"url": f"{server.origin}/V4/Orders", **more}, sent_messages)

    numbers = [json.loads(line)["id"] for line in dataset(job)]
    hidden = set(range(4, 12)) if api is empty_in_the_midst else set()
    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert numbers == [number for number in range(total) if number not in hidden]


def test_a_page_in_the_body_is_not_the_same_one_over_and_over_where_nobody_said_so(sent_messages: Take) -> None:
    with imitated(page_in_the_body) as server:
        job = workflow.run({"url": f"{server.origin}/search", "method": "POST", "json": {"page": 1}}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert "auto cannot tell how the API pages" in job["Error"]["Message"]


def test_a_cursor_that_never_changes_is_a_loop(sent_messages: Take) -> None:
    def api(asked: Asked) -> Answer:
        return Answer({"items": rows(0 if "cursor" not in asked.query else 3, 3, 9), "next_cursor": "c1"})

    with imitated(api) as server:
        spec = {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}
        job = workflow.run({"url": f"{server.origin}/items", "paginator": spec}, sent_messages)

    assert (job["Status"], len(dataset(job))) == ("PARTIAL", 6)
    assert "PaginationLoop" in job["Error"]["Message"]


def test_a_link_to_another_origin_gets_no_token(sent_messages: Take) -> None:
    came: list[dict[str, str]] = []

    def stranger(asked: Asked) -> Answer:
        came.append(asked.headers)
        return Answer({"items": rows(3, 3, 6), "next": None})

    with imitated(stranger) as other:

        def api(asked: Asked) -> Answer:
            return Answer({"items": rows(0, 3, 6), "next": f"{other.origin}/items?from=3"})

        with imitated(api) as server:
            put_secret("orders", "canary-0123456789-abcdef", server.origin)
            spec = {"url": f"{server.origin}/items", "auth": {"type": "bearer", "secret": "orders"}}
            link = {"type": "json_link", "next_url_path": "next"}
            refused = workflow.run({**spec, "paginator": link}, sent_messages)
            allowed = workflow.run({**spec, "paginator": {**link, "allowed_origins": [other.origin]}}, sent_messages)

    assert refused["Status"] == "REJECTED"
    assert "allowed_origins" in refused["Error"]["Message"]
    assert (allowed["Status"], len(dataset(allowed))) == ("SUCCEEDED", 6)
    assert [headers.get("authorization") for headers in came] == [None]


def test_a_filter_that_the_links_drop_stays_where_pages_go_by_number(sent_messages: Take) -> None:
    """The API's own links forget `open=true`, and would lead into all records."""

    def api(asked: Asked) -> Answer:
        page, total = int(asked.query.get("page", 1)), 25 if asked.query.get("open") else 90
        more = page * 10 < total
        return Answer({"items": rows((page - 1) * 10, 10, total), "next": f"/items?page={page + 1}" if more else None})

    with imitated(api) as server:
        job = workflow.run({"url": f"{server.origin}/items?open=true"}, sent_messages)

    assert (job["Status"], job["Error"], len(dataset(job))) == ("SUCCEEDED", None, 25)


def test_a_link_past_a_depth_cap_ends_each_redrive_with_what_was_said(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    """The cursor is kept, and refused for ever: it must be told every time, and no record may be lost for it."""

    def api(asked: Asked) -> Answer:
        start = int(asked.query.get("from", 0))
        if start >= 6:
            return Answer({"message": "result window is too large"}, status=404)
        return Answer({"items": rows(start, 3, 90), "next": f"/items?from={start + 3}"})

    with imitated(api) as server:
        spec = {"url": f"{server.origin}/items", "paginator": {"type": "json_link", "next_url_path": "next"}}
        job = workflow.run(spec, sent_messages)
        before = set(executions)
        assert call(redrive_job, job["JobId"])[0] == 202
        (successor,) = set(executions) - before
        step = workflow.prepare({}, job["JobId"], successor)
        while step["NextStep"] != "DONE":
            if step["NextStep"] == "FETCH":
                workflow.fetch_all(step)
            if (taken := sent_messages())["Records"]:
                workflow.process(taken)
            step = workflow.reconcile(job["JobId"], successor)
        again = workflow.status(job["JobId"])

    for ended in (job, again):
        assert (ended["Status"], len(dataset(ended))) == ("PARTIAL", 6)
        assert "the walk came as far as 2 pages" in ended["Error"]["Message"]
        assert "result window is too large" in ended["Error"]["Message"]
