"""Whole jobs whose paginator `auto` finds, where an API shows more than one way on, or a way in parallel."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.support import workflow
from tests.support.imitations import RECORDS, Answer, Asked, drf, github, imitated, jira
from tests.support.workflow import Take, dataset

SIZE = 50


def ran(answer: Callable[[Asked], Answer], take: Take, target: str = "/items") -> tuple[dict[str, Any], list[Any]]:
    with imitated(answer) as api:
        job = workflow.run({"url": f"{api.origin}{target}"}, take)
    return job, [json.loads(line) for line in dataset(job)]


@pytest.mark.parametrize(
    ("answer", "target", "found"),
    [
        (
            github,
            "/repos/octocat/hello-world/issues?state=all&per_page=30",
            {"type": "page_number", "limit_param": "per_page", "limit": 30, "total_pages_header": "Link"},
        ),
        (
            github,
            "/repos/octocat/hello-world/issues?state=all&per_page=100",
            {"type": "page_number", "limit_param": "per_page", "limit": 100, "total_pages_header": "Link"},
        ),
        (drf, "/api/documents/?ordering=id", {"type": "page_number", "total_path": "count"}),
        (
            jira,
            "/rest/api/2/search?maxResults=50",
            {"type": "offset", "limit": 50, "limit_param": "maxResults", "offset_param": "startAt",
             "total_path": "total"},
        ),
    ],
    ids=["GitHub", "GitHub-100", "DRF", "Jira"],
)  # fmt: skip
def test_pages_whose_number_links_or_totals_tell_are_planned_in_parallel(
    sent_messages: Take, answer: Callable[[Asked], Answer], target: str, found: dict[str, Any]
) -> None:
    job, records = ran(answer, sent_messages, target)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert records == RECORDS
    assert job["Detected"]["Spec"] == {"paginator": found}
    assert job["PagesPlanned"] > 1


def rows_behind(start: int) -> list[Any]:
    return RECORDS[start : start + SIZE]


def more_behind(start: int) -> bool:
    return start + SIZE < len(RECORDS)


def test_a_cursor_may_be_another_one_each_time(sent_messages: Take) -> None:
    """As cursors are that are signed, or hold a time."""
    times = count()

    def answer(asked: Asked) -> Answer:
        start = int(asked.query.get("cursor", "0.0").partition(".")[0])
        cursor = f"{start + SIZE}.{next(times)}" if more_behind(start) else None
        return Answer({"items": rows_behind(start), "next_cursor": cursor})

    job, records = ran(answer, sent_messages)

    assert (job["Status"], job["Error"], records) == ("SUCCEEDED", None, RECORDS)


@pytest.mark.parametrize(("total", "status"), [(235, "SUCCEEDED"), (240, "PARTIAL")])
def test_beside_a_cursor_a_total_is_held_against_what_came(sent_messages: Take, total: int, status: str) -> None:
    def answer(asked: Asked) -> Answer:
        start = int(asked.query.get("cursor", "c0").removeprefix("c"))
        cursor = f"c{start + SIZE}" if more_behind(start) else ""
        return Answer({"items": rows_behind(start), "meta": {"next_cursor": cursor, "total": total}})

    job, records = ran(answer, sent_messages)

    assert (job["Status"], records) == (status, RECORDS)
    assert job["Detected"]["Spec"]["paginator"]["type"] == "cursor"
    assert job["RecordsExpected"] == total


def both_links(header: Callable[[int], int], body: Callable[[int], int]) -> Callable[[Asked], Answer]:
    """An API whose links in header and body lead from a page's start to where these say."""

    def answer(asked: Asked) -> Answer:
        start = int(asked.query.get("from_id", 0))
        here = f"{asked.origin}{asked.path}?from_id="
        link = {"Link": f'<{here}{header(start)}>; rel="next"'} if more_behind(start) else {}
        following = f"{here}{body(start)}" if more_behind(start) else None
        return Answer({"items": rows_behind(start), "links": {"next": following}}, link)

    return answer


def test_links_in_header_and_body_that_agree_are_one(sent_messages: Take) -> None:
    def onwards(start: int) -> int:
        return start + SIZE

    job, records = ran(both_links(onwards, onwards), sent_messages)

    assert (job["Status"], job["Error"], records) == ("SUCCEEDED", None, RECORDS)


def test_links_in_header_and_body_that_disagree_are_refused_before_records_are_lost(sent_messages: Take) -> None:
    """The header's skips a page, and the body's does not."""
    job, _ = ran(both_links(lambda start: start + 2 * SIZE, lambda start: start + SIZE), sent_messages)

    assert (job["Status"], job["Requests"]) == ("REJECTED", 0)
    said = job["Error"]["Message"]
    assert "header Link with rel=next and links.next lead to different next pages" in said
    assert '{"paginator": "header_link"} or {"paginator": {"type": "json_link", "next_url_path": "links.next"}}' in said


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("offset", "limit"), {"type": "offset", "limit": SIZE, "has_more_path": "has_more"}),
        (("page", "per_page"), {"type": "page_number", "has_more_path": "has_more"}),
    ],
    ids=["offset", "page"],
)
def test_places_that_are_echoed_beside_a_flag_for_more_are_walked_to_the_end(
    sent_messages: Take, names: tuple[str, str], found: dict[str, Any]
) -> None:
    place, size = names

    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get(place, place == "page"))
        start = (at - 1) * SIZE if place == "page" else at
        return Answer({"items": rows_behind(start), place: at, size: SIZE, "has_more": more_behind(start)})

    job, records = ran(answer, sent_messages)

    assert (job["Status"], job["Error"], records) == ("SUCCEEDED", None, RECORDS)
    assert job["Detected"]["Spec"] == {"paginator": found}


def test_an_api_that_echoes_a_place_and_ignores_it_is_told(sent_messages: Take) -> None:
    def answer(_asked: Asked) -> Answer:
        return Answer({"items": rows_behind(0), "offset": 0, "limit": SIZE, "has_more": True})

    job, records = ran(answer, sent_messages)

    assert (job["Status"], job["Error"]["Type"], records) == ("PARTIAL", "EndNotSeen", rows_behind(0))
