"""The paginators that go by the last answer: what they read there, and what they ask for."""

from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import InvalidPayload, JobRejected
from poller.paging.envelope import Envelope
from poller.paging.paginators import ChainPaginator, Cursor, HeaderCursor, HeaderLink, JsonLink
from poller.specs.page_request import page_request, request_at
from poller.specs.parse import parse_job_spec
from tests.support.builders import URL, examples, page, spec

CURSOR = Cursor("next", "cursor")
IN_BODY = Cursor("next", cursor_body_path="variables.after")


@pytest.mark.parametrize(
    "told", [{}, {"next": None}, {"next": ""}, {"next": False}, {"next": []}, {"next": {}}], ids=repr
)
@pytest.mark.parametrize("paginator", [CURSOR, IN_BODY, JsonLink("next")], ids=lambda p: p.TYPE)
def test_nothing_there_is_no_next_page(paginator: ChainPaginator, told: dict) -> None:
    assert paginator.mark_in(page({"rows": [1], **told}, "rows", URL)) is None


@pytest.mark.parametrize("headers", [{}, {"x_next": ""}])
@pytest.mark.parametrize(
    "paginator", [HeaderCursor("X-Next", "c"), HeaderLink(next_url_header="X-Next"), HeaderLink()], ids=repr
)
def test_no_header_is_no_next_page(paginator: ChainPaginator, headers: dict) -> None:
    assert paginator.mark_in(page([1], url=URL, link='</x>; rel="prev"', **headers)) is None


@pytest.mark.parametrize(
    ("path", "body", "mark"),
    [
        ("next", {"next": "abc"}, "abc"),
        ("meta.next_token", {"meta": {"next_token": "t"}}, "t"),
        ("@odata.skip", {"@odata.skip": 7}, 7),
        ("rows[-1].id", {"rows": [{"id": 1}, {"id": 12345678901234567890}]}, 12345678901234567890),
        ("rows[-1].id", {"rows": []}, None),
        ("next", {"next": 0}, 0),
    ],
)
def test_a_cursor_is_where_the_path_leads(path, body, mark):
    assert Cursor(path, "c").mark_in(page({"rows": [], **body}, "rows")) == mark


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        ({"next": "/items?page=2"}, "https://api.example.com/items?page=2"),
        ({"next": {"href": "?a=%2B"}}, f"{URL}?a=%2B"),
        ({"next": {"url": f"{URL}?a"}}, f"{URL}?a"),
        ({"next": [f"{URL}?a"]}, f"{URL}?a"),
        ({"next": " "}, None),
    ],
)
def test_a_link_is_a_text_or_an_object_with_one(body, mark):
    assert JsonLink("next").mark_in(page({"rows": [], **body}, "rows", URL)) == mark


@pytest.mark.parametrize("link", [7, True, {"title": "x"}, ["a", "b"], {"href": 7}], ids=repr)
def test_what_is_no_link_is_refused(link):
    with pytest.raises(InvalidPayload, match="the next page's address at next is"):
        JsonLink("next").mark_in(page({"rows": [], "next": link}, "rows", URL))


def test_a_relative_link_goes_behind_the_base_that_the_body_names():
    paginator = JsonLink("_links.next", "_links.base")
    links = {"next": "/rest?start=5", "base": "https://api.example.com/wiki"}

    assert (
        paginator.mark_in(page({"rows": [], "_links": links}, "rows", URL))
        == "https://api.example.com/wiki/rest?start=5"
    )


def test_a_base_that_is_none_is_refused():
    with pytest.raises(InvalidPayload, match="what base holds is no address to put before a link"):
        JsonLink("next", "base").mark_in(page({"rows": [], "next": "/x", "base": 7}, "rows", URL))


@pytest.mark.parametrize(("rel", "mark"), [("next", f"{URL}?n"), ("NEXT", f"{URL}?n"), ("last", f"{URL}?l")])
def test_the_relation_that_is_named_is_followed(rel, mark):
    answer = page([1], url=URL, link='<?n>; rel="next", <?l>; rel=last')

    assert HeaderLink(rel).mark_in(answer) == mark


def test_an_address_in_a_header_may_have_other_letters():
    utf8_as_it_comes = "/items?q=ü".encode().decode("iso-8859-1")

    assert HeaderLink(next_url_header="x-next").mark_in(page([1], url=URL, x_next=utf8_as_it_comes)) == f"{URL}?q=ü"


@examples
@given(st.one_of(st.text(min_size=1, max_size=20).filter(lambda t: t.isprintable()), st.integers(-(10**20), 10**20)))
def test_a_cursor_arrives_as_it_was_handed_out(cursor):
    asked = spec(url=f"{URL}?cursor=start&a=1", params={"cursor": "x", "b": "2"}, paginator=CURSOR)

    request = request_at(asked, CURSOR.mark_in(page({"rows": [], "next": cursor}, "rows")))

    assert parse_qs(urlsplit(request.url).query) == {"a": ["1"], "b": ["2"], "cursor": [str(cursor)]}


def test_the_first_request_is_as_the_caller_wrote_it():
    asked = spec(url=f"{URL}?cursor=start", paginator=CURSOR)

    assert request_at(asked, None) == page_request(asked, 0, None)
    assert request_at(asked, None).url == f"{URL}?cursor=start"


def test_an_address_goes_out_as_the_api_wrote_it_without_more():
    asked = spec(params={"status": "open"}, headers={"X-Tenant": "7"}, paginator=JsonLink("next"))

    request = request_at(asked, f"{URL}?page_info=a%2Fb+c")

    assert (request.url, request.headers["X-Tenant"]) == (f"{URL}?page_info=a%2Fb+c", "7")


def test_a_body_has_the_cursor_at_its_path_and_all_else_as_it_was():
    asked = spec(method="POST", json={"query": "ü", "variables": {"first": 5}}, paginator=IN_BODY)

    assert request_at(asked, None).body == '{"query":"ü","variables":{"first":5}}'.encode()
    assert request_at(asked, [1, "a"]).body == '{"query":"ü","variables":{"first":5,"after":[1,"a"]}}'.encode()
    assert request_at(asked, None).headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("paginator", "message"),
    [
        ({"type": "cursor"}, "paginator.cursor_path is missing; this paginator needs it"),
        ({"type": "cursor", "cursor_path": "a"}, "give paginator.cursor_param or paginator.cursor_body_path"),
        (
            {"type": "cursor", "cursor_path": "a", "cursor_param": "c", "cursor_body_path": "c"},
            "give paginator.cursor_param or paginator.cursor_body_path",
        ),
        ({"type": "header_cursor", "cursor_header": "a"}, "paginator.cursor_param is missing"),
        ({"type": "json_link"}, "paginator.next_url_path is missing"),
        ({"type": "header_link", "rel": "more", "next_url_header": "x"}, "paginator.rel and paginator.next_url_header"),
        (
            {"type": "json_link", "next_url_path": "a", "allowed_origins": "https://x.y"},
            "paginator.allowed_origins is a string; it must be a list of origins",
        ),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": [7]}, "allowed_origins[0] is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": [None]}, "allowed_origins[0] is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": [{}]}, "allowed_origins[0] is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": ["https://x.y?z"]}, "is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": ["https://x.y#z"]}, "is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": ["x.y"]}, "allowed_origins[0] is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": ["https://x.y/z"]}, "is no origin"),
        ({"type": "json_link", "next_url_path": "a", "allowed_origins": ["https://a:b@x.y"]}, "is no origin"),
        ({"type": "json_link", "next_url_path": "a", "stop_on_empty": "no"}, "paginator.stop_on_empty is a string"),
        ({"type": "json_link", "next_url_path": "a", "has_more_when": "x"}, "give has_more_path or has_more_header"),
        (
            {"type": "cursor", "cursor_path": "a", "cursor_param": "b", "has_more_path": "c", "has_more_header": "d"},
            "paginator.has_more_path and paginator.has_more_header both say whether there is more",
        ),
        ({"type": "cursor", "cursor_path": "a", "cursor_body_path": "b"}, "paginator.cursor_body_path is sent in the"),
    ],
)
def test_fields_that_do_not_fit_are_refused(paginator, message):
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": URL, "paginator": paginator})

    assert message in refused.value.message


@pytest.mark.parametrize("origin", ["https://api.example.com", "HTTPS://API.Example.com:443/"])
def test_an_origin_is_kept_in_its_usual_form(origin):
    fields = {"type": "json_link", "next_url_path": "a", "allowed_origins": [origin]}

    assert parse_job_spec({"url": URL, "paginator": fields}).paginator == JsonLink(
        "a", allowed_origins=("https://api.example.com",)
    )


@pytest.mark.parametrize("place", [{"has_more_path": "more"}, {"has_more_header": "X-More"}])
@pytest.mark.parametrize("kind", [partial(Cursor, "next", "c"), partial(JsonLink, "next")], ids=["cursor", "json_link"])
def test_whether_there_is_more_is_what_the_named_place_says(kind, place):
    paginator, by_word = kind(**place), kind(**place, has_more_when="open")

    def said(what):
        return Envelope(page({"rows": [1], "more": what}, "rows", x_more=what))

    assert (paginator.says_more(said("true")), paginator.says_more(said("false"))) == (True, False)
    assert (by_word.says_more(said("open")), by_word.says_more(said("true"))) == (True, False)
    assert paginator.says_more(Envelope(page({"rows": [1]}, "rows"))) is None
    assert paginator.contradiction() is by_word.contradiction() is None
