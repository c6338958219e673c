import pytest

from poller.errors import AddressRefused, InvalidPayload
from poller.paging.change import Change
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import JsonLink
from tests.support.builders import URL, page

ELSEWHERE = "https://eu.example.org"


def body(**more):
    return page({"rows": [1], **more}, "rows", URL)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"next": "?page=2"}, Detection(JsonLink("next"), "the body has the next page's address at next")),
        (
            {"links": {"base": f"{URL}/v1", "next": "/x"}},
            Detection(JsonLink("links.next", "links.base"), "the body has the next page's address at links.next"),
        ),
        ({"next": "abc"}, None),
    ],
)
def test_a_place_in_the_body_that_leads_to_the_next_page_is_recognised(more, found):
    assert JsonLink.recognise(Envelope(body(**more))) == found


@pytest.mark.parametrize("base", [{}, {"base": None}, {"base": ""}])
def test_without_a_base_a_relative_link_is_relative_to_the_request(base):
    assert JsonLink("next", "base").mark_in(body(next="/x", **base)) == "https://api.example.com/x"


def test_another_origin_is_followed_if_it_is_allowed():
    answer = body(next=f"{ELSEWHERE}/x")

    assert JsonLink("next", allowed_origins=(ELSEWHERE,)).mark_in(answer) == f"{ELSEWHERE}/x"
    with pytest.raises(AddressRefused, match=r"a next page at another origin, https://eu\.example\.org"):
        JsonLink("next").mark_in(answer)


@pytest.mark.parametrize("mark", [None, f"{URL}?page=2"])
def test_the_address_is_asked_for(mark):
    assert JsonLink("next").change_at(mark) == Change(url=mark)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (7, "the next page's address at next is a number; it must be a text"),
        ({"title": "x"}, "the next page's address at next is an object; it must be a text"),
        ({"uri": 7}, "the next page's address at next is a number; it must be a text"),
        ("/" * 17_000, "what next holds is larger than 16 KiB; no cursor is"),
        ("/\ud800", "what next holds cannot be sent back: it has half a surrogate pair"),
    ],
    ids=["a number", "an object", "a number in an object", "long", "half a pair"],
)
def test_what_is_no_link_is_refused_with_what_it_is(link, message):
    with pytest.raises(InvalidPayload) as refused:
        JsonLink("next").mark_in(body(next=link))

    assert refused.value.message == message


@pytest.mark.parametrize("name", ["href", "url", "link", "uri"])
def test_a_link_may_be_in_an_object(name):
    assert JsonLink("next").mark_in(body(next={"title": "x", name: "/x"})) == "https://api.example.com/x"
