import pytest

from poller.errors import JobRejected
from poller.paging.envelope import Envelope
from poller.paging.paginators import Offset, PageNumber, SinglePage
from poller.paging.totals import Total, TotalPlace, page_size_at
from tests.support.builders import page

ROWS = {"rows": [1, 2]}


@pytest.mark.parametrize(
    ("paginator", "total"),
    [
        (Offset(total_path="meta.n"), Total(7, TotalPlace(path="meta.n"))),
        (Offset(total_path="@odata.count"), Total(9, TotalPlace(path="@odata.count"))),
        (Offset(total_header="X-Items"), Total(8, TotalPlace(header="X-Items"))),
        (PageNumber(total_path="meta.n"), Total(7, TotalPlace(path="meta.n"))),
        (PageNumber(total_header="x-items"), Total(8, TotalPlace(header="x-items"))),
        (PageNumber(total_pages_path="meta.pages"), Total(3, TotalPlace("meta.pages", None, True, ("page", 1)))),
        (PageNumber(total_pages_header="X-Pages"), Total(4, TotalPlace(None, "X-Pages", True, ("page", 1)))),
    ],
)
def test_the_paginator_says_where_the_total_is(paginator, total):
    answer = page({"total": 35, "meta": {"n": 7, "pages": 3}, "@odata.count": 9, **ROWS}, x_items="8", x_pages="4")

    declared = Envelope(answer).declared(paginator.total_place)

    assert declared == total


@pytest.mark.parametrize("paginator", [Offset(), PageNumber()])
def test_where_the_paginator_does_not_say_a_usual_place_counts(paginator):
    answer = page({"total": 35, "meta": {"n": 7}, **ROWS}, x_items="8")

    declared = Envelope(answer).declared(paginator.total_place)

    assert declared == Total(35, TotalPlace(path="total"))


@pytest.mark.parametrize(
    ("body", "headers", "seen"),
    [
        ({"total": 2, "total_count": 500}, {}, "total = 2, total_count = 500"),
        ({"total": 2, "totalElements": 500}, {}, "total = 2, totalElements = 500"),
        ({"total": 2, "meta": {"total": 500}}, {}, "total = 2, meta.total = 500"),
        ({"total": 2, "meta": {"pagination": {"total": 500}}}, {}, "total = 2, meta.pagination.total = 500"),
        ({"total": 2, "@odata.count": 500}, {}, "total = 2, @odata.count = 500"),
        ({"total": 2}, {"content_range": "items 0-1/500"}, "total = 2, header content-range = 500"),
        ({"total": 2, "page-info": {"totalItems": 500}}, {}, 'total = 2, "page-info".totalItems = 500'),
        ({"total": 2}, {"x_total_count": "500"}, "total = 2, header x-total-count = 500"),
        ({}, {"x_total": "2", "x_wp_total": "500"}, "header x-total = 2, header x-wp-total = 500"),
        ({"total": 500, "meta": {"total": 2}}, {}, "total = 500, meta.total = 2"),
    ],
)
@pytest.mark.parametrize("paginator", [Offset(), PageNumber()])
def test_totals_that_disagree_are_refused_with_all_of_them(paginator, body, headers, seen):
    """Some APIs call the number of rows on this page the total."""
    answer = page({**body, **ROWS}, **headers)

    with pytest.raises(JobRejected) as refused:
        Envelope(answer).declared(paginator.total_place)

    assert refused.value.message.startswith(f"the first response declares several totals: {seen}; nothing was fetched")
    assert refused.value.message.endswith("with total_path or total_header, or to single_page if this is all")


@pytest.mark.parametrize(
    ("body", "headers", "total"),
    [
        ({"total": 35, "total_count": 35}, {"x_total": "35"}, Total(35, TotalPlace(path="total"))),
        ({"total": 0, "meta": {"total": 35}}, {}, Total(35, TotalPlace(path="meta.total"))),
        ({"total": None, "totalCount": 35}, {}, Total(35, TotalPlace(path="totalCount"))),
        ({"total": {"amount": 5}, "totalCount": 35}, {}, Total(35, TotalPlace(path="totalCount"))),
        ({"total": 35, "count": 2, "limit": 2}, {}, Total(35, TotalPlace(path="total"))),
        ({"total": 35, "page": {"total": 18}}, {}, Total(35, TotalPlace(path="total"))),
        ({"total": 35, "meta": {"pages": {"total": 18}}}, {}, Total(35, TotalPlace(path="total"))),
        ({"total": 35, "store": {"total": 7}}, {}, Total(35, TotalPlace(path="total"))),
        ({"total": 35}, {"content_range": "bytes 0-99/1000"}, Total(35, TotalPlace(path="total"))),
        ({"total": 35}, {"content_range": "0-1/*"}, Total(35, TotalPlace(path="total"))),
        ({"total": 35, "rows": [{"total": 1500}, {"total": 12.5}]}, {}, Total(35, TotalPlace(path="total"))),
    ],
    ids=[
        "they agree",
        "not counted",
        "null",
        "an object",
        "the page's own",
        "pages",
        "pages deeper",
        "elsewhere",
        "bytes",
        "unknown",
        "in records",
    ],
)
def test_what_is_no_other_total_does_not_disagree(body, headers, total):
    answer = page({**ROWS, **body}, "rows", **headers)

    found = Envelope(answer).total

    assert found == total


@pytest.mark.parametrize("selector", ["data.rows", "data.rows[*]", '"data".rows'])
def test_a_total_may_stand_beside_the_list_deeper_down(selector):
    answer = page({"total_of_something": 3, "data": {"paging": {"total": 35}, "rows": [1, 2]}}, selector)

    found = Envelope(answer).total

    assert found is not None
    assert found.count == 35


@pytest.mark.parametrize("section", ["", "meta.", "pagination.", "paging.", "page_info.", "metadata.", "_meta."])
@pytest.mark.parametrize(
    "name",
    [
        "total",
        "total_count",
        "totalCount",
        "total_records",
        "totalRecords",
        "total_items",
        "totalItems",
        "total_results",
        "totalResults",
        "count_total",
    ],
)
def test_a_total_in_a_usual_place_of_the_body_is_found(section, name):
    path = section + name
    answer = page({**({section.rstrip("."): {name: 35}} if section else {name: 35}), **ROWS})

    found = Envelope(answer).total

    assert found == Total(35, TotalPlace(path=path))
    assert str(found.place) == path


@pytest.mark.parametrize("header", ["x-total-count", "x-total", "total-count", "x-pagination-total-count"])
def test_a_total_in_a_usual_header_is_found(header):
    answer = page([1, 2], **{header: "35"})

    found = Envelope(answer).total

    assert found == Total(35, TotalPlace(header=header))
    assert str(found.place) == f"header {header}"


@pytest.mark.parametrize(
    "body",
    [
        [1, 2],
        ROWS,
        {**ROWS, "total": None},
        {**ROWS, "total": {"amount": 5}},
        {**ROWS, "total": {"amount": 5, "relation": "eq"}},
        {**ROWS, "total": {"value": "EUR 5", "relation": "eq"}},
        {**ROWS, "meta": "total"},
        {**ROWS, "count": 35},
    ],
)
def test_where_no_total_is_none_is_found(body):
    answer = page(body, "rows" if isinstance(body, dict) else "@")

    found = Envelope(answer).total

    assert found is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("35", 35),
        ("35.0", 35),
        ("1,234", 1234),
        ("items 0-24/319", 319),
        ("0-24/319", 319),
        ("bytes 0-1/ 12 ", 12),
        ("0035", 35),
    ],
)
def test_a_header_may_hold_a_count_or_a_range(text, count):
    answer = page([1, 2], content_range=text)

    declared = Envelope(answer).declared(Offset(total_header="Content-Range").total_place)

    assert declared.count == count


@pytest.mark.parametrize(
    "value",
    [
        -1,
        -35,
        35.5,
        "",
        "many",
        "1,95",
        "12.345.678",
        "-3",
        "3.5",
        True,
        False,
        10**12 + 1,
        10**30,
        1e300,
        [35],
        {"n": 35},
    ],
)
def test_a_total_in_the_body_that_is_no_count_is_refused(value):
    answer = page({"meta": {"n": value}, **ROWS})

    with pytest.raises(JobRejected) as refused:
        Envelope(answer).declared(Offset(total_path="meta.n").total_place)

    assert refused.value.message.startswith("the total at meta.n is ")
    assert refused.value.message.endswith("say where with paginator.total_path")
    assert "not a believable whole number; nothing was fetched" in refused.value.message


@pytest.mark.parametrize("value", [{"total": -1}, {"total": "35 records"}, {"meta": {"totalCount": 0.5}}])
def test_a_total_in_a_usual_place_that_is_no_count_is_refused(value):
    answer = page({**value, **ROWS})

    with pytest.raises(JobRejected) as refused:
        _ = Envelope(answer).total

    assert "not a believable whole number" in refused.value.message


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1,2345", "many", "٣", "9" * 18, "9" * 5000, "NaN", "/"])
def test_a_total_in_a_header_that_is_no_count_is_refused(text):
    answer = page([1, 2], x_total=text)

    with pytest.raises(JobRejected) as refused:
        Envelope(answer).declared(PageNumber(total_header="X-Total").total_place)

    assert refused.value.message.startswith("the total at header X-Total is ")
    assert "not a believable whole number" in refused.value.message
    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    "paginator",
    [
        Offset(),
        Offset(total_path="meta.n"),
        Offset(total_path="none"),
        Offset(total_path="@odata.count"),
        Offset(total_header="X-Items"),
        Offset(total_header="Content-Range"),
        Offset(total_header="X-Pagination#Other"),
        Offset(total_header="X-Text#Total"),
        PageNumber(total_pages_path="pages"),
        PageNumber(total_pages_header="X-P"),
    ],
)
def test_an_api_may_not_say_how_much_there_is(paginator):
    headers = {"content_range": "items 0-1/*", "x_pagination": '{"Total": 7}', "x_text": "7"}
    answer = page({"none": None, "rows": [1, 2]}, "rows", **headers)

    declared = Envelope(answer).declared(paginator.total_place if paginator.total_place else TotalPlace(path="none"))

    assert declared is None


@pytest.mark.parametrize(
    ("value", "path", "count"),
    [
        ("1195", "total", 1195),
        ("1,195", "total", 1195),
        ("1,195,000", "total", 1_195_000),
        ("1 195", "total", 1195),
        (" 1195 ", "total", 1195),
        ("1195.0", "total", 1195),
        ("0", "total", 0),
        (1195.0, "total", 1195),
        ("1195", "to_number(total)", 1195),
        (1195.0, "floor(total)", 1195),
    ],
)
def test_a_total_is_a_whole_number_however_it_is_written(value, path, count):
    answer = page({"total": value, **ROWS})

    declared = Envelope(answer).declared(TotalPlace(path=path))

    assert declared == Total(count, TotalPlace(path=path))


def test_a_whole_number_with_an_exponent_is_one_too():
    answer = page(b'{"total": 1.195e3, "rows": [1]}', "rows")

    assert Envelope(answer).total == Total(1195, TotalPlace(path="total"))


@pytest.mark.parametrize(
    "header", ['{"TotalCount":35,"PageSize":10}', '{"paging":{"TotalCount":"35"}}'], ids=["plain", "deeper"]
)
def test_a_total_may_be_in_the_json_of_a_header(header):
    path = "TotalCount" if header.startswith('{"Total') else "paging.TotalCount"
    answer = page([1, 2], x_pagination=header)

    declared = Envelope(answer).declared(TotalPlace(header=f"X-Pagination#{path}"))

    assert declared == Total(35, TotalPlace(header=f"X-Pagination#{path}"))
    assert str(declared.place) == f"header X-Pagination#{path}"


def test_a_total_in_the_json_of_a_usual_header_is_found():
    answer = page([1, 2], x_pagination='{"TotalCount":35,"TotalPages":4}')

    assert Envelope(answer).total == Total(35, TotalPlace(header="x-pagination#TotalCount"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"hits": {"total": {"value": 35, "relation": "gte"}}}, "hits.total.value"),
        ({"hits": {"total": {"value": 35, "relation": "gte"}}}, "hits.total"),
        ({"total": 35, "total_relation": "gte"}, "total"),
        ({"properties": {"totalResults": 35, "exactCount": False}}, "properties.totalResults"),
        ({"total": 35, "exact": False}, "total"),
        ({"total": 35, "approximate": True}, "total"),
        ({"total": 35, "isEstimate": "true"}, "total"),
        ({"total": 35, "countIsCapped": True}, "total"),
        ({"nbHits": 35, "exhaustiveNbHits": False}, "nbHits"),
        ({"nbHits": 35, "exhaustive": {"nbHits": False, "typo": True}}, "nbHits"),
        ({"numFound": 35, "numFoundExact": False}, "numFound"),
        ({"estimatedTotalHits": 35}, "estimatedTotalHits"),
        ({"approximateTotal": 35}, "approximateTotal"),
        ({"minimumTotal": 35}, "minimumTotal"),
        ({"total": 35, "totalType": "estimated"}, "total"),
        ({"total": "35+"}, "total"),
        ({"total": "> 35"}, "total"),
        ({"total": "about 35"}, "total"),
    ],
)
def test_a_total_beside_a_sign_that_it_was_not_counted_to_the_end_is_a_lower_bound(body, path):
    answer = page({**body, **ROWS}, "rows")

    declared = Envelope(answer).declared(TotalPlace(path=path))

    assert declared == Total(35, TotalPlace(path=path), is_floor=True)


@pytest.mark.parametrize(
    "body",
    [
        {"total": 35, "relation": "eq"},
        {"total": 35, "exact": True},
        {"total": 35, "approximate": False},
        {"total": 35, "is_total_count_clipped": False},
        {"total": 35, "inexact": False},
        {"total": 35, "exhaustive": {"nbHits": True}},
        {"total": 35, "totalType": "exact"},
        {"total": 35, "sort": "estimated"},
        {"total": 35, "rows": [{"exact": False}]},
    ],
)
def test_a_total_beside_another_word_is_counted(body):
    answer = page({**ROWS, **body}, "rows")

    assert Envelope(answer).total == Total(35, TotalPlace(path="total"))


def test_a_header_may_say_that_its_total_is_an_estimate():
    answer = page([1, 2], x_total_count="35", x_total_count_is_estimate="true")

    assert Envelope(answer).total == Total(35, TotalPlace(header="x-total-count"), is_floor=True)


def test_a_counted_total_goes_before_an_estimated_one():
    answer = page({"estimatedTotal": 40, "total": 35, **ROWS})

    assert Envelope(answer).total == Total(35, TotalPlace(path="total"))


@pytest.mark.parametrize(
    "name",
    ["Total", "TotalCount", "total-count", "TotalRecords", "totalNumber", "recordsTotal", "number_matched", "__count"],
)
def test_a_total_is_found_in_any_spelling(name):
    answer = page({name: 35, **ROWS}, "rows")

    assert Envelope(answer).total == Total(35, TotalPlace(path=name))


@pytest.mark.parametrize("name", ["count", "Count", "totals", "total_price", "subtotal", "totalPages"])
def test_what_is_no_total_of_records_is_none(name):
    answer = page({name: 35, **ROWS}, "rows")

    assert Envelope(answer).total is None


@pytest.mark.parametrize("value", [1, 100, 10**12, "100", 100.0])
def test_a_page_size_is_a_count(value):
    answer = page({"size": value, **ROWS})

    size = page_size_at("size", answer)

    assert size == int(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-5, "-5"),
        (None, "None"),
        ("many", "'many'"),
        (12.5, "12.5"),
        (True, "True"),
        (10**12 + 1, "1000000000001"),
        ("x" * 500, "'xxx"),
    ],
)
def test_a_page_size_that_is_none_is_refused(value, shown):
    answer = page({"size": value, **ROWS})

    with pytest.raises(JobRejected) as refused:
        page_size_at("size", answer)

    assert refused.value.message.startswith(f"the page size at size is {shown}")
    assert "not a believable one" in refused.value.message
    assert len(refused.value.message) < 150


@pytest.mark.parametrize(
    ("paginator", "total"),
    [
        (Offset(total_path="total"), 35),
        (Offset(total_header="X-Items"), 8),
        (PageNumber(total_path="meta.n"), 7),
        (Offset(), 35),
        (PageNumber(total_pages_path="meta.n"), None),
        (Offset(total_path="no.where"), None),
        (Offset(total_header="X-Nowhere"), None),
        (Offset(total_path="text"), None),
        (SinglePage(), 35),
    ],
)
def test_a_later_page_may_declare_another_total_of_records(paginator, total):
    answer = page({"total": 35, "meta": {"n": 7}, "text": "many", **ROWS}, "rows", x_items="8")

    declared = paginator.total_now(Envelope(answer))

    assert declared == total


@pytest.mark.parametrize(
    ("body", "total"),
    [({"total": 20, "total_count": 35}, 35), ({"total": 12.5}, None), ({}, None)],
    ids=["several", "no count", "none"],
)
def test_of_a_single_page_the_largest_total_is_noted(body, total):
    answer = page({**body, **ROWS})

    declared = SinglePage().total_now(Envelope(answer))

    assert declared == total


LAST = '<https://api.example.com/a?page=2>; rel="next", <https://api.example.com/a?per_page=10&page=34>; rel="last"'


@pytest.mark.parametrize(
    ("paginator", "pages"),
    [
        (PageNumber(total_pages_header="Link"), 34),
        (PageNumber(total_pages_header="link", base_page=0), 35),
        (PageNumber("p", total_pages_header="Link"), None),
        (PageNumber(total_pages_path="last"), 12),
        (PageNumber(total_pages_path="links.last"), 7),
        (PageNumber(total_pages_path="links.first"), None),
        (PageNumber(total_pages_path="none"), 0),
    ],
)
def test_a_link_to_the_last_page_counts_the_pages(paginator, pages):
    """None: it cannot be believed; 0: there is none."""
    body = {"last": "/a?page=12", "links": {"last": {"href": "?page=7"}, "first": "/a"}, **ROWS}
    answer = Envelope(page(body, link=LAST))

    if pages is None:
        with pytest.raises(JobRejected, match="not a believable whole number"):
            answer.declared(paginator.total_place)
    else:
        declared = answer.declared(paginator.total_place)
        assert (declared.count if declared else 0) == pages


def test_a_link_header_without_a_last_page_says_nothing():
    answer = Envelope(page(ROWS, link='<https://api.example.com/a?page=2>; rel="next"'))

    assert answer.declared(PageNumber(total_pages_header="Link").total_place) is None
