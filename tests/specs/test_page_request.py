"""The query that goes out: what the caller wrote, as it was written, and what the paginator changes."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.paging.paginators import Cursor, HeaderLink, Offset, PageNumber
from poller.specs.page_request import page_request, request_at
from poller.values import PageRequest
from tests.support.builders import URL, examples, spec

WRITTEN = "a=1&a=2&e=&list=x%2Cy&plus=c+d&pct=100%25&filter[tag]=q&u=%C3%BC&semi=a;b&bare&&=z"


@pytest.mark.parametrize("index", [0, 7])
def test_the_query_of_the_url_goes_out_as_it_was_written_on_every_page(index: int) -> None:
    one = spec(url=f"{URL}?{WRITTEN}", paginator=PageNumber("page[number]"))

    asked = page_request(one, index, None)

    assert urlsplit(asked.url).query == f"{WRITTEN}&page%5Bnumber%5D={index + 1}"


def test_a_list_is_sent_as_one_parameter_a_value_in_its_order() -> None:
    one = spec(params={"status": ["open", "held"], "q": "a&b=c d", "empty": "", "n": ["2"]}, paginator=Offset(limit=10))

    asked = page_request(one, 3, 10)

    query = "status=open&status=held&q=a%26b%3Dc%20d&empty=&n=2&limit=10&offset=30"
    assert urlsplit(asked.url).query == query


def test_the_pages_own_parameters_replace_those_of_the_same_name() -> None:
    one = spec(url=f"{URL}?limit=5&q=1&limit=6", params={"limit": ["7", "8"]}, paginator=Offset(limit=10))

    asked = page_request(one, 1, 10)

    assert urlsplit(asked.url).query == "q=1&limit=10&offset=10"


values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@examples
@given(st.dictionaries(values, values | st.lists(values, min_size=1, max_size=3), max_size=4))
def test_any_parameters_arrive_as_they_were_given(params: dict[str, str | list[str]]) -> None:
    one = spec(params=params, paginator=PageNumber("the page"))

    asked = page_request(one, 0, None)

    given_one_by_one = [
        (name, item) for name, value in params.items() for item in ([value] if isinstance(value, str) else value)
    ]
    arrived = parse_qsl(urlsplit(asked.url).query, keep_blank_values=True, encoding="utf-8")
    assert arrived == [*[pair for pair in given_one_by_one if pair[0] != "the page"], ("the page", "1")]


JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"json": {"q": "shoes", "price": 1.5}}, b'{"q":"shoes","price":1.5}'),
        ({"json": {"q": "shoes"}, "paginator": PageNumber(page_body_path="page")}, b'{"q":"shoes","page":3}'),
        ({"paginator": PageNumber(page_body_path="page")}, b'{"page":3}'),
        ({"paginator": Cursor("next", cursor_body_path="after")}, b"{}"),
    ],
    ids=["the spec's", "with the page", "the page alone", "nothing yet"],
)
def test_a_body_is_the_specs_with_what_changes_page_by_page(fields: dict[str, object], body: bytes) -> None:
    one = spec(method="POST", **{"paginator": HeaderLink(), **fields})

    asked = page_request(one, 2, None)

    assert asked == PageRequest("POST", asked.url, JSON, body)


def test_without_a_body_no_content_is_announced() -> None:
    assert page_request(spec(paginator=HeaderLink()), 0, None) == PageRequest("GET", URL, {"Accept": JSON["Accept"]})


def test_what_is_missing_of_a_page_is_asked_for_behind_what_came() -> None:
    one = spec(paginator=Offset(limit=10))

    asked = page_request(one, 3, 10, received=4)

    assert urlsplit(asked.url).query == "limit=6&offset=34"


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        (f"{URL}?after=2", {"ACCEPT": "text/json", "X-Region": "eu", "User-Agent": "poller"}),
        ("https://other.example.com/items?after=2", {"ACCEPT": "text/json", "User-Agent": "poller"}),
    ],
    ids=["the API's own", "a stranger's"],
)
def test_an_address_at_another_origin_gets_no_header_that_could_be_meant_for_the_api_alone(
    address: str, sent: dict[str, str]
) -> None:
    one = spec(
        headers={"ACCEPT": "text/json", "X-Region": "eu", "User-Agent": "poller"},
        paginator=HeaderLink(allowed_origins=("https://other.example.com",)),
    )

    assert request_at(one, address) == PageRequest("GET", address, sent)
