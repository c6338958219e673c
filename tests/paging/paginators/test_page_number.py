import pytest

from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import PageNumber
from tests.support.builders import URL, page


@pytest.mark.parametrize(
    ("url", "link", "evidence"),
    [
        (URL, "?page=2", "the link to the next page has page=2"),
        (f"{URL}?page=1", "?page=2", "the link to the next page has page=2"),
        (f"{URL}?page=1", None, "the URL asks for page=1"),
    ],
)
def test_the_evidence_is_the_parameter_that_was_seen(url, link, evidence):
    first = Envelope(page({"data": [1, 2], **({"next": link} if link else {})}, "data", url))

    assert PageNumber.recognise(first) == Detection(PageNumber(), evidence)


def test_a_link_that_does_not_lead_on_from_what_was_asked_for_shows_nothing():
    first = Envelope(page({"data": [1, 2], "next": "?page=2"}, "data", f"{URL}?page=5"))

    assert PageNumber.recognise(first) is None


@pytest.mark.parametrize(("size", "limit"), [(0, None), (1, 1), (1_000_000, 1_000_000), (1_000_001, None)])
def test_a_page_size_that_no_job_may_have_is_left_to_the_server(size, limit):
    first = Envelope(page([1], url=f"{URL}?page=1&per_page={size}"))

    found = PageNumber.recognise(first)

    assert found.paginator == PageNumber(limit_param="per_page" if limit else None, limit=limit)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"page": 1, "pages": 4}, {"total_pages_path": "pages"}),
        ({"meta": {"page": 1, "total pages": 4}}, {"total_pages_path": 'meta."total pages"'}),
        ({"meta": {"page": 1, "pages": 4}, "total": 35}, {"total_path": "total"}),
    ],
)
def test_what_the_pages_are_counted_by_stands_beside_the_number(body, places):
    assert PageNumber.recognise(Envelope(page({**body, "data": [1]}, "data"))).paginator == PageNumber(**places)


def test_a_number_of_pages_may_stand_beside_none():
    found = PageNumber.recognise(Envelope(page({"pages": 4, "data": [1]}, "data", f"{URL}?page=1")))

    assert found == Detection(PageNumber(total_pages_path="pages"), "the URL asks for page=1 beside pages")


@pytest.mark.parametrize(
    ("body", "flag"),
    [
        ({"page": 1, "has_more": True}, "has_more"),
        ({"meta": {"page": 1, "has_more": True}}, "meta.has_more"),
        ({"pages": 4, "meta": {"page": 1}, "has_more": True}, "has_more"),
    ],
)
def test_a_flag_that_there_is_more_stands_for_a_total(body, flag):
    found = PageNumber.recognise(Envelope(page({**body, "data": [1]}, "data")))

    place = "page" if "page" in body else "meta.page"
    assert found == Detection(PageNumber(has_more_path=flag), f"the body echoes {place} beside {flag}")


def test_one_path_in_the_body_for_both_is_refused_by_the_fields_names():
    said = PageNumber(limit=5, limit_body_path="page.n", page_body_path="page.n").contradiction()

    assert said == "paginator.limit_body_path and paginator.page_body_path are both page.n; they must differ"
