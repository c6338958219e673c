import pytest

from poller.paging.envelope import Envelope
from poller.paging.more_signs import next_address, says_no_next
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
        ({"links": {"self": "/x?page=7", "last": "/x?page=7"}}, {}, ""),
        ({"last_page_url": "/x?page=7"}, {}, "last_page_url leads to another page"),
        ({"lastLink": "/x?page=7"}, {}, "lastLink leads to another page"),
        ({"lastUrl": "/x?page=7"}, {}, "lastUrl leads to another page"),
        ({"link": [{"rel": "next", "href": "/x?page=2"}]}, {}, "link"),
        ({"link": [{"relation": "next", "url": "/x?page=2"}]}, {}, "link"),
        ({"link": [{"relation": "prev", "url": "/x?page=2"}]}, {}, ""),
        ({"count": 35}, {}, "count = 35"),
        ({"count": 2}, {}, ""),
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
        ({}, {"x_next_url": OWN}),
        ({"links": {"last": "/items?page=7"}}, {}),
    ],
)
def test_a_link_to_the_page_itself_says_nothing(more, headers):
    answer = Envelope(page({**ROWS, **more}, "rows", url=OWN, **headers))

    assert answer.goes_on(6) == []


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"next": "?page=8"}, {}),
        ({}, {"link": '<?page=9>; rel="last"'}),
        ({"links": {"last": "/items?page=8"}}, {}),
        ({}, {"x_next_url": "/items?page=8"}),
    ],
)
def test_a_link_to_a_page_behind_it_does(more, headers):
    answer = Envelope(page({**ROWS, **more}, "rows", url=OWN, **headers))

    assert len(answer.goes_on(6)) == 1


@pytest.mark.parametrize(
    ("more", "signs"),
    [
        ({"cursor": "abc"}, []),
        ({"cursor": "def"}, ["cursor"]),
        ({"has_more": "true"}, ["has_more"]),
    ],
)
def test_a_cursor_that_was_sent_and_comes_back_says_nothing(more, signs):
    answer = Envelope(page({**ROWS, **more}, "rows", url="https://api.example.com/items?cursor=abc&has_more=true"))

    assert answer.more() == signs


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
        ({"count": 35}, []),
    ],
)
def test_a_total_that_is_a_lower_bound_leaves_open_whether_there_is_more(total, signs):
    body = {"hits": {}, **total}
    body["hits"]["hits"] = [1, 2]

    assert Envelope(page(body, "hits.hits")).goes_on(6) == signs


@pytest.mark.parametrize(("total", "signs"), [(2, []), (3, ["estimatedTotal = at least 3"])])
def test_on_the_first_page_a_lower_bound_leaves_it_open_if_it_is_more_than_came(total, signs):
    assert Envelope(page({**ROWS, "estimatedTotal": total}, "rows")).goes_on(0) == signs


@pytest.mark.parametrize(
    ("more", "headers", "address"),
    [
        ({}, {"link": "</x?page=1>; rel=prev, </x?page=3>; rel=next"}, "/x?page=3"),
        ({"next": "/x?page=2"}, {"link": "</x?page=3>; rel=next"}, "/x?page=3"),
        ({"links": [{"rel": "next", "href": "/x?page=2"}]}, {"link": "</x?page=3>; rel=next"}, "/x?page=3"),
        ({"next": "/x?page=2"}, {}, "/x?page=2"),
        ({"next": "abc", "meta": {"nextLink": "/x?page=2"}}, {}, "/x?page=2"),
        ({"links": [{"rel": "prev", "href": "/x?page=1"}, {"rel": "next", "href": "/x?page=3"}]}, {}, "/x?page=3"),
        ({"alternatives": [{"rel": "next", "href": "/x?page=3"}]}, {}, ""),
        ({"next": None}, {}, ""),
        ({}, {}, ""),
    ],
)
def test_the_next_address_is_that_of_the_link_header_or_else_of_the_body(more, headers, address):
    answer = Envelope(page({**ROWS, **more}, "rows", **headers))

    assert next_address(answer.page, answer.sections) == address


@pytest.mark.parametrize(
    ("more", "headers", "says"),
    [
        ({"next": None}, {}, True),
        ({"next": "/x?page=2"}, {}, False),
        ({"title": None}, {}, False),
        ({}, {"x_next_page": ""}, True),
        ({"links": {"self": "/x"}}, {}, True),
        ({"links": {"self": "/x", "next": "/x?page=2"}}, {}, False),
        ({"links": {"next": "/x?page=2"}}, {}, False),
        ({"links": {"help": "/help"}}, {}, False),
        ({"links": [{"rel": "self", "href": "/x"}]}, {}, True),
        ({"links": [{"relation": "self", "url": "/x"}]}, {}, True),
        ({"links": [{"rel": "self", "href": "/x"}, {"rel": "next", "href": "/x?page=2"}]}, {}, False),
        ({"links": ["/x"]}, {}, False),
        ({"owner": {"self": "/x"}}, {}, False),
        ({}, {}, False),
    ],
)
def test_a_place_for_the_next_page_with_nothing_there_says_that_there_is_none(more, headers, says):
    answer = Envelope(page({**ROWS, **more}, "rows", **headers))

    assert says_no_next(answer.page, answer.sections) is says
