import json

import pytest

from poller.errors import InvalidPayload
from poller.paging.records import guess_selector, records_at
from poller.readers import path_of
from poller.text import describe

CANARY = "s3cr3t-canary"


@pytest.mark.parametrize(
    ("value", "selector", "message"),
    [
        ({"a": 1, "b": 2}, "data", "data_selector 'data' finds nothing in the body; it has the keys a, b"),
        ({"data": None}, "data.rows", "data_selector 'data.rows' finds nothing in the body; it has the keys data"),
        (
            {"data": CANARY},
            "data",
            "data_selector 'data' finds a single value in place of a list; it has the keys data",
        ),
        (
            {"data": {"id": 1}},
            "data",
            "data_selector 'data' finds an object in place of a list; it has the keys id; set data_selector to "
            "to_array(data) if it is one record, to values(data) if its values are the records",
        ),
        (
            {"data": {"100": {"a": 1}, "101": {"a": 2}}},
            "data",
            "data_selector 'data' finds an object in place of a list; it has the keys 100, 101; set data_selector to "
            "data.* || data if its values are the records: that reads a list, too",
        ),
        (
            {"data": None, "errors": [{"m": CANARY}]},
            "data",
            "data_selector 'data' finds no list, but the body reports an error; it has the keys data, errors",
        ),
        (
            {"data": {}, "error": CANARY},
            "data",
            "data_selector 'data' finds no list, but the body reports an error; it has the keys data, error",
        ),
        ({}, "@", "data_selector '@' finds an object in place of a list; it is an empty object; set data_selector"),
        (None, "@", "data_selector '@' finds nothing in the body; it is a single value"),
        ({"x": {}}, "to_array(x.y)", "data_selector 'to_array(x.y)' finds nothing in the body; it has the keys x"),
        ([1, 2], "data", "data_selector 'data' finds nothing in the body; it is a list of 2"),
        (7, "@", "data_selector '@' finds a single value in place of a list; it is a single value"),
        ({"error": 1}, "odd key", "data_selector 'odd key' finds nothing in the body; it has the keys error"),
        ({"error": 1}, "@odata.value", "data_selector '@odata.value' finds nothing in the body; it has the keys error"),
    ],
)
def test_records_that_are_not_there_are_refused_with_what_is(value, selector, message):
    body = json.loads(json.dumps(value))

    with pytest.raises(InvalidPayload) as refused:
        records_at(body, selector)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("value", "selector", "records"),
    [
        ({"groups": None}, "groups", []),
        ({"groups": {}}, "groups", []),
        ({"data": {"groups": None}}, "data.groups", []),
        ({"@odata.value": None}, "@odata.value", []),
        ({"groups": None, "errors": []}, "groups", []),
        ({"groups": None}, "groups || `[]`", []),
        ({"groups": None}, "groups.*", []),
        ({"groups": None}, "groups[]", []),
        ({"groups": None}, "groups[?open]", []),
        ({"groups": None}, "values(groups)", []),
        ({"a": {"groups": None}}, "to_array(a.groups)", []),
        ({"groups": {}}, "values(groups)", []),
        ({"items": {"b": {"id": 2}, "a": {"id": 1}}}, "items.*", [{"id": 2}, {"id": 1}]),
        ({"items": {"b": {"id": 2}, "a": None}}, "values(items)", [{"id": 2}, None]),
        ({"data": {"7": {"id": 7}}}, "data.* || data", [{"id": 7}]),
        ({"data": [{"id": 7}]}, "data.* || data", [{"id": 7}]),
        ({"order": {"lines": [1]}}, "to_array(order)", [{"lines": [1]}]),
        ({"order": [{"lines": [1]}]}, "to_array(order)", [{"lines": [1]}]),
        ({"id": 7}, "[@]", [{"id": 7}]),
    ],
)
def test_records_need_not_be_a_list(value, selector, records):
    body = json.loads(json.dumps(value))

    found = records_at(body, selector)

    assert found == records


@pytest.mark.parametrize(
    ("value", "selector"),
    [
        ([], "@"),
        ([[1], [2]], "@"),
        ({"data": []}, "data"),
        ({"total": 5, "meta": {"tags": [1]}, "odd key": [1]}, '"odd key"'),
        ({"@odata.context": "x", "value": [1]}, "value"),
        ({"Resources_2": [1]}, "Resources_2"),
    ],
)
def test_the_only_list_is_where_the_records_are(value, selector):
    body = json.loads(json.dumps(value))

    guessed = guess_selector(body)

    assert guessed == selector
    assert records_at(body, guessed) == (value if selector == "@" else value[selector.strip('"')])


@pytest.mark.parametrize(
    ("value", "selector"),
    [
        ({"errors": [], "data": {"items": [{"id": 1}]}}, "data.items"),
        ({"warnings": [], "result": {"rows": [{"id": 1}], "total": 1}}, "result.rows"),
        ({"data": {"rows": [{"id": 1}]}, "included": [{"id": "a"}]}, "data.rows"),
        ({"links": [{"rel": "self"}], "_embedded": {"items": [{"id": 1}]}}, "_embedded.items"),
        ({"data": [{"id": 1}], "included": [{"id": "a"}]}, "data"),
        ({"data": {"shop": {"orders": []}}}, "data.shop.orders"),
        ({"items": [{"id": 1}], "user": {"roles": ["admin"]}, "columns": ["id"]}, "items"),
        ({"items": [{"id": 1}], "facets": {"color": [{"n": 2}]}, "_links": {"curies": [{}]}}, "items"),
        ({"a b": {'say "x"': [{"id": 1}]}}, '"a b"."say \\"x\\""'),
    ],
)
def test_the_only_list_of_records_is_found_in_the_upper_levels(value, selector):
    body = json.loads(json.dumps(value))

    guessed = guess_selector(body)

    assert guessed == selector
    assert isinstance(records_at(body, guessed), list)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"data": [1], "rows": [2]}, "the body holds several lists (data, rows); say which with data_selector"),
        ({"a": {"b": [{}]}, "rows": [{}]}, "the body holds several lists (a.b, rows); say which with data_selector"),
        ({"a": [{}], "rows": [[1]]}, "the body holds several lists (a, rows); say which with data_selector"),
        ({"stores": [{}], "orders": []}, "the body holds several lists (stores, orders); say which"),
        ({"data": {"o d": [], "x": {"y": []}}}, 'the body holds several lists (data."o d", data.x.y); say which'),
        ({f"n{i}": [] for i in range(20)}, "the body holds several lists (n0, n1, n2, n3, n4, n5, n6, n7); say which"),
        ({"a": {"b": {"c": {"items": [1]}}}}, "the body holds no list of records; it has the keys a; say where"),
        ({"errors": []}, "the body holds no list of records; it has the keys errors; say where with data_selector"),
        ({"data": None, "errors": [{"m": 1}]}, "the body holds no list of records; it has the keys data, errors; say"),
        ({"error": {"details": [{"m": 1}]}}, "the body holds no list of records; it has the keys error; say where"),
        ({}, "the body holds no list of records; it is an empty object; say where with data_selector"),
        ("text", "the body holds no list of records; it is a single value; say where with data_selector"),
        (None, "the body holds no list of records; it is a single value; say where with data_selector"),
    ],
    ids=[
        "two lists",
        "two levels",
        "lists of objects and of lists",
        "one is empty",
        "odd names",
        "many lists",
        "deep list",
        "errors, none",
        "errors",
        "an error",
        "empty",
        "text",
        "null",
    ],
)
def test_records_that_nobody_can_guess_are_asked_for(value, message):
    body = json.loads(json.dumps(value))

    with pytest.raises(InvalidPayload) as refused:
        guess_selector(body)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "\x1b[31m"])
def test_a_description_can_be_stored_and_shown(name):
    page_value = {name: [1], "other": [2]}

    with pytest.raises(InvalidPayload) as refused:
        guess_selector(page_value)

    assert describe(page_value).isprintable()
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"id": 7, "name": "ACME", "plan": "pro", "level": 1, "roles": ["admin"]},
            "the only list in the body, roles, may be a part of one record, for it stands beside id, name, plan; set "
            "data_selector to roles if the list is the records, or to [@] if the body is one record",
        ),
        (
            {"total": 1, "orders": {"order": {"id": 7, "lines": [{"sku": 1}]}}},
            "the only list in the body, orders.order.lines, may be a part of one record, for it stands beside id; set "
            "data_selector to orders.order.lines if the list is the records, or to to_array(orders.order) if "
            "orders.order is one record",
        ),
        ({"customer": "ACME", "total": 2, "items": [{}]}, "the only list in the body, items, may be a part of one"),
        ({"id": 3, "total_items": 2, "items": [{}]}, "the only list in the body, items, may be a part of one record"),
        ({"type": "car", "parts": [{}]}, "the only list in the body, parts, may be a part of one record"),
        (
            {"offset": 3600, "zone": "CET", "towns": [{}]},
            "the only list in the body, towns, may be a part of one record",
        ),
        ({"id": 7, "total": 59}, "the body holds no list of records; it has the keys id, total; say where with"),
        (
            {"total": 2, "items": {"0": {"id": 1, "tags": [{}]}, "1": {"id": 2}}},
            "the body holds no list of records, but objects by their ids in items; set data_selector to values(items)",
        ),
        (
            {"eur": {"rate": 1}, "usd": {"rate": 2}, "sek": {"rate": 3}},
            "the body holds no list of records, but objects by their ids in itself; set data_selector to values(@)",
        ),
        ({"tags": ["a"], "items": {"7": {"id": 7}}}, "the body holds several lists (tags, items); say which"),
    ],
)
def test_what_may_be_one_record_or_no_list_is_not_taken_for_the_records(value, message):
    body = json.loads(json.dumps(value))

    with pytest.raises(InvalidPayload) as refused:
        guess_selector(body)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    ("value", "selector"),
    [
        ({"status": "ok", "message": "", "users": [{}]}, "users"),
        ({"antal": 250, "sidor": 3, "rader": [{}]}, "rader"),
        ({"type": "FeatureCollection", "features": [{}]}, "features"),
        ({"object": "list", "url": "/v1/customers", "has_more": False, "data": [{}]}, "data"),
        ({"season": "2024", "page": 1, "per_page": 10, "games": [{}]}, "games"),
        ({"season": "2024", "next_page": None, "games": [{}]}, "games"),
        ({"season": "2024", "offset": 0, "total": 7, "games": [{}]}, "games"),
        ({"kind": "x#list", "etag": "e", "items": [{}]}, "items"),
        ({"took": 1, "timed_out": False, "hits": {"max_score": 1.5, "total": 1, "hits": [{}]}}, "hits.hits"),
        ({"totalCount": 0, "count": 0, "groups": None}, "groups"),
        ({"total": "0", "next": None, "odd key": None}, '"odd key"'),
        ({"data": {"users": {"nodes": [{}], "pageInfo": {}}}}, "data.users.nodes"),
    ],
)
def test_an_envelope_is_told_by_what_it_says(value, selector):
    body = json.loads(json.dumps(value))

    guessed = guess_selector(body)

    assert guessed == selector


@pytest.mark.parametrize(
    "value",
    [
        {"totalCount": 3, "groups": None},
        {"totalCount": False, "groups": None},
        {"groups": None},
        {"total": 0, "groups": None, "teams": None},
        {"total": 0, "groups": None, "error": "denied"},
        {"total": 0, "next": None},
    ],
)
def test_null_is_an_empty_list_only_beside_a_total_of_nothing(value):
    body = json.loads(json.dumps(value))

    with pytest.raises(InvalidPayload, match="holds no list of records"):
        guess_selector(body)


ODD_NAMES = [
    "", " ", "a.b", "data[0]", "@", "$values", "*", "`x`", "'x'", 'say "x"', "back\\slash", "a\nb", "\x00", "\ud800",
    "\U0001f600", "ordrès-ü", "items || total", "x" * 3000, "true", "null", "0", "a: b", "[]", "{}", "&a", "!a",
    "values(a)",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name[:20]))
@pytest.mark.parametrize("outer", [None, "a.b", "@"])
def test_a_list_of_any_name_is_found_again(name, outer):
    content = {"total": 9, name: [{"id": 1}]}
    first = content if outer is None else {outer: content}

    guessed = guess_selector(first)

    assert path_of("data_selector", guessed) == guessed
    assert records_at(first, guessed) == [{"id": 1}]
    assert guess_selector(json.loads(json.dumps(first))) == guessed


def test_where_many_records_are_asked_for_a_list_is_no_part_of_one():
    value = {"id": 7, "name": "Berlin", "towns": [{}]}

    assert guess_selector(value, is_of_many=True) == "towns"


@pytest.mark.parametrize("value", [{"7": {"id": 7}}, {"a": [{}], "b": [{}]}, {"id": 7}])
def test_where_many_records_are_asked_for_what_is_no_list_is_refused_all_the_same(value):
    with pytest.raises(InvalidPayload, match="data_selector"):
        guess_selector(value, is_of_many=True)
