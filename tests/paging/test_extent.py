import pytest

from poller.errors import JobRejected
from poller.paging.envelope import Envelope
from poller.paging.extent import Extent, extent_by
from poller.paging.totals import Total, TotalPlace
from tests.support.builders import page

RECORDS, PAGES = TotalPlace("total"), TotalPlace("pages", of_pages=True)


@pytest.mark.parametrize(
    ("total", "rows", "limit", "extent"),
    [
        (Total(35, RECORDS), 10, None, Extent(4, 10, 35)),
        (Total(35, RECORDS), 10, 50, Extent(4, 10, 35)),
        (Total(30, RECORDS), 10, None, Extent(3, 10, 30)),
        (Total(1, RECORDS), 1, None, Extent(1, 1, 1)),
        (Total(0, RECORDS), 0, None, Extent(1, 1, 0)),
        (Total(35, RECORDS, is_floor=True), 10, None, Extent(4, 10, None, is_declared=False)),
        (Total(4, PAGES), 10, None, Extent(4, 10, None)),
        (Total(4, PAGES), 10, 50, Extent(4, 50, None)),
        (Total(1, PAGES), 1, None, Extent(1, 1, None)),
        (Total(0, PAGES), 0, None, Extent(1, 1, None)),
        (None, 10, None, Extent(1, 10, None, is_declared=False)),
        (None, 1, None, Extent(1, 1, None, is_declared=False)),
        (None, 0, None, Extent(1, 1, None, is_declared=False)),
        (None, 0, 50, Extent(1, 50, None, is_declared=False)),
        (None, 10, 50, Extent(1, 10, None, is_declared=False)),
    ],
    ids=repr,
)
def test_a_total_and_the_first_page_say_how_much_there_is(total, rows, limit, extent):
    assert extent_by(total, Envelope(page(list(range(rows)))), limit) == extent


@pytest.mark.parametrize(
    ("total", "rows", "seen"),
    [
        (Total(9, RECORDS), 10, "total is 9, but 10 records arrived on the first page"),
        (Total(1, RECORDS), 0, "total is 1, but the first page holds no records"),
        (Total(0, PAGES), 1, "pages is 0, but 1 record arrived"),
        (Total(2, PAGES), 0, "pages is 2, but the first page holds no records"),
    ],
    ids=repr,
)
def test_a_total_that_the_first_page_contradicts_is_refused(total, rows, seen):
    with pytest.raises(JobRejected) as refused:
        extent_by(total, Envelope(page(list(range(rows)))), None)

    assert refused.value.message == f"the API contradicts itself: {seen}; nothing was fetched"
