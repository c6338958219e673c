"""What a first look shows."""

import json

import pytest

from poller.fetching.first_look import FirstLook
from poller.jobs.first_plan import FirstPlan
from poller.jobs.planning import make_plan
from poller.jobs.preview import preview, shown_request
from poller.paging.envelope import Envelope
from poller.paging.paginators import Cursor, Offset
from poller.values import PageRequest, Response
from tests.support.builders import page, spec

ROWS = [{"id": n} for n in range(10)]


def look(body, key=("id",), paginator=None, headers=None, **asked):
    came = page(body)
    first = Envelope(came)
    planned = make_plan(spec(paginator=paginator or Offset(10), **asked), first, 100, 0.1)
    response = Response(200, headers or {}, json.dumps(body).encode(), 0.1234)
    request = PageRequest("GET", "https://api.example.com/?k=1", {})
    return FirstPlan(FirstLook(planned.spec, request, first, response), planned, key)


def warnings(*args, **named):
    return " | ".join(preview(look(*args, **named), {})["Warnings"])


def test_a_total_that_is_a_lower_bound_is_foreseen_to_be_one():
    said = warnings({"hits": {"total": {"value": 20, "relation": "gte"}, "hits": ROWS}}, data_selector="hits.hits")

    assert "at least as many" in said
    assert "refuse offsets beyond 10,000" in said


@pytest.mark.parametrize(
    ("total", "capped", "deep"),
    [(9990, False, False), (10_000, True, True), (10_010, False, True), (1000, True, False)],
)
def test_a_round_total_and_deep_offsets_are_foreseen(total, capped, deep):
    said = warnings({"data": ROWS, "total": total})

    assert ("may be where the API stops counting" in said) is capped
    assert ("refuse offsets beyond" in said) is deep


def test_an_exact_total_with_a_key_leaves_nothing_to_say():
    assert warnings({"data": ROWS, "total": 50}) == ""


def test_records_without_a_key_are_told():
    assert "name one in primary_key" in warnings({"data": ROWS, "total": 50}, key=())
    assert warnings({"data": [], "total": 0}, key=()) == ""


def test_a_walk_that_maximum_pages_would_end_is_told():
    cursor = Cursor("next", "c")

    said = warnings({"data": ROWS, "total": 100, "next": "a"}, paginator=cursor, maximum_pages=5)

    assert said == "the job would end at maximum_pages, 5"


def test_headers_that_say_something_are_shown_and_no_secret_is():
    headers = {"content-type": "application/json", "x-ratelimit-remaining": "5", "date": "today",
               "set-cookie": "page=1", "x-next-token": "abc", "x-total-count": "9" * 400}  # fmt: skip

    shown = preview(look({"data": ROWS, "total": 50}, headers=headers), {})["Response"]["Headers"]

    assert shown == {"content-type": "application/json", "x-ratelimit-remaining": "5", "x-total-count": "9" * 300 + "…"}


def test_what_was_found_is_laid_over_the_spec_as_it_was_sent():
    found = preview(look({"rows": ROWS, "total": 50}), {"url": "https://x", "paginator": "auto", "name": "n"})

    assert found["Spec"] == {
        "url": "https://x",
        "name": "n",
        "paginator": {"type": "offset", "limit": 10, "total_path": "total"},
        "data_selector": "rows",
    }


def test_long_bodies_and_records_are_cut_and_numbers_are_not_changed():
    found = preview(look({"data": [{"id": 9007199254740993, "t": "x" * 3000}, {"id": 2}], "total": 2}), {})

    assert found["Sample"][0].startswith('{"id":9007199254740993,"t":"xxx')
    assert (len(found["Sample"][0]), found["Sample"][1]) == (2001, '{"id":2}')
    assert len(found["Response"]["Body"]) == 2001
    assert found["Response"]["Seconds"] == 0.123


def test_a_request_is_shown_without_secrets():
    request = PageRequest("GET", "https://api.example.com/?api_key=abcdef", {"X-Token": "s3cret", "Accept": "a/b"})

    shown = shown_request(request)

    assert shown["Headers"] == {"X-Token": "...", "Accept": "a/b"}
    assert "s3cret" not in str(shown)
    assert "abcdef" not in str(shown)
