from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.paging.envelope import Envelope
from poller.paging.extent import Extent
from poller.paging.paginators import Auto, Offset, PageNumber, SinglePage
from poller.specs.page_request import page_request
from tests.support.builders import URL, examples, page, spec


@pytest.mark.parametrize(
    ("paginator", "index", "page_size", "query"),
    [
        (Auto(), 0, None, ""),
        (SinglePage(), 0, None, ""),
        (SinglePage(), 0, 10, ""),
        (Offset(), 0, None, ""),
        (Offset(limit=100), 0, None, "limit=100&offset=0"),
        (Offset(limit=100), 0, 30, "limit=30&offset=0"),
        (Offset(limit=100), 7, 30, "limit=30&offset=210"),
        (Offset(), 3, 25, "limit=25&offset=75"),
        (Offset(100, "count", "startAt"), 2, 100, "count=100&startAt=200"),
        (PageNumber(), 0, None, "page=1"),
        (PageNumber(), 4, 50, "page=5"),
        (PageNumber(page_param="p", base_page=0), 4, 50, "p=4"),
        (PageNumber(limit_param="per_page", limit=100), 0, None, "page=1&per_page=100"),
        (PageNumber(limit_param="per_page", limit=100), 9, 30, "page=10&per_page=30"),
        (Offset(limit=100), 9_999_999, 100, "limit=100&offset=999999900"),
    ],
)
def test_a_page_has_its_request(paginator, index, page_size, query):
    one = spec(paginator=paginator)

    request = page_request(one, index, page_size)

    assert request.url == (f"{URL}?{query}" if query else URL)


@pytest.mark.parametrize(
    ("url", "params", "asked"),
    [
        ("https://api.example.com", {}, "https://api.example.com/?limit=5&offset=10"),
        (f"{URL}/", {}, f"{URL}/?limit=5&offset=10"),
        (f"{URL}?a=1&b=2", {}, f"{URL}?a=1&b=2&limit=5&offset=10"),
        (f"{URL}?tag=x&tag=y", {"tag": "z"}, f"{URL}?tag=x&tag=y&tag=z&limit=5&offset=10"),
        (f"{URL}?limit=100&a=1", {}, f"{URL}?a=1&limit=5&offset=10"),
        (URL, {"limit": "100", "a": "1"}, f"{URL}?a=1&limit=5&offset=10"),
        (f"{URL}?flag=", {}, f"{URL}?flag=&limit=5&offset=10"),
        (f"{URL}?q=a+b%26c", {}, f"{URL}?q=a+b%26c&limit=5&offset=10"),
        (URL, {"q": "a b&c=d/é+"}, f"{URL}?q=a%20b%26c%3Dd%2F%C3%A9%2B&limit=5&offset=10"),
        ("http://127.0.0.1:9001/a%20b", {}, "http://127.0.0.1:9001/a%20b?limit=5&offset=10"),
        ("https://[2001:db8::1]:8443/", {}, "https://[2001:db8::1]:8443/?limit=5&offset=10"),
    ],
)
def test_what_the_caller_asks_for_stays_in_the_query(url, params, asked):
    one = spec(url=url, params=params, paginator=Offset())

    request = page_request(one, 2, 5)

    assert request.url == asked


def test_bytes_that_are_no_text_stay_in_the_query():
    one = spec(url=f"{URL}?q=%FF%e9")

    request = page_request(one, 0, None)

    assert request.url.lower() == f"{URL}?q=%ff%e9"


@examples
@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=5), st.integers(0, 99), st.integers(1, 99))
def test_every_parameter_arrives_once_and_unchanged(params, index, size):
    one = spec(params=params, paginator=Offset())

    request = page_request(one, index, size)

    arrived = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    expected = {**params, "limit": str(size), "offset": str(index * size)}
    assert sorted(arrived) == sorted(expected.items())
    assert request.url.isascii()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_is_complete(method):
    one = spec(method=method, headers={"X-Region": "eu"})

    request = page_request(one, 0, None)

    assert request.method == method
    assert request.headers == {"Accept": "application/json", "X-Region": "eu"}


@pytest.mark.parametrize("name", ["Accept", "accept", "ACCEPT"])
def test_the_caller_decides_what_to_accept(name):
    one = spec(headers={name: "application/vnd.api+json"})

    request = page_request(one, 0, None)

    assert list(request.headers.values()) == ["application/vnd.api+json"]


def test_asking_twice_asks_for_the_same():
    one = spec(params={"b": "1", "a": "2"}, paginator=PageNumber(limit_param="n", limit=5))

    requests = [page_request(one, 3, 5), page_request(one, 3, 5)]

    assert requests[0] == requests[1]
    assert one.params == {"b": "1", "a": "2"}


def test_a_total_that_was_found_in_a_header_is_pinned_there():
    first = Envelope(page([1, 2], x_total_count="7"))

    assert PageNumber().pinned(first) == PageNumber(total_header="x-total-count")


def test_an_extent_counts_by_the_total_that_the_spec_names():
    first = Envelope(page({"rows": [1, 2], "total": 2, "meta": {"n": 7}}))

    assert Offset(total_path="meta.n").extent(first, False) == Extent(4, 2, 7)


def test_an_empty_first_page_of_two_is_refused():
    first = Envelope(page({"rows": [], "pages": 2}, "rows"))

    with pytest.raises(JobRejected, match="pages is 2, but the first page holds no records"):
        PageNumber(total_pages_path="pages").extent(first, False)


def test_two_totals_in_one_place_are_refused_by_their_names():
    said = PageNumber(total_path="a", total_pages_path="a").contradiction()

    assert said == "paginator.total_path and paginator.total_pages_path are both a; they must differ"
