import pytest

from poller.errors import InvalidPayload
from poller.paging.change import Change
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import HeaderCursor
from tests.support.builders import page

FIRST = Envelope(page([1, 2], x_next_cursor="abc"))


def test_a_candidate_sends_what_the_header_holds_by_a_usual_name():
    found = list(HeaderCursor.candidates(FIRST, None))

    assert found[0] == Detection(
        HeaderCursor("x-next-cursor", "cursor"), "header x-next-cursor, sent as cursor, leads to other records"
    )
    assert [one.paginator.cursor_param for one in found[:3]] == ["cursor", "next_cursor", "start_cursor"]


def test_it_is_no_candidate_for_a_request_with_a_body():
    assert list(HeaderCursor.candidates(FIRST, {"limit": 5})) == []


def test_without_such_a_header_there_is_no_candidate():
    assert list(HeaderCursor.candidates(Envelope(page([1, 2], etag="abc")), None)) == []


@pytest.mark.parametrize(("mark", "change"), [(None, Change()), ("a b", Change(params={"c": "a b"}))])
def test_a_parameter_holds_the_cursor(mark, change):
    assert HeaderCursor("X-Next", "c").change_at(mark) == change


def test_the_cursor_is_what_the_header_holds_however_the_spec_spells_its_name():
    assert HeaderCursor("X-Next", "c").mark_in(page([1], x_next="abc")) == "abc"


def test_what_is_no_cursor_is_refused_by_the_headers_name():
    with pytest.raises(InvalidPayload, match=r"^what header X-Next holds is larger than 16 KiB"):
        HeaderCursor("X-Next", "c").mark_in(page([1], x_next="x" * 17_000))
