import json

import pytest

from poller.paging.selector import as_count, holder, leads_to_null, select


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": {"b": [1]}}, "a.b", [1]),
        ({"a.b": 2, "a": {"b": 1}}, "a.b", 2),
        ({"@odata.nextLink": "x"}, "@odata.nextLink", "x"),
        ({"@": 3}, "@", 3),
        ({"data": [{"id": 1}, {"id": 2}]}, "data[-1].id", 2),
        ([1, 2], "@", [1, 2]),
        ([{"a": 1}], "[].a", [1]),
        ({"a": 1}, "b.c.d", None),
        ([1], "a", None),
        (None, "a", None),
        ("text", "a", None),
        ({"a": 1}, "@odata.nextLink", None),
        ({"a": 1}, "odd key", None),
        ({"a": 1}, "", None),
        ([1], "@odata.count", None),
        ({"a": 1}, "length(b)", None),
        ({"a": 1}, "sort(a)", None),
        ({"a": 1}, "no_such_function(a)", None),
    ],
)
def test_a_path_leads_to_a_value_or_nowhere(value, path, found):
    before = json.dumps(value)

    selected = select(value, path)

    assert selected == found
    assert json.dumps(value) == before


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (35, 35),
        (10**30, 10**30),
        (-1, None),
        (True, None),
        (False, None),
        (35.0, 35),
        (35.5, None),
        (-35.0, None),
        (float("inf"), None),
        ("1,234", 1234),
        ("1 234 567", 1234567),
        ("1,2", None),
        ("35.00", 35),
        ("35.5", None),
        ("-1", None),
        ("", None),
        ("٣", None),
        (float("nan"), None),
        ("35", 35),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_only_whole_numbers_count(value, count):
    zero = 0

    counted = as_count(value)

    assert counted == count
    assert counted is None or counted >= zero


BODY = {"total": 1, "a.b": 2, "hits": {"total": {"value": 3, "relation": "gte"}, "none": None}, "rows": [{"n": 4}]}


@pytest.mark.parametrize(
    ("path", "around", "key"),
    [
        ("total", BODY, "total"),
        ("a.b", BODY, "a.b"),
        ('"total"', BODY, "total"),
        ("hits.total.value", {"value": 3, "relation": "gte"}, "value"),
        ("to_number(hits.total.value)", {"value": 3, "relation": "gte"}, "value"),
        ("hits.none || `0`", BODY["hits"], "none"),
        ("rows[0].n", {"n": 4}, "n"),
        ("hits[*].x", BODY, "hits"),
        ("no.where", None, "where"),
        ("@", BODY, None),
        ("rows[0]", BODY, None),
        ("`7`", BODY, None),
        ("@odata.count", BODY, None),
    ],
)
def test_what_a_path_looks_its_last_key_up_in(path, around, key):
    body = BODY

    found = holder(body, path)

    assert found == (around, key)


@pytest.mark.parametrize(
    ("path", "is_null"),
    [("hits.none", True), ("values(hits.none)", True), ("hits.other", False), ("total", False), ("none.none", False)],
)
def test_null_is_something_else_than_nothing(path, is_null):
    body = BODY

    assert leads_to_null(body, path) is is_null
