"""What the first page shows of how the rest is asked for."""

import pytest

from poller.paging.envelope import Envelope
from poller.paging.evidence import first_of, last_page, other_next_page, shown_by_next, why_whole
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


@pytest.mark.parametrize(
    ("address", "other", "differ"),
    [
        ("/x?page=2", "/x?page=3", True),
        ("/x?page=2", "/x?after=abc", True),
        ("/x?page=2", "/x?page=2&limit=10", False),
        ("/x?page=2&limit=10", "/x?page=2", False),
        ("/x?page=2&tag=a", "/x?page=2", False),
        ("/x?page=2", "/x", False),
        ("/x?tag=a", "/x?page=2", False),
        ("/x?tag=b", "/x?page=2", True),
    ],
)
def test_two_links_lead_to_different_pages_if_each_asks_for_something_of_its_own(address, other, differ):
    assert other_next_page(Envelope(page([1], url=f"{URL}?tag=a")), address, other) is differ


@pytest.mark.parametrize(
    ("more", "headers", "place"),
    [
        ({}, {"link": "<?tag=a&page=7>; rel=last"}, ""),
        ({"links": {"last": "?tag=a&page=7"}}, {}, "links.last"),
        ({"links": {"last": "?tag=a&page=7&per_page=50"}}, {}, "links.last"),
        ({"links": {"last": "?tag=a&page=7"}}, {"link": "<?tag=a&p=7>; rel=last"}, "links.last"),
        ({"links": {"last": "?page=7"}}, {}, None),
        ({"links": {"last": "?tag=b&page=7"}}, {}, None),
        ({"links": {"next": "?tag=a&page=2"}}, {}, None),
        ({}, {}, None),
    ],
)
def test_a_link_to_the_last_page_counts_if_it_has_the_pages_number_and_all_that_was_asked_for(more, headers, place):
    first = Envelope(page({"data": [1], **more}, "data", f"{URL}?tag=a&per_page=10&page=1", **headers))

    assert last_page(first, "page") == place


@pytest.mark.parametrize(
    ("links", "shown"),
    [
        ("</n/7?page=2>; rel=next, </n/7?page=9>; rel=last", {"page": "2"}),
        ("</n/7?page=2>; rel=next, </n/8?page=9>; rel=last", {}),
        ("</n/7?page=2>; rel=next", {}),
    ],
)
def test_a_link_to_another_path_shows_them_if_one_to_the_last_page_leads_there_too(links, shown):
    assert shown_by_next(Envelope(page([1], url=URL, link=links))) == shown


def test_a_link_to_another_path_shows_nothing_where_the_one_to_the_last_page_drops_a_filter():
    links = "</n/7?page=2>; rel=next, </n/7?page=9>; rel=last"

    assert shown_by_next(Envelope(page([1], url=f"{URL}?tag=a", link=links))) == {}
