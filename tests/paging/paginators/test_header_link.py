import pytest

from poller.errors import AddressRefused, InvalidPayload
from poller.paging.change import Change
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import HeaderLink
from tests.support.builders import URL, page

ELSEWHERE = "https://eu.example.org"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"link": "<?page=2>; rel=next"}, Detection(HeaderLink(), "the Link header leads to the next page")),
        (
            {"x_next_url": "/items?page=2"},
            Detection(HeaderLink(next_url_header="x-next-url"), "header x-next-url is the next page's address"),
        ),
        ({}, None),
    ],
)
def test_a_header_that_leads_to_the_next_page_is_recognised(headers, found):
    assert HeaderLink.recognise(Envelope(page([1], url=URL, **headers))) == found


def test_without_a_link_header_there_is_no_next_page():
    assert HeaderLink().mark_in(page([1], url=URL)) is None


@pytest.mark.parametrize(
    ("paginator", "headers"),
    [
        (HeaderLink(allowed_origins=(ELSEWHERE,)), {"link": f"<{ELSEWHERE}/x>; rel=next"}),
        (HeaderLink(next_url_header="X-Next", allowed_origins=(ELSEWHERE,)), {"x_next": f"{ELSEWHERE}/x"}),
    ],
)
def test_another_origin_is_followed_if_it_is_allowed(paginator, headers):
    assert paginator.mark_in(page([1], url=URL, **headers)) == f"{ELSEWHERE}/x"


def test_another_origin_is_refused_if_it_is_not():
    with pytest.raises(AddressRefused, match=r"a next page at another origin, https://eu\.example\.org"):
        HeaderLink().mark_in(page([1], url=URL, link=f"<{ELSEWHERE}/x>; rel=next"))


@pytest.mark.parametrize(
    ("paginator", "headers", "place"),
    [
        (HeaderLink(next_url_header="X-Next"), {"x_next": "/" * 17_000}, "header X-Next"),
        (HeaderLink("more"), {"link": f"<{'/' * 17_000}>; rel=more"}, "header Link with rel=more"),
    ],
    ids=["its own header", "Link"],
)
def test_an_address_without_an_end_is_refused_by_its_place(paginator, headers, place):
    with pytest.raises(InvalidPayload) as refused:
        paginator.mark_in(page([1], url=URL, **headers))

    assert refused.value.message == f"what {place} holds is larger than 16 KiB; no cursor is"


@pytest.mark.parametrize("mark", [None, f"{URL}?page=2"])
def test_the_address_is_asked_for(mark):
    assert HeaderLink().change_at(mark) == Change(url=mark)


@pytest.mark.parametrize(
    ("paginator", "fit"),
    [
        (HeaderLink(), True),
        (HeaderLink("more"), True),
        (HeaderLink(next_url_header="X-Next"), True),
        (HeaderLink("more", "X-Next"), False),
    ],
)
def test_a_relation_and_a_header_of_its_own_exclude_each_other(paginator, fit):
    assert (paginator.contradiction() is None) is fit
