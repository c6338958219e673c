import pytest

from poller.paging.envelope import Envelope
from tests.support.builders import page

ROWS = {"rows": [1, 2]}


@pytest.mark.parametrize("value", [["page 2"], [{"href": "/items?page=2"}], {"href": "/p2"}, "page 2", 2, True])
def test_a_next_of_any_kind_says_that_there_is_more(value):
    answer = Envelope(page({**ROWS, "next": value}, "rows"))

    signs = answer.more()

    assert signs == ["next"]


@pytest.mark.parametrize("value", [[], {}, {"href": None}, None, "", "null", 0, -1, False])
def test_a_next_that_is_empty_says_nothing(value):
    answer = Envelope(page({**ROWS, "next": value}, "rows"))

    signs = answer.more()

    assert signs == []
