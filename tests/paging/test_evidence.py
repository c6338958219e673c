"""What the first page shows of how the rest is asked for."""

import pytest

from poller.paging.envelope import Envelope
from poller.paging.evidence import first_of, shown_by_next, why_whole
from tests.support.builders import URL, page

SEVEN = [{"id": i} for i in range(7)]


@pytest.mark.parametrize(
    ("following", "step", "asked", "first"),
    [
        (2, 1, {}, 1),
        (1, 1, {}, 0),
        (3, 1, {}, None),
        (10, 10, {}, 0),
        (2, 1, {"page": "1"}, 1),
        (2, 1, {"page": "5"}, None),
        (2, 1, {"limit": "5"}, 1),
    ],
)
def test_the_first_page_is_one_step_before_the_second_unless_the_request_asked_for_another(
    following, step, asked, first
):
    assert first_of("page", (0, 1), following, step, asked) == first


@pytest.mark.parametrize(
    ("url", "link", "shown"),
    [
        (URL, "?page=2", {"page": "2"}),
        (URL, "?page=2&per_page=10", {"page": "2", "per_page": "10"}),
        (f"{URL}?page=1&tag=a", "?page=2&tag=a", {"page": "2"}),
        (URL, f"{URL}/?page=2", {"page": "2"}),
        (f"{URL}/", f"{URL}?page=2", {"page": "2"}),
        (URL, f"{URL}/7?page=2", {}),
        (URL, "?page=2&tag=b", {}),
        (URL, "?page=second", {}),
        (URL, "?token=7", {}),
        (URL, "", {}),
    ],
)
def test_a_link_shows_the_parameters_of_pages_if_it_changes_no_others(url, link, shown):
    assert shown_by_next(Envelope(page({"data": [1], "next": link}, url=url))) == shown


@pytest.mark.parametrize(
    ("rows", "query", "more", "why"),
    [
        ([], "", {}, "there is nothing"),
        (SEVEN, "", {}, "no page is as long by itself"),
        (SEVEN[:1], "", {}, "no page is as long by itself"),
        (SEVEN, "?limit=7", {}, ""),
        (SEVEN, "?limit=50", {}, "the page had room for more"),
        (SEVEN, "?q=50", {}, "no page is as long by itself"),
        (SEVEN, "", {"limit": 7}, ""),
        (SEVEN, "", {"limit": 7, "meta": {"per_page": 50}}, "the page had room for more"),
        (SEVEN, "", {"size": 50}, "no page is as long by itself"),
        (SEVEN[:5], "", {}, ""),
        (SEVEN, "", {"links": {"self": URL, "next": None}}, "it names no next page"),
        (SEVEN, "", {"links": [{"rel": "self", "href": URL}]}, "it names no next page"),
    ],
)
def test_a_page_is_whole_if_something_beside_its_total_shows_it(rows, query, more, why):
    assert why_whole(Envelope(page({"data": rows, **more}, "data", f"{URL}{query}"))) == why
