import pytest

from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.extent import Extent
from poller.paging.paginators import Offset
from tests.support.builders import URL, page

TEN = list(range(10))


@pytest.mark.parametrize(
    ("url", "link", "evidence"),
    [
        (URL, "?limit=10&offset=10", "the link to the next page has offset=10"),
        (f"{URL}?limit=10&offset=0", "?limit=10&offset=10", "the link to the next page has offset=10"),
        (f"{URL}?limit=10&offset=0", None, "the URL asks for offset=0"),
    ],
)
def test_the_evidence_is_the_parameter_that_was_seen(url, link, evidence):
    first = Envelope(page({"data": TEN, **({"next": link} if link else {})}, "data", url))

    assert Offset.recognise(first) == Detection(Offset(10), evidence)


def test_a_link_that_does_not_lead_on_from_what_was_asked_for_shows_nothing():
    first = Envelope(page({"data": TEN, "next": "?limit=10&offset=10"}, "data", f"{URL}?offset=30"))

    assert Offset.recognise(first) is None


def test_the_names_of_a_convention_are_no_evidence_beside_a_sign_of_more_than_its_total():
    body = {"maxRecordsPerPage": 10, "payload": TEN, "has_more": True}

    def recognised(**totals):
        return Offset.recognise(Envelope(page({**body, **totals}, "payload", URL)))

    assert recognised(totalRecords=10) is None
    assert recognised(totalRecords=35).paginator == Offset(10, "count", "startAt", total_path="totalRecords")


@pytest.mark.parametrize(("more", "rows", "is_it"), [({}, TEN, True), ({"has_more": True}, [], False)])
def test_the_names_of_a_convention_are_evidence_without_a_total_unless_an_empty_page_says_more(more, rows, is_it):
    body = {"maxRecordsPerPage": 10, "totalRecords": None, "payload": rows, **more}

    assert (Offset.recognise(Envelope(page(body, "payload", URL))) is not None) is is_it


def test_an_empty_first_page_has_the_size_that_was_asked_for():
    assert Offset(50).extent(Envelope(page([])), False) == Extent(1, 50, None, is_declared=False)


def test_one_path_in_the_body_for_both_is_refused_by_the_fields_names():
    said = Offset(limit_body_path="page.n", offset_body_path="page.n").contradiction()

    assert said == "paginator.limit_body_path and paginator.offset_body_path are both page.n; they must differ"
