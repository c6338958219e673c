import pytest

from poller.errors import InvalidPayload
from poller.paging.change import Change
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.paginators import Cursor
from tests.support.builders import page

FIRST = Envelope(page({"rows": [{"id": 1}], "end_cursor": "abc", "has_more": True}, "rows"))


def test_a_candidate_for_a_request_without_a_body_sends_the_cursor_as_a_parameter():
    found = list(Cursor.candidates(FIRST, None))

    assert found[0] == Detection(
        Cursor("end_cursor", "cursor", has_more_path="has_more"),
        "end_cursor, sent as cursor, leads to other records",
    )
    assert [one.paginator.cursor_param for one in found[:3]] == ["cursor", "end_cursor", "after"]
    assert found[-1].paginator.cursor_path == "rows[-1].id"


@pytest.mark.parametrize(
    ("sent", "places"),
    [
        ({"query": "x"}, ["cursor", "end_cursor", "after"]),
        ({"variables": [1]}, ["cursor", "end_cursor", "after"]),
        (["x"], ["cursor", "end_cursor", "after"]),
        ({"variables": {"first": 5}}, ["variables.cursor", "variables.end_cursor", "variables.after"]),
        ({"variables": {"first": 5, "after": None}}, ["variables.after", "variables.cursor", "variables.end_cursor"]),
        ({"variables": {"$cursor": None, "x": 1}}, ['variables."$cursor"', "variables.cursor"]),
    ],
)
def test_a_candidate_for_a_request_with_a_body_sends_the_cursor_in_it(sent, places):
    found = list(Cursor.candidates(FIRST, sent))

    assert [one.paginator.cursor_body_path for one in found[: len(places)]] == places
    assert found[0].paginator == Cursor("end_cursor", cursor_body_path=places[0], has_more_path="has_more")
    assert found[0].evidence == f"end_cursor, sent as {places[0]}, leads to other records"


def test_a_name_that_is_no_word_is_put_into_quotes_in_a_body():
    first = Envelope(page({"rows": [1], "next-cursor": "abc"}, "rows"))

    in_body, as_parameter = list(Cursor.candidates(first, {"limit": 5})), list(Cursor.candidates(first, None))

    assert in_body[1].paginator == Cursor("next-cursor", cursor_body_path='"next-cursor"')
    assert as_parameter[1].paginator == Cursor("next-cursor", "next-cursor")


@pytest.mark.parametrize(
    ("mark", "change"),
    [
        (None, Change()),
        ("a b", Change(params={"c": "a b"})),
        (12345678901234567890, Change(params={"c": "12345678901234567890"})),
    ],
)
def test_a_parameter_holds_the_cursor(mark, change):
    assert Cursor("next", "c").change_at(mark) == change


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "the cursor at meta.next is true; it must be a text or a number"),
        ([1], "the cursor at meta.next is no text or number, and fits no query parameter; set paginator.cursor_body"),
        ("x" * 17_000, "what meta.next holds is larger than 16 KiB; no cursor is"),
        ("\ud800", "what meta.next holds cannot be sent back: it has half a surrogate pair"),
    ],
    ids=["true", "a list", "long", "half a pair"],
)
def test_what_is_no_cursor_is_refused(value, message):
    with pytest.raises(InvalidPayload) as refused:
        Cursor("meta.next", "c").mark_in(page({"rows": [], "meta": {"next": value}}, "rows"))

    assert refused.value.message.startswith(message)


def test_a_cursor_has_16_kib_at_most_as_json():
    fits, one_more = "x" * (16 * 1024 - 2), "x" * (16 * 1024 - 1)

    assert Cursor("next", "c").mark_in(page({"rows": [], "next": fits}, "rows")) == fits
    with pytest.raises(InvalidPayload, match="larger than 16 KiB"):
        Cursor("next", "c").mark_in(page({"rows": [], "next": one_more}, "rows"))
