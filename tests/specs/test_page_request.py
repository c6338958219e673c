"""The query that goes out: what the caller wrote, as it was written, and what the paginator changes."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.paging.paginators import Offset, PageNumber
from poller.specs.page_request import page_request
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
