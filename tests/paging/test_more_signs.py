import pytest

from poller.paging.envelope import Envelope
from tests.support.builders import page

ROWS = {"rows": [1, 2]}


@pytest.mark.parametrize("value", [["page 2"], [{"href": "/items?page=2"}], {"href": "/p2"}, "page 2", 2, True])
def test_a_next_of_any_kind_says_that_there_is_more(value):
    answer = Envelope(page({**ROWS, "next": value}, "rows"))

    signs = answer.more()

    assert signs == ["next"]


@pytest.mark.parametrize("value", [[], {}, {"href": None}, None, "", "null", 0, -1, False])
def test_a_next_that_is_empty_says_nothing(value):
    answer = Envelope(page({**ROWS, "next": value}, "rows"))

    signs = answer.more()

    assert signs == []


OWN = "https://api.example.com/items?page=7"


@pytest.mark.parametrize(
    ("more", "headers", "sign"),
    [
        ({"scroll_id": "c2Nhbg"}, {}, "scroll_id"),
        ({"_scroll_id": "c2Nhbg"}, {}, "_scroll_id"),
        ({"bookmark": "LT4z"}, {}, "bookmark"),
        ({"LastEvaluatedKey": {"id": 20}}, {}, "LastEvaluatedKey"),
        ({"resumptionToken": "x"}, {}, "resumptionToken"),
        ({"nextPageToken": "x"}, {}, "nextPageToken"),
        ({"HasMoreItems": True}, {}, "HasMoreItems"),
        ({"moreUrl": "/x"}, {}, "moreUrl"),
        ({"isComplete": False}, {}, "isComplete"),
        ({"scan_complete": "false"}, {}, "scan_complete"),
        ({"finished": False}, {}, "finished"),
        ({"offset": "itr/rec"}, {}, "offset"),
        ({"offset": "20"}, {}, ""),
        ({"remainingItemCount": 3}, {}, "remainingItemCount"),
        ({"TotalPages": 7}, {}, "TotalPages = 7"),
        ({"total-pages": "7"}, {}, "total-pages = 7"),
        ({"Number_of_Pages": 7}, {}, "Number_of_Pages = 7"),
        ({"links": {"self": "/x?page=1", "last": "/x?page=7"}}, {}, "links.last leads to another page"),
        ({"links": {"last": {"href": "/x?page=7"}}}, {}, "links.last leads to another page"),
        ({"_links": {"first": "/x?page=0", "last": "/x?page=1"}}, {}, "_links.last leads to another page"),
        ({"links": {"self": "/x?page=1", "last": "/x?page=1&size=10"}}, {}, ""),
        ({"links": {"last": "/x?page=1"}}, {}, ""),
        ({"links": {"last": "/x?before=abc"}}, {}, ""),
        ({"last": "Smith"}, {}, ""),
        ({}, {"link": "</x?page=2>; rel='next'"}, "a Link header with rel=next"),
        ({}, {"link": "</x?page=2>;rel=next"}, "a Link header with rel=next"),
        ({}, {"link": '</x?page=2>; title="a, b"; rel="prev next"'}, "a Link header with rel=next"),
        ({}, {"link": '</x>; rel="prev"; rel="next"'}, ""),
        ({}, {"link": '</x?page=7>; rel="last"'}, "a Link header with rel=last that leads to another page"),
        ({}, {"link": '</x?page=1>; rel="last"'}, ""),
        ({}, {"x_total_page": "7"}, "header x-total-page = 7"),
        ({}, {"totalpages": "7"}, "header totalpages = 7"),
        ({}, {"x_pagination_page_count": "7"}, "header x-pagination-page-count = 7"),
        ({}, {"x_pagination": '{"TotalPages":7}'}, "header x-pagination#TotalPages = 7"),
        ({}, {"x_pagination": '{"HasNext":true}'}, "header x-pagination#HasNext"),
        ({}, {"x_pagination": "7 of 9"}, ""),
        ({}, {"x_has_more": "true"}, "header x-has-more"),
        ({}, {"x_hasnextpage": "true"}, "header x-hasnextpage"),
        ({}, {"x_ms_continuation": "abc"}, "header x-ms-continuation"),
        ({"time_next_update": "2026-01-01"}, {}, ""),
        ({"context": "x", "moreInfo": "https://x/"}, {}, ""),
    ],
)
def test_a_sign_of_more_is_known_in_any_spelling(more, headers, sign):
    answer = Envelope(page({**ROWS, **more}, "rows", **headers))

    signs = answer.more()

    assert signs == ([sign] if sign else [])


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"next": OWN}, {}),
        ({"next": {"href": "?page=7"}}, {}),
        ({"links": [{"rel": "next", "href": "/items?page=7"}]}, {}),
        ({}, {"link": f'<{OWN}>; rel="next"'}),
        ({}, {"link": '</items?page=7>; rel="last"'}),
        ({}, {"x_next_page_url": OWN}),
        ({"links": {"last": "/items?page=7"}}, {}),
    ],
)
def test_a_link_to_the_page_itself_says_nothing(more, headers):
    answer = Envelope(page({**ROWS, **more}, "rows", url=OWN, **headers))

    assert answer.goes_on(6) == []


@pytest.mark.parametrize(
    ("more", "headers"),
    [({"next": "?page=8"}, {}), ({}, {"link": '<?page=9>; rel="last"'}), ({"links": {"last": "/items?page=8"}}, {})],
)
def test_a_link_to_a_page_behind_it_does(more, headers):
    answer = Envelope(page({**ROWS, **more}, "rows", url=OWN, **headers))

    assert len(answer.goes_on(6)) == 1


@pytest.mark.parametrize(
    ("flags", "headers"),
    [
        ({"has_more": False}, {}),
        ({"hasNextPage": "false"}, {}),
        ({"more": False}, {}),
        ({"isLast": True}, {}),
        ({"endOfRecords": True}, {}),
        ({}, {"has_more": "false"}),
    ],
)
def test_a_flag_outweighs_links_that_come_with_every_page(flags, headers):
    body = {**ROWS, "meta": {"next": "https://x/items?after=49", **flags}, "cursor": "abc"}
    answer = Envelope(page(body, "rows", link='</x?page=2>; rel="next"', **headers))

    assert answer.more() == []


@pytest.mark.parametrize(
    ("flags", "signs"),
    [
        ({"has_more": False, "total_pages": 7}, ["total_pages = 7"]),
        ({"has_more": False, "isLast": False, "next": "/x"}, ["isLast", "next"]),
        ({"has_more": False, "hasNext": True, "next": "/x"}, ["hasNext", "next"]),
        ({"has_more": False, "truncated": True, "next": "/x"}, ["truncated"]),
    ],
)
def test_a_flag_does_not_outweigh_numbers_and_other_flags(flags, signs):
    answer = Envelope(page({**ROWS, **flags}, "rows"))

    assert answer.more() == signs


@pytest.mark.parametrize(("pages", "signs"), [(6, []), (7, []), (8, ["total_pages = 8"])])
def test_more_pages_than_came_are_a_sign_on_any_page(pages, signs):
    answer = Envelope(page({**ROWS, "total_pages": pages}, "rows"))

    assert answer.goes_on(6) == signs


@pytest.mark.parametrize(
    ("total", "signs"),
    [
        ({"hits": {"total": {"value": 10_000, "relation": "gte"}}}, ["hits.total = at least 10000"]),
        ({"hits": {"total": {"value": 10_000, "relation": "eq"}}}, []),
        ({"estimatedTotal": 1000}, ["estimatedTotal = at least 1000"]),
        ({"estimatedTotal": "many"}, []),
    ],
)
def test_a_total_that_is_a_lower_bound_leaves_open_whether_there_is_more(total, signs):
    body = {"hits": {}, **total}
    body["hits"]["hits"] = [1, 2]

    assert Envelope(page(body, "hits.hits")).goes_on(6) == signs
