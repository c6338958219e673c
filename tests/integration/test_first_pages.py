"""First pages that say two things at once: the job is planned for everything, refused, or says what it noticed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration import workflow
from tests.integration.test_jobs import Take, dataset
from tests.support.loopback import QuietHandler, listening

ROWS = [{"id": n} for n in range(50)]
Answer = Callable[[int, int], tuple[dict[str, Any], dict[str, str]]]
"""From the offset asked for and the number of the request to a body and headers."""


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[int]]]:
    """The URL of an API that answers so, and the offsets that it is asked for."""
    asked: list[int] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append(int(query.get("offset", ["0"])[0]))
            body, headers = answer(asked[-1], len(asked))
            content = json.dumps(body).encode()
            self.send_response(200)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as origin:
        yield f"{origin}/items", asked


@pytest.mark.parametrize("paginator", ["auto", {"type": "offset", "limit": 20}], ids=["auto", "offset"])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"total_count": 50}, {}),
        ({"isLast": False}, {}),
        ({"next": "/items?offset=20"}, {}),
        ({}, {"X-Total-Count": "50"}),
        ({}, {"X-Next-Page": "2"}),
    ],
    ids=["total_count", "isLast", "next", "X-Total-Count", "X-Next-Page"],
)
def test_a_total_of_the_page_alone_does_not_end_a_job(
    sent_messages: Take, paginator: Any, body: dict[str, Any], headers: dict[str, str]
) -> None:
    with answering(lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20, **body}, headers)) as (url, asked):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert job["Status"] == "REJECTED"
    assert asked == [0]
    assert all(name in job["Error"]["Message"].lower() for name in [*map(str.lower, headers), *map(str.lower, body)])


def test_the_total_that_the_spec_names_counts(sent_messages: Take) -> None:
    paginator = {"type": "offset", "limit": 20, "total_path": "total_count"}
    with answering(
        lambda offset, _: ({"items": ROWS[offset:][:20], "total": 20, "total_count": 50, "has_more": offset < 40}, {})
    ) as (url, _):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 50)
    assert [json.loads(line) for line in dataset(job)] == ROWS


def test_every_page_has_its_records_where_the_first_has_them(sent_messages: Take) -> None:
    def answer(offset: int, _: int) -> tuple[dict[str, Any], dict[str, str]]:
        page = {"rows": ROWS[offset:][:20], "offset": offset, "limit": 20, "total": 50}
        return {"warnings": [{"late": True}] if offset else [], "data": page}, {}

    with answering(answer) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert job["Status"] == "SUCCEEDED"
    assert [json.loads(line) for line in dataset(job)] == ROWS


@pytest.mark.parametrize("paginator", ["auto", "single_page"])
def test_a_list_of_errors_is_not_an_empty_result(sent_messages: Take, paginator: str) -> None:
    with answering(lambda *_: ({"total": 0, "errors": [], "data": None}, {})) as (url, _):
        job = workflow.run({"url": url, "paginator": paginator}, sent_messages)

    assert (job["Status"], job["Error"]["Type"]) == ("REJECTED", "InvalidPayload")
    assert "say where with data_selector" in job["Error"]["Message"]


def test_growth_between_the_plan_and_the_only_page_is_told(sent_messages: Take) -> None:
    """The first two requests plan the job, the third fetches."""
    with answering(lambda _, number: ({"items": ROWS[:20], "total": 20 if number < 3 else 35}, {})) as (url, _):
        job = workflow.run({"url": url}, sent_messages)

    assert (job["Status"], job["RecordsReceived"], job["RecordsExpected"]) == ("SUCCEEDED", 20, 20)
    assert job["Notice"]["Type"] == "GrewAfterPlan"
    assert "20 records when the job was planned and 35" in job["Notice"]["Message"]


def test_of_a_single_page_that_was_asked_for_no_sum_is_taken_for_its_total(sent_messages: Take) -> None:
    with answering(lambda *_: ({"items": ROWS[:2], "total": 1500}, {})) as (url, _):
        job = workflow.run({"url": url, "paginator": "single_page"}, sent_messages)

    assert (job["Status"], job["RecordsReceived"], job["Error"], job["Notice"]) == ("SUCCEEDED", 2, None, None)
