import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.jobs.plan import Ranges, Task, Walks
from poller.jobs.planning import (
    Planned,
    most_pages_per_task,
    pages_per_task,
    requests_in_flight,
    threads_that_fit,
)
from poller.paging.paginators import Auto, Offset, PageNumber, SinglePage
from poller.specs.model import JobSpec, RateLimit
from poller.specs.page_request import page_request
from poller.values import PageRequest
from tests.support.builders import examples, page, planned, spec

MIB = 2**20


class Server:
    """An API of `total` records that serves `usual` of them at once, or as many as asked for up to `most`."""

    def __init__(self, total: int, usual: int, most: int) -> None:
        self.total, self.usual, self.most = total, min(usual, most), most
        self.base_page = 1

    def answer(self, request: PageRequest) -> range:
        """The numbers of the records that `request` gets."""
        query = {name: int(values[0]) for name, values in parse_qs(urlsplit(request.url).query).items()}
        size = min(query.get("limit", self.usual), self.most)
        start = (query["page"] - self.base_page) * size if "page" in query else query.get("offset", 0)
        return range(min(start, self.total), min(start + size, self.total))

    def body(self, rows: range, asked: int | None) -> dict:
        size = min(asked or self.usual, self.most)
        return {"total": self.total, "pages": -(-self.total // size), "rows": list(rows)}


def all_requests(plan: Planned) -> list[PageRequest]:
    return [
        page_request(plan.spec, task.first_page + number, plan.plan.page_size)
        for task in plan.plan
        for number in range(task.pages)
    ]


paginators = st.one_of(
    st.builds(Offset, limit=st.none() | st.integers(1, 120)),
    st.builds(Offset, limit=st.integers(1, 120), total_path=st.just("total")),
    st.builds(PageNumber, base_page=st.integers(0, 5)),
    st.builds(PageNumber, base_page=st.integers(0, 5), total_pages_path=st.just("pages")),
    st.builds(PageNumber, limit_param=st.just("limit"), limit=st.integers(1, 120)),
    st.builds(PageNumber, limit_param=st.just("limit"), limit=st.integers(1, 120), total_pages_path=st.just("pages")),
)


servers = st.builds(Server, st.integers(0, 3000), st.integers(1, 120), st.integers(1, 120))


@examples
@given(paginators, servers, st.integers(0, 20 * MIB), st.floats(0, 60))
def test_every_record_is_asked_for_exactly_once(paginator, server, page_bytes, page_seconds):
    server.base_page = getattr(paginator, "base_page", 1)
    one = spec(paginator=paginator)
    first = page(server.body(server.answer(page_request(one, 0, None)), paginator.limit))

    plan = planned(one, first, page_bytes, page_seconds)
    requests = all_requests(plan)

    assert Counter(number for request in requests for number in server.answer(request)) == Counter(range(server.total))
    assert len(requests) == len({request.url for request in requests}) == plan.plan.pages
    assert plan.records in (server.total, None)


@examples
@given(st.integers(1, 50_000), st.integers(1, 100), st.integers(1, 1000))
def test_tasks_are_disjoint_and_cover_all_pages(pages, per_task, page_size):
    geometry = Ranges(pages, per_task, page_size)

    planned = list(geometry)

    ranges = [(task.first_page, task.first_page + task.pages) for task in planned]
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges[:-1])]
    assert ranges[-1][1] == pages
    assert all(1 <= task.pages <= per_task for task in planned)
    assert len({task.task_id for task in planned}) == len(planned) == len(geometry)
    assert sorted(task.task_id for task in planned) == [task.task_id for task in planned]


@examples
@given(
    st.integers(1, 10_000_000), st.integers(0, 64 * MIB), st.floats(0, 3600), st.integers(1, 1000), st.integers(1, 500)
)
def test_a_plan_keeps_to_its_limits(pages, page_bytes, page_seconds, max_concurrency, rows):
    one = spec(paginator=Offset(), max_concurrency=max_concurrency, maximum_pages=10_000_000)
    first = page({"total": pages * rows, "rows": [0] * rows})

    plan = planned(one, first, page_bytes, page_seconds)

    per_task = plan.plan.pages_per_task
    assert plan.plan.pages == pages
    assert 1 <= per_task <= 1000
    assert per_task == 1 or per_task * page_bytes <= 8 * MIB
    assert per_task == 1 or per_task / plan.threads * page_seconds <= 30
    assert plan.threads * plan.map_concurrency <= max_concurrency
    assert 1 <= plan.threads <= per_task
    assert plan.map_concurrency >= 1
    assert 2 * plan.threads * plan.map_concurrency > max_concurrency


@pytest.mark.parametrize(
    ("pages", "page_bytes", "page_seconds", "per_task"),
    [
        (1, 1000, 0.1, 1),
        (7, 1000, 0.1, 7),
        (9, 1000, 0.1, 5),
        (100, 1000, 0.1, 50),
        (130, 1000, 0.1, 65),
        (2000, 1000, 0.1, 250),
        (20_000, 1000, 0.1, 250),
        (100_001, 1000, 0.1, 501),
        (1_000_000, 1000, 0.1, 1000),
        (1_000_000, 0, 0.0, 1000),
        (1_000_000, 8 * MIB // 100, 0.1, 100),
        (1_000_000, 1 * MIB, 0.1, 8),
        (1_000_000, 3 * MIB, 0.1, 2),
        (1_000_000, 8 * MIB, 0.1, 1),
        (1_000_000, 32 * MIB, 0.1, 1),
        (1_000_000, 1000, 1.0, 240),
        (1_000_000, 1000, 29.0, 8),
        (1_000_000, 1000, 60.0, 1),
    ],
)
def test_how_many_pages_a_task_takes(pages, page_bytes, page_seconds, per_task):
    most = most_pages_per_task(8, page_bytes, page_seconds)

    number = pages_per_task(pages, 2, 8, most)

    assert number == per_task
    assert type(number) is int


@pytest.mark.parametrize(("seconds", "threads"), [(0.0, 8), (0.02, 8), (0.05, 16), (0.096, 32), (10, 32)])
def test_a_slow_api_is_asked_for_more_pages_at_once(seconds, threads):
    assert threads_that_fit(seconds) == threads


@pytest.mark.parametrize(
    ("requests", "per_seconds", "seconds", "in_flight"),
    [(1, 1, 0.2, 1), (100, 60, 0.2, 1), (10, 1, 0.2, 4), (10, 1, 2.0, 40), (1000, 1, 1.0, 100), (1, 86_400, 0.0, 1)],
)
def test_no_more_is_asked_at_once_than_a_rate_budget_lets_through(requests, per_seconds, seconds, in_flight):
    limited = spec(rate_limit=RateLimit(requests, per_seconds), max_concurrency=100)

    assert requests_in_flight(limited, seconds) == in_flight
    assert requests_in_flight(replace(limited, rate_limit=None), seconds) == 100


def test_a_task_of_a_slow_budget_has_few_pages():
    first = page({"rows": [1] * 10, "total": 10_000})
    limited = spec(paginator=Offset(limit=10), rate_limit=RateLimit(10, 60), max_concurrency=10)

    plan = planned(limited, first, 1000, 0.1)

    assert (plan.threads, plan.map_concurrency) == (1, 1)
    assert len(plan.plan) == 200


@pytest.mark.parametrize(
    ("paginator", "body", "headers", "resolved"),
    [
        (SinglePage(), {"rows": [1], "total": 1}, {}, SinglePage()),
        (Offset(), {"rows": [1], "meta": {"total": 5}}, {}, Offset(total_path="meta.total")),
        (Offset(limit=5), {"rows": [1]}, {"x_total_count": "5"}, Offset(limit=5, total_header="x-total-count")),
        (PageNumber(), {"rows": [1], "total": 5}, {}, PageNumber(total_path="total")),
        (Offset(total_path="n"), {"rows": [1], "n": 5, "total": 9}, {}, Offset(total_path="n")),
        (PageNumber(total_pages_path="n"), {"rows": [1], "n": 5, "total": 9}, {}, PageNumber(total_pages_path="n")),
        (
            PageNumber(total_pages_header="X-Pages"),
            {"rows": [1], "total": 9},
            {"x_pages": "5"},
            PageNumber(total_pages_header="X-Pages"),
        ),
    ],
)
def test_where_the_total_was_found_is_kept(paginator, body, headers, resolved):
    one = spec(paginator=paginator)

    plan = planned(one, page(body, **headers), 1000, 0.1)

    assert plan.spec == spec(paginator=resolved, data_selector="rows")


@pytest.mark.parametrize(
    ("pages", "max_concurrency", "threads", "map_concurrency"),
    [
        (200, 10, 10, 1),
        (5, 10, 5, 2),
        (20_000, 10, 10, 1),
        (20_000, 100, 25, 4),
        (20_000, 3, 3, 1),
        (1, 1000, 1, 1000),
    ],
)
def test_requests_in_flight_are_split_between_tasks_and_threads(pages, max_concurrency, threads, map_concurrency):
    one = spec(paginator=Offset(), max_concurrency=max_concurrency)

    plan = planned(one, page({"rows": [1], "total": pages}), 1000, 0.1)

    assert (plan.threads, plan.map_concurrency) == (threads, map_concurrency)


@pytest.mark.parametrize(
    ("paginator", "body", "geometry", "records"),
    [
        (SinglePage(), {"rows": [1, 2]}, Ranges(1, 1, 2), None),
        (SinglePage(), {"rows": []}, Ranges(1, 1, 1), None),
        (SinglePage(), {"rows": [1, 2], "total": 35}, Ranges(1, 1, 2), None),
        (SinglePage(), {"rows": [1, 2], "total": 12.5}, Ranges(1, 1, 2), None),
        (Offset(limit=2), {"rows": [1, 2], "total": 5}, Ranges(3, 1, 2, is_open=True), 5),
        (Offset(limit=100), {"rows": [1, 2], "total": 5}, Ranges(3, 1, 2, is_open=True), 5),
        (Offset(limit=100), {"rows": [1, 2], "total": 2}, Ranges(1, 1, 2, is_open=True), 2),
        (Offset(), {"rows": [], "total": 0}, Ranges(1, 1, 1, is_open=True), 0),
        (Offset(limit_path="size"), {"rows": [1, 2], "total": 5, "size": 2}, Ranges(3, 1, 2, is_open=True), 5),
        (PageNumber(), {"rows": [1, 2], "total": 4}, Ranges(2, 1, 2, is_open=True), 4),
        (PageNumber(total_pages_path="n"), {"rows": [1, 2], "n": 7}, Ranges(7, 1, 2, is_open=True), None),
        (PageNumber(total_pages_path="n"), {"rows": [], "n": 0}, Ranges(1, 1, 1, is_open=True), None),
        (PageNumber(total_pages_path="n"), {"rows": [], "n": 1}, Ranges(1, 1, 1, is_open=True), None),
        (Offset(), {"rows": [1] * 10, "total": 4001}, Ranges(401, 1, 10, is_open=True), 4001),
    ],
)
def test_the_first_page_says_how_many_there_are(paginator, body, geometry, records):
    one = spec(paginator=paginator)

    plan = planned(one, page(body), 1000, 0.1)

    assert replace(plan.plan, pages_per_task=1) == geometry
    assert plan.records == records
    assert plan.spec.data_selector == "rows"


@pytest.mark.parametrize(
    ("paginator", "body", "message"),
    [
        (Offset(), {"rows": [1, 2, 3], "total": 2}, "total is 2, but 3 records arrived on the first page"),
        (Offset(), {"rows": [1], "total": 0}, "total is 0, but 1 record arrived on the first page"),
        (Offset(), {"rows": [], "total": 35}, "total is 35, but the first page holds no records"),
        (PageNumber(), {"rows": [], "total": 1000}, "total is 1,000, but the first page holds no records"),
        (PageNumber(total_pages_path="n"), {"rows": [1], "n": 0}, "n is 0, but 1 record arrived"),
        (PageNumber(total_pages_path="n"), {"rows": [], "n": 5}, "n is 5, but the first page holds no records"),
    ],
)
def test_a_first_page_that_contradicts_itself_is_refused(paginator, body, message):
    one = spec(paginator=paginator)

    with pytest.raises(JobRejected) as refused:
        planned(one, page(body), 1000, 0.1)

    assert refused.value.message == f"the API contradicts itself: {message}; nothing was fetched"


@pytest.mark.parametrize(
    ("paginator", "body"),
    [
        (Offset(total_path="total"), {"rows": [1], "total": -1}),
        (Offset(total_path="total"), {"rows": [1], "total": 10**13}),
        (Offset(total_path="total"), {"rows": [1], "total": "many"}),
        (PageNumber(total_pages_path="total"), {"rows": [1], "total": 2.5}),
        (Offset(limit_path="size"), {"rows": [1], "total": 5, "size": 0}),
        (Offset(limit_path="size"), {"rows": [1], "total": 5, "size": -10}),
        (Offset(limit_path="size"), {"rows": [1], "total": 5, "size": "x"}),
        (Offset(limit_path="size"), {"rows": [1], "total": 5}),
    ],
)
def test_numbers_that_cannot_be_believed_are_refused_before_the_fan_out(paginator, body):
    one = spec(paginator=paginator)

    with pytest.raises(JobRejected) as refused:
        planned(one, page(body), 1000, 0.1)

    assert "total" in refused.value.message or "size" in refused.value.message


@pytest.mark.parametrize(
    ("total", "maximum_pages", "message"),
    [
        (201, 100, "the API declares 101 pages of 2 records, and maximum_pages is 100; nothing was fetched."),
        (10**9, 100_000, "the API declares 500,000,000 pages of 2 records, and maximum_pages is 100,000;"),
    ],
)
def test_more_pages_than_allowed_are_refused(total, maximum_pages, message):
    one = spec(paginator=Offset(), maximum_pages=maximum_pages)

    with pytest.raises(JobRejected) as refused:
        planned(one, page({"rows": [1, 2], "total": total}), 1000, 0.1)

    assert refused.value.message.startswith(message)
    assert refused.value.message.endswith("Raise maximum_pages, or narrow the request")


def test_as_many_pages_as_allowed_are_planned():
    one = spec(paginator=Offset(), maximum_pages=100)

    plan = planned(one, page({"rows": [1, 2], "total": 200}), 1000, 0.1)

    assert plan.plan.pages == 100


def test_a_number_of_pages_belongs_to_the_page_size_that_was_asked_for():
    """A first page that is one record short must not make every page shorter: the last ones would be lost."""
    one = spec(paginator=PageNumber(limit_param="limit", limit=100, total_pages_path="pages"))
    first = page({"pages": 5, "rows": [0] * 99})

    plan = planned(one, first, 1000, 0.1)

    assert [parse_qs(urlsplit(request.url).query)["limit"] for request in all_requests(plan)] == [["100"]] * 5


@pytest.mark.parametrize(("total", "records"), [({"total": 2}, 2), ({}, None)])
def test_a_single_page_that_was_guessed_keeps_the_total_it_was_guessed_from(total, records):
    one = spec(paginator=SinglePage())

    plan = planned(one, page({"rows": [1, 2], **total}), 1000, 0.1, guessed=True)

    assert plan.records == records


OFFSET_BY_HAND, PAGES_BY_HAND = Offset(limit=2), PageNumber(limit_param="limit", limit=2)
DOUBTS = [
    pytest.param({"total": 2, "has_more": True}, {}, "has_more", id="has_more"),
    pytest.param({"total": 2, "next": "/items?offset=2"}, {}, "next", id="next"),
    pytest.param({"total": 2, "count": 35}, {}, "count = 35", id="count"),
    pytest.param({"total": 2, "paging-data": {"hasNext": True}}, {}, '"paging-data".hasNext', id="an odd section"),
    pytest.param({"total": 2, "links": [{"rel": "next", "href": "/items?offset=2"}]}, {}, "links", id="links"),
    pytest.param({"total": 2, "isLast": False}, {}, "isLast", id="isLast"),
    pytest.param({"total": 2, "last": False}, {}, "last", id="last"),
    pytest.param({"total": 2, "isTruncated": True}, {}, "isTruncated", id="isTruncated"),
    pytest.param({"total": 2, "meta": {"total_pages": 5}}, {}, "meta.total_pages = 5", id="total_pages"),
    pytest.param({"total": 2}, {"link": '<?page=2>; rel="next"'}, "a Link header with rel=next", id="Link"),
    pytest.param({"total": 2}, {"x_next_page": "2"}, "header x-next-page", id="X-Next-Page"),
    pytest.param({"total": 2}, {"x_total_pages": "25"}, "header x-total-pages = 25", id="X-Total-Pages"),
    pytest.param({}, {"x_total": "2", "x_next_page": "2"}, "header x-next-page", id="X-Total of the page"),
]


@pytest.mark.parametrize(("body", "headers", "sign"), DOUBTS)
def test_a_single_page_that_was_guessed_is_refused_where_there_is_more(body, headers, sign):
    """Some APIs call the number of rows on this page the total."""
    one = spec(paginator=SinglePage())

    with pytest.raises(JobRejected) as refused:
        planned(one, page({"rows": [1, 2], **body}, **headers), 1000, 0.1, guessed=True)

    assert refused.value.message.startswith("the API contradicts itself: its total is what arrived, but there is more")
    assert f"({sign})" in refused.value.message
    assert "paginator to offset or page_number" in refused.value.message


@pytest.mark.parametrize(("body", "headers", "_sign"), DOUBTS)
@pytest.mark.parametrize("guessed", [False, True])
@pytest.mark.parametrize(
    "paginator",
    [Offset(limit=2), Offset(limit=2, total_path="t"), PageNumber(), PageNumber(total_pages_path="one")],
    ids=repr,
)
def test_where_there_is_a_way_to_ask_a_total_is_tried_and_not_believed(paginator, guessed, body, headers, _sign):
    one = spec(paginator=paginator)

    plan = planned(one, page({"rows": [1, 2], "t": 2, "one": 1, **body}, **headers), 1000, 0.1, guessed)

    assert plan.plan == Ranges(1, 1, 2, is_open=True)


@pytest.mark.parametrize(("body", "headers", "_sign"), DOUBTS)
def test_a_single_page_is_one_page(body, headers, _sign):
    one = spec(paginator=SinglePage())

    plan = planned(one, page({"rows": [1, 2], **body}, **headers), 1000, 0.1)

    assert plan.plan == Ranges(1, 1, 2)


@pytest.mark.parametrize("paginator", [Offset(), Offset(total_path="n"), PageNumber(), PageNumber(total_header="x-n")])
@pytest.mark.parametrize("n", [{}, {"n": None}])
def test_without_a_total_the_first_page_is_planned_and_the_end_is_looked_for(paginator, n):
    one = spec(paginator=paginator)

    plan = planned(one, page({"rows": [1, 2], **n}), 1000, 0.1)

    assert plan.plan == Ranges(1, 1, 2, is_open=True)
    assert (plan.records, plan.is_declared) == (None, False)
    assert (plan.threads, plan.map_concurrency) == (10, 1)


@pytest.mark.parametrize("more", [{"total_pages": 3}, {"next": "/items?page=2"}, {"has_more": True, "last": False}])
def test_a_first_page_of_several_may_say_that_there_is_more(more):
    one = spec(paginator=Offset(limit=2))

    plan = planned(one, page({"rows": [1, 2], "total": 6, **more}), 1000, 0.1)

    assert plan.plan.pages == 3


def test_the_list_that_was_found_is_where_later_pages_have_it():
    one = spec(paginator=Offset(limit=2))

    plan = planned(one, page({"errors": [], "data": {"rows": [1, 2], "total": 6}}), 1000, 0.1)

    assert plan.spec == spec(paginator=Offset(limit=2, total_path="data.total"), data_selector="data.rows")


def test_auto_is_not_planned():
    one = spec(paginator=Auto())

    with pytest.raises(RuntimeError, match="auto is not resolved yet"):
        planned(one, page([1]), 1000, 0.1)

    assert isinstance(one, JobSpec)


@pytest.mark.parametrize(
    ("index", "task"),
    [(0, Task("t00000000", 0, 100)), (1, Task("t00000001", 100, 100)), (9999, Task("t00009999", 999_900, 99))],
)
def test_a_task_follows_from_its_number(index, task):
    geometry = Ranges(pages=999_999, pages_per_task=100, page_size=10)

    planned = geometry.task_at(index)

    assert planned == task
    assert len(geometry) == 10_000


def test_the_last_task_of_an_open_plan_goes_on_behind_it():
    plan = Ranges(pages=5, pages_per_task=2, page_size=10, is_open=True)

    assert [task.is_open for task in plan] == [False, False, True]
    assert plan.task_behind("t00000002", 105) == Task("t00000002p00000105", 105, 0, is_open=True)
    assert plan.task_behind("t00000002p00000105", 205) == Task("t00000002p00000205", 205, 0, is_open=True)


def test_another_task_goes_on_where_one_ends_up_to_the_planned_end_of_both():
    plan = Ranges(pages=25, pages_per_task=10, page_size=10, is_open=True)

    assert plan.task_behind("t00000000", 3) == Task("t00000000p00000003", 3, 7)
    assert plan.task_behind("t00000000p00000003", 4) == Task("t00000000p00000004", 4, 6)
    assert plan.task_behind("t00000002", 21) == Task("t00000002p00000021", 21, 4, is_open=True)
    assert plan.task_behind("t00000002", 21).up_to(23) == Task("t00000002p00000021", 21, 2)
    assert plan.task_at(2).up_to(None) == plan.task_at(2)
    assert plan.first_page("t00000000p00000003") == 3


def test_a_million_tasks_are_planned_one_by_one():
    geometry = Ranges(pages=1_000_000, pages_per_task=1, page_size=100)
    tracemalloc.start()

    first = list(islice(geometry, 1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(geometry) == 1_000_000
    assert first[-1] == Task("t00000999", 999, 1)
    assert geometry.task_at(999_999) == Task("t00999999", 999_999, 1)
    assert peak < MIB


def test_a_million_pages_are_all_in_some_task():
    one = spec(paginator=Offset(), maximum_pages=1_000_000)

    plan = planned(one, page({"rows": [0] * 10, "total": 10_000_000}), 1000, 0.1)

    assert plan.plan == Ranges(1_000_000, 1000, 10, is_open=True)
    assert sum(task.pages for task in plan.plan) == 1_000_000


@pytest.mark.parametrize(
    ("pages", "max_concurrency", "per_task", "tasks"),
    [
        (3, 10, 3, 1),
        (100, 10, 100, 1),
        (100, 64, 50, 2),
        (600, 64, 300, 2),
        (1, 64, 1, 1),
        (40, 64, 20, 2),
        (20, 1, 20, 1),
    ],
)
def test_small_jobs_are_as_few_tasks_as_keep_all_workers_busy(pages, max_concurrency, per_task, tasks):
    one = spec(paginator=Offset(), max_concurrency=max_concurrency)

    plan = planned(one, page({"rows": [0] * 10, "total": pages * 10}), 1000, 0.1)

    assert (plan.plan.pages_per_task, len(plan.plan)) == (per_task, tasks)


def test_a_task_s_first_page_follows_from_its_id():
    plan = Ranges(pages=35, pages_per_task=10, page_size=100)

    assert [plan.first_page(task.task_id) for task in plan] == [task.first_page for task in plan] == [0, 10, 20, 30]
    assert plan.first_page("t12345678") == 123_456_780


def test_a_walk_is_a_task_whose_pages_are_not_known():
    assert list(Walks(2)) == [Task("w00000000", 0, 0), Task("w00000001", 0, 0)]
    assert len(Walks(2)) == 2


def test_a_walk_goes_on_in_one_task_after_the_other():
    walks = Walks(2)

    second = walks.task_behind("w00000001", 40)
    third = walks.task_behind(second.task_id, 95)

    assert second == Task("w00000001p00000040", 40, 0, after="w00000001")
    assert third == Task("w00000001p00000095", 95, 0, after="w00000001p00000040")
    assert [walks.first_page(task_id) for task_id in ("w00000001", second.task_id, third.task_id)] == [0, 40, 95]


def test_totals_that_disagree_on_the_second_look_are_no_single_page():
    one = spec(paginator=SinglePage())

    with pytest.raises(JobRejected, match="several totals: total = 2, totalCount = 5"):
        planned(one, page({"rows": [1, 2], "total": 2, "totalCount": 5}), 1000, 0.1, guessed=True)
