import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.paging.links import (
    address_in,
    header_links,
    is_further,
    is_same_list,
    leads_elsewhere,
    links_to_last,
    pages_up_to,
)
from tests.support.builders import examples


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", []),
        ('</a?page=2>; rel="next"', [("next", "/a?page=2")]),
        ("</a>;rel=next", [("next", "/a")]),
        ("</a>; rel='next'", [("next", "/a")]),
        ('</a>; REL="Prev NEXT"', [("prev", "/a"), ("next", "/a")]),
        ('</a,b;c?d=1,2>; rel="next", </z>; rel=last', [("next", "/a,b;c?d=1,2"), ("last", "/z")]),
        ('</a>; title="one, <b>; rel=next"; rel="prev", </c>; rel=next', [("prev", "/a"), ("next", "/c")]),
        (r'</a>; title="a \"quoted\", <b>; rel=next"; rel=prev', [("prev", "/a")]),
        ('</a>; rel="prev"; rel="next"', [("prev", "/a")]),
        ('</a>; rel="next"; anchor="#other"', []),
        ('</a>; rel="next"; anchor=""', [("next", "/a")]),
        ("</a>; title*=UTF-8''n%c3%a4chste; rel=\"next\"", [("next", "/a")]),
        ('</a>; crossorigin; rel="next"', [("next", "/a")]),
        ('</a>, </b>; rel="next"', [("next", "/b")]),
        ('</a> ; rel = "next" ; x = y', [("next", "/a")]),
        ("no link at all", []),
        ("</a; rel=next", []),
        ('</a>; rel="next', []),
    ],
)
def test_a_link_header_is_read_as_it_is_meant(text, links):
    assert list(header_links(text)) == links


@examples
@given(
    st.lists(
        st.tuples(
            st.text("abc/?=&%,;:#'\"é", max_size=20),
            st.text('a ,;<>="\\', max_size=12),
            st.sampled_from(["next", "prev", "first last", "x"]),
        ),
        max_size=4,
    )
)
def test_any_address_beside_any_title_is_found(links):
    header = ", ".join(
        f'<{target}>; title="{title.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"; rel="{rel}"'
        for target, title, rel in links
    )

    found = list(header_links(header))

    assert found == [(rel, target) for target, _, relations in links for rel in relations.split()]


@examples
@given(st.text("<>;,=\"\\' relnxt/a", max_size=80))
def test_any_header_is_read_without_an_error(text):
    assert all(rel and isinstance(target, str) for rel, target in header_links(text))


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("/items", "/items"),
        ("?page=2", "?page=2"),
        ("page=2", "page=2"),
        ("abc", ""),
        (2, ""),
        (None, ""),
        ({"href": "/a", "title": "/b"}, "/a"),
        ({"url": "/a"}, "/a"),
        ({"link": "/a"}, "/a"),
        ({"uri": "/a"}, "/a"),
        ({"title": "/a"}, ""),
        ({"href": None}, ""),
    ],
)
def test_an_address_is_a_text_that_looks_like_one_or_an_object_with_it(link, address):
    assert address_in(link) == address


@pytest.mark.parametrize(
    ("address", "url", "elsewhere"),
    [
        ("https://internal.example.com/items?a=1&b=2", "https://api.example.com/items?b=2&a=1", False),
        ("https://api.example.com/items/", "https://api.example.com/items", False),
        ("https://api.example.com/items", "https://api.example.com/items/", False),
        ("/items/7", "https://api.example.com/items", True),
        ("/other", "https://api.example.com/items", True),
        ("?page=2", "https://api.example.com/items", True),
        ("?after=", "https://api.example.com/items", True),
        ("/items", "", True),
        ("", "https://api.example.com/items", True),
    ],
)
def test_a_page_is_its_path_and_its_parameters_at_whatever_host(address, url, elsewhere):
    assert leads_elsewhere(address, url) is elsewhere


@pytest.mark.parametrize(
    ("address", "pages", "further"),
    [
        ("/x?page=2", (), True),
        ("/x?page=1", (), False),
        ("/x?page=2", ("/x?page=2",), False),
        ("/x?page=2", ("/x?page=3", "/x?page=1"), False),
        ("/x?page=2", ("/x?tag=9", "/x?page=1"), True),
        ("/x?offset=20&limit=10", ("/x?offset=10&limit=10",), True),
        ("/x?limit=20", ("/x?limit=10",), False),
        ("/x?page=last", (), False),
    ],
)
def test_a_page_is_further_by_a_number_that_counts_pages_or_records(address, pages, further):
    assert is_further(address, *pages) is further


@pytest.mark.parametrize(
    ("address", "first", "pages"),
    [
        ("/x?page=7", 1, 7),
        ("/x?page=7", 0, 8),
        ("/x?tag=a&page=7&page=9", 1, 7),
        ("/x?p=7", 1, "/x?p=7"),
        ("/x?page=last", 1, "/x?page=last"),
        (f"/x?page={'9' * 18}", 1, int("9" * 18)),
        (f"/x?page={'9' * 19}", 1, f"/x?page={'9' * 19}"),
    ],
    ids=repr,
)
def test_a_link_to_the_last_page_counts_the_pages_by_its_number(address, first, pages):
    assert pages_up_to(address, "page", first) == pages


def test_links_to_the_last_page_are_in_the_header_and_in_the_body_under_usual_names():
    sections = {
        "": {"last_page_url": "/c", "lastLink": {"href": "/d"}, "last": "Smith", "first": "/e"},
        "links.": {"last": "/b", "lastUrl": None},
    }

    found = list(links_to_last("</0>; rel=first, </a>; rel=last", sections))

    assert found == [("", "/a"), ("last_page_url", "/c"), ("lastLink", "/d"), ("links.last", "/b")]


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("/x?page=2&tag=a", "/x?tag=a&page=7", True),
        ("/x?offset=2", "/x", True),
        ("/x?tag=a", "/x?tag=b", False),
        ("/x?tag=", "/x", False),
        ("/x", "/y", False),
    ],
)
def test_two_pages_are_of_one_list_if_only_the_page_differs(address, other, same):
    assert is_same_list(address, other) is same
