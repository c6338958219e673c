import pytest

from poller.paging.page_words import is_usual_size


@pytest.mark.parametrize(
    ("rows", "is_usual"),
    [(0, False), (4, False), (5, True), (7, False), (10, True), (25, True), (30, True), (31, False)],
)
def test_a_page_that_may_be_full_has_a_size_that_is_asked_for(rows, is_usual):
    assert is_usual_size(rows) is is_usual
