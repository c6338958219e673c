"""Where `auto` looks for the next page: which links and cursors it takes, and how it would send them."""

from typing import Any

import pytest

from poller.paging.envelope import Envelope
from poller.paging.next_places import cursor_in_headers, cursors_in_body, flag_of_more, link_in_body, link_in_headers
from tests.support.builders import page

OWN = "https://api.example.com/items?page=7"
NEXT = "https://api.example.com/items?page=8"
USUAL = ["cursor", "start_cursor", "page_token", "pageToken", "after", "starting_after", "next", "next_token"]


def first(body: Any, **headers: str) -> Envelope:
    return Envelope(page(body, "data" if isinstance(body, dict) else "@", OWN, **headers))


def body(**more: Any) -> Envelope:
    return first({"data": [1, 2], **more})


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"link": f"<{NEXT}>; rel=next"}, ""),
        ({"link": f"<{NEXT}>; rel=next", "x_next_page_url": NEXT}, ""),
        ({"link": f"<{OWN}>; rel=next"}, None),
        ({"link": f"<{NEXT}>; rel=last"}, None),
        ({"x_next_page_url": NEXT}, "x-next-page-url"),
        ({"x_next_page_url": OWN}, None),
        ({"x_next_page": "8"}, None),
        ({"location": NEXT}, None),
        ({}, None),
    ],
)
def test_a_header_leads_on_if_it_holds_an_address_of_another_page(headers, found):
    assert link_in_headers(first([1], **headers)) == found


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"next": NEXT}, "next"),
        ({"next": {"href": NEXT}}, "next"),
        ({"next": {"url": NEXT}}, "next"),
        ({"next": {"link": NEXT}}, "next"),
        ({"next": {"uri": NEXT}}, "next"),
        ({"next": {"title": NEXT}}, None),
        ({"meta": {"next_page_url": " ?page=8"}}, "meta.next_page_url"),
        ({"next": OWN}, None),
        ({"next": "abc"}, None),
        ({"next": 8}, None),
        ({"next": "// a comment"}, None),
        ({"logo": NEXT}, None),
    ],
)
def test_a_field_of_the_body_leads_on_if_it_is_named_so_and_holds_an_address_of_another_page(more, path):
    assert link_in_body(body(**more)) == (path and (path, None))


@pytest.mark.parametrize("name", ["link", "links"])
@pytest.mark.parametrize(
    ("links", "path"),
    [
        ([{"rel": "self", "href": OWN}, {"rel": "next", "href": NEXT}], "[?rel=='next'].href | [0]"),
        ([{"relation": "next", "url": NEXT}], "[?relation=='next'].url | [0]"),
        ([NEXT, {"rel": "next", "href": NEXT}], "[?rel=='next'].href | [0]"),
        ([{"rel": "next"}], None),
        ([{"rel": "next", "href": OWN}], None),
        ([{"rel": "prev", "href": NEXT}], None),
        ([NEXT], None),
    ],
)
def test_a_list_of_links_leads_on_by_its_relations(name, links, path):
    assert link_in_body(body(**{name: links})) == (path and (f"{name}{path}", None))


def test_a_list_of_another_name_is_no_list_of_links():
    assert link_in_body(body(data=[{"rel": "next", "href": NEXT}])) is None


@pytest.mark.parametrize(
    ("links", "base"),
    [
        ({"base": "https://api.example.com/wiki", "next": "/rest?start=5"}, "_links.base"),
        ({"base": "https://api.example.com/wiki", "next": {"href": "/rest?start=5"}}, "_links.base"),
        ({"base": "https://api.example.com/wiki", "next": NEXT}, None),
        ({"base": "USD", "next": "/rest?start=5"}, None),
        ({"base": 7, "next": "/rest?start=5"}, None),
        ({"next": "/rest?start=5"}, None),
    ],
)
def test_a_base_beside_a_link_counts_if_it_is_an_address_and_the_link_is_relative(links, base):
    assert link_in_body(body(_links=links)) == ("_links.next", base)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"next_cursor": "abc"}, "next_cursor"),
        ({"next_cursor": 12}, "next_cursor"),
        ({"meta": {"nextPageToken": "t"}}, "meta.nextPageToken"),
        ({"next_cursor": True}, None),
        ({"next_cursor": ""}, None),
        ({"next_cursor": None}, None),
        ({"next_cursor": {"id": 1}}, None),
        ({"title": "abc"}, None),
    ],
)
def test_a_cursor_is_a_text_or_a_number_under_a_usual_name(more, path):
    assert [found[0] for found in cursors_in_body(body(**more))] == ([path] if path else [])


@pytest.mark.parametrize("name", ["offset", "cursor", "next", "next_page"])
@pytest.mark.parametrize(
    ("value", "is_cursor"), [("itr/rec", True), (20, False), ("20", False), ("", False), (1.5, False), (True, False)]
)
def test_a_number_that_may_count_pages_or_records_is_no_cursor(name, value, is_cursor):
    assert bool(list(cursors_in_body(body(**{name: value})))) is is_cursor


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"has_more": True}, "has_more"),
        ({"hasNextPage": "true"}, "hasNextPage"),
        ({"has_more": False}, None),
        ({"ok": True}, None),
    ],
)
def test_a_flag_beside_a_cursor_is_taken_if_it_says_that_there_is_more(more, flag):
    assert [found[1] for found in cursors_in_body(body(next_cursor="abc", **more))] == [flag]


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"has_more": True}, "has_more"),
        ({"meta": {"hasNextPage": "true"}}, "meta.hasNextPage"),
        ({"has_more": False, "meta": {"more": True}}, "meta.more"),
        ({"ok": True}, None),
        ({}, None),
    ],
)
def test_the_first_flag_that_says_yes_says_that_there_is_more(more, path):
    assert flag_of_more(body(**more)) == path


@pytest.mark.parametrize(
    ("name", "sent_as"),
    [
        ("next_cursor", ["cursor", "next_cursor", "start_cursor", "page_token"]),
        ("nextPageToken", ["pageToken", "nextPageToken", "cursor"]),
        ("NextMarker", ["marker", "NextMarker", "cursor"]),
        ("Next_Marker", ["Marker", "Next_Marker", "cursor"]),
        ("NEXTTOKEN", ["TOKEN", "NEXTTOKEN", "cursor"]),
        ("next.cursor", ["cursor", "next.cursor", "start_cursor"]),
        ("after", ["after", "cursor"]),
        ("Bookmark", ["Bookmark", "cursor"]),
        ("endCursor", ["cursor", "endCursor", "after"]),
        ("end_cursor", ["cursor", "end_cursor", "after"]),
    ],
)
def test_a_cursor_is_sent_by_its_name_without_next_by_its_name_or_by_usual_ones(name, sent_as):
    [(_, _, names)] = cursors_in_body(body(**{name: "abc"}))

    assert names[: len(sent_as)] == sent_as
    assert (len(names), len(set(names)), set(names) - set(sent_as) <= set(USUAL)) == (8, 8, True)


@pytest.mark.parametrize(
    ("data", "selector", "path"),
    [
        ({"data": [{"id": 1}, {"id": 2}]}, "data", "data[-1].id"),
        ({"data": {"2026": [{"id": 1}]}}, 'data."2026"', 'data."2026"[-1].id'),
        ({"data": [{"id": 1}]}, "data[?id]", "data[?id] | [-1].id"),
        ({"data": [{"key": 1}, {"id": 2}]}, "data", "data[-1].id"),
        ({"data": [{"id": 1}, {"key": 2}]}, "data", None),
        ({"data": [1, 2]}, "data", None),
        ({"data": []}, "data", None),
    ],
)
def test_beside_a_flag_the_last_id_may_be_the_cursor(data, selector, path):
    answer = page({**data, "has_more": True}, selector, OWN)

    found = list(cursors_in_body(Envelope(answer)))

    assert [(where, flag, names[0]) for where, flag, names in found] == (
        [(path, "has_more", "starting_after")] if path else []
    )


def test_without_a_flag_the_last_id_is_none():
    assert list(cursors_in_body(body(data=[{"id": 1}], has_more=False))) == []


@pytest.mark.parametrize(
    ("headers", "header", "sent_as"),
    [
        ({"x_next_cursor": "abc"}, "x-next-cursor", ["cursor", "next_cursor"]),
        ({"x_ms_continuation": "abc"}, "x-ms-continuation", ["continuation", "cursor"]),
        ({"next_page_token": "abc"}, "next-page-token", ["page_token", "next_page_token"]),
        ({"etag": "abc", "x_cursor": "abc"}, "x-cursor", ["cursor", "start_cursor"]),
        ({"x_next_cursor": ""}, "", []),
        ({"etag": "abc"}, "", []),
    ],
)
def test_a_cursor_may_be_in_a_header(headers, header, sent_as):
    found, names = cursor_in_headers(first([1], **headers))

    assert (found, names[: len(sent_as)]) == (header, sent_as)
    assert bool(names) is bool(header)
