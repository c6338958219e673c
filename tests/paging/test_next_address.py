import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import AddressRefused
from poller.paging.next_address import from_header, next_address, origin_of
from tests.support.builders import examples

ASKED = "https://api.example.com/v2/orders?status=open"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (f"{ASKED}&page=2", f"{ASKED}&page=2"),
        ("https://api.example.com/v2/orders?q=%2F%3d+a%20b&x[]=1,2;~", None),
        ("https://API.example.com./x?y", "https://api.example.com/x?y"),
        ("/v2/orders?page=2", "https://api.example.com/v2/orders?page=2"),
        ("/services/data/q-2000", "https://api.example.com/services/data/q-2000"),
        ("orders?$skiptoken=a%2Bb", "https://api.example.com/v2/orders?$skiptoken=a%2Bb"),
        ("?page=2", "https://api.example.com/v2/orders?page=2"),
        ("../other?a", "https://api.example.com/other?a"),
        ("//api.example.com/x", "https://api.example.com/x"),
        (" /x?a b ", "https://api.example.com/x?a%20b"),
        ("/x#part", "https://api.example.com/x"),
        ("http://api.example.com/x?page=2", "https://api.example.com/x?page=2"),
        ("http://api.example.com:80/x", "https://api.example.com/x"),
        ("https://api.example.com:443/x", "https://api.example.com/x"),
        ("https://somebody:password@api.example.com/x", "https://api.example.com/x"),
    ],
)
def test_a_next_page_is_asked_for_where_the_api_says_and_as_it_wrote(written, address):
    assert next_address(written, ASKED) == (address or written)


@pytest.mark.parametrize(
    "written",
    [
        "http://10.example.org/x",
        "http://10.example.org:8443/x",
        "https://10.example.org/x",
        "https://10.example.org:8443/x",
    ],
)
def test_a_missing_port_is_that_of_the_request(written):
    assert next_address(written, "https://10.example.org:8443/y") == "https://10.example.org:8443/x"


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://evil.example.org/x?token=abc", "https://evil.example.org"),
        ("https://api.example.com:8443/x", "https://api.example.com:8443"),
        ("//evil.example.org/x", "https://evil.example.org"),
        ("https://api.example.com@evil.example.org/x", "https://evil.example.org"),
        ("https://api.example.com\\@evil.example.org/x", "https://evil.example.org"),
        ("https://api.example.com.evil.example.org/x", "https://api.example.com.evil.example.org"),
    ],
)
def test_another_origin_is_followed_only_if_it_is_allowed(written, origin):
    with pytest.raises(AddressRefused) as refused:
        next_address(written, ASKED, ("https://third.example.net",))

    assert refused.value.message == (
        f"the API names a next page at another origin, {origin}; name it in paginator.allowed_origins if it may be "
        "asked"
    )
    assert origin_of(next_address(written, ASKED, (origin,))) == origin


@pytest.mark.parametrize(
    "written", ["ftp://api.example.com/x", "javascript:alert(1)", "https://", "https://h:x/", "a:b", "http://[1"]
)
def test_what_is_no_address_is_refused_without_being_repeated(written):
    with pytest.raises(AddressRefused) as refused:
        next_address(written, ASKED)

    assert refused.value.message == "what the API names as the next page is no address"


@pytest.mark.parametrize(
    ("base", "written", "address"),
    [
        (
            "https://api.example.com/wiki",
            "/rest/api/content?start=5",
            "https://api.example.com/wiki/rest/api/content?start=5",
        ),
        ("https://api.example.com/wiki/", "rest?start=5", "https://api.example.com/wiki/rest?start=5"),
        ("https://api.example.com/wiki", "/wiki/api/v2/pages?c=5", "https://api.example.com/wiki/api/v2/pages?c=5"),
        ("https://api.example.com/wiki", "?start=5", "https://api.example.com/wiki?start=5"),
        ("https://api.example.com", "/rest", "https://api.example.com/rest"),
        ("/wiki", "/rest", "https://api.example.com/wiki/rest"),
        ("https://api.example.com/wiki", "rest", "https://api.example.com/wiki/rest"),
        ("https://api.example.com/wiki/", "/rest", "https://api.example.com/wiki/rest"),
        ("https://api.example.com/wiki/", "/wiki/rest", "https://api.example.com/wiki/rest"),
        ("https://api.example.com/wiki", "//api.example.com/x", "https://api.example.com/x"),
        ("https://api.example.com/wiki", "https://api.example.com/x", "https://api.example.com/x"),
    ],
)
def test_a_relative_address_goes_behind_the_base_that_the_api_names(base, written, address):
    assert next_address(written, ASKED, base=base) == address


@examples
@given(st.text("abzAZ09-._~%!$&'()*+,;=:@/?[]", max_size=40))
def test_path_and_query_stay_as_they_were_written(text):
    written = f"https://api.example.com/{text}"

    assert next_address(written, ASKED) == written.removesuffix("?")


def test_a_base_elsewhere_keeps_its_own_origin():
    base, there = "https://wiki.example.org/wiki", ("https://wiki.example.org",)

    assert next_address("/wiki/x#part", ASKED, there, base) == "https://wiki.example.org/wiki/x"
    assert next_address("/x", ASKED, there, base) == "https://wiki.example.org/wiki/x"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://API.example.com/x?y", "https://api.example.com"),
        ("https://api.example.com./x", "https://api.example.com"),
        ("http://api.example.com:80", "http://api.example.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("http://api.example.com:443", "http://api.example.com:443"),
        ("https://somebody:password@api.example.com/x", "https://api.example.com"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_written_in_one_way(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(("text", "address"), [("/x?q=Ã¼", "/x?q=ü"), ("/x?q=ü", "/x?q=ü"), ("/x?q=€", "/x?q=€")])
def test_an_address_in_a_header_is_read_as_utf_8_if_it_can_be(text, address):
    assert from_header(text) == address
