"""What is planned from a first answer that is not cut into ranges: a walk's, or one without a body."""

from dataclasses import replace

import pytest

from poller.errors import JobRejected
from poller.jobs.plan import Ranges, Walks
from poller.jobs.planning import Planned
from poller.paging.meaning import Reading, read_page
from poller.paging.paginators import JsonLink, Offset
from tests.support.builders import NOW, URL, page, planned, response, spec

WALK = spec(paginator=JsonLink("next"))
FLAGGED = spec(paginator=JsonLink("next", has_more_path="has_more"))
NEXT = {"next": "/items?after=2"}


@pytest.mark.parametrize(
    ("one", "body", "records"),
    [
        (WALK, {"rows": [1, 2], **NEXT}, None),
        (WALK, {"rows": [1, 2], **NEXT, "total": 5}, 5),
        (WALK, {"rows": [1, 2], **NEXT, "total": 2}, None),
        (WALK, {"rows": [1, 2], "next": None}, None),
        (WALK, {"rows": [1, 2], "next": None, "total": 2}, 2),
        (WALK, {"rows": [], "next": None, "total": 0}, 0),
        (FLAGGED, {"rows": [1, 2], "has_more": False, "total": 5}, 5),
        (FLAGGED, {"rows": [1, 2], "has_more": True, **NEXT}, None),
    ],
    ids=["next", "total", "this page's", "one page", "one page's", "nothing", "flag says no", "flag says yes"],
)
def test_a_walk_is_one_task_after_the_other_up_to_the_total(one, body, records):
    plan = planned(one, page(body, url=URL), 1000, 0.1)

    resolved = replace(one, data_selector="rows")
    assert plan == Planned(resolved, Walks(1), records, is_declared=False, threads=1, map_concurrency=1)


@pytest.mark.parametrize(
    ("one", "body", "signs"),
    [
        (WALK, {"rows": [1, 2], "total": 1500}, "a total of 1,500"),
        (WALK, {"rows": [1], "isLast": False, "total": 5}, "isLast, a total of 5"),
        (FLAGGED, {"rows": [1], "has_more": True}, "has_more"),
    ],
)
def test_a_walk_whose_first_page_names_no_second_one_is_refused_where_there_is_more(one, body, signs):
    with pytest.raises(JobRejected) as refused:
        planned(one, page(body, url=URL), 1000, 0.1)

    assert refused.value.message == (
        "paginator.type is json_link, but the first response names no next page at next, while there is more by what "
        f"else it says ({signs}); nothing was fetched. Correct the paginator"
    )


def test_an_answer_without_a_body_is_one_page_without_records():
    one = spec(paginator=Offset())

    plan = planned(one, read_page(response(b"", 204), Reading(None), NOW), 0, 0.1)

    assert plan == Planned(one, Ranges(1, 1, 1), records=0, is_declared=True, threads=1, map_concurrency=1)
