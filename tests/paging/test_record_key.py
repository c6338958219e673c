"""What tells records apart: the key that a spec names, or the one that the first page shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.paging.lossless_json import loads
from poller.paging.record_key import key_text, record_key
from tests.support.builders import examples


def read(text):
    return loads(text.encode())[0]


@pytest.mark.parametrize(
    ("record", "key", "text"),
    [
        ('{"id": 1}', ("id",), "1"),
        ('{"id": "1"}', ("id",), '"1"'),
        ('{"id": 1.10}', ("id",), "1.10"),
        ('{"id": 90071992547409931234}', ("id",), "90071992547409931234"),
        ('{"id": 0}', ("id",), "0"),
        ('{"id": ""}', ("id",), '""'),
        ('{"id": false}', ("id",), "false"),
        ('{"@id": "/a"}', ("@id",), '"/a"'),
        ('{"a": {"b": 1}}', ("a.b",), "1"),
        ('{"a.b": 2, "a": {"b": 1}}', ("a.b",), "2"),
        ('{"a": 1, "b": "x"}', ("a", "b"), '[1,"x"]'),
        ('{"a": 1, "b": "x"}', ("b", "a"), '["x",1]'),
        ('{"a": [1, 2]}', ("a",), "[1,2]"),
        ('{"a": 1, "b": null}', ("a", "b"), None),
        ('{"a": 1}', ("a", "b"), None),
        ('{"id": null}', ("id",), None),
        ("{}", ("@id",), None),
        ("[1]", ("id",), None),
        ("7", ("id",), None),
        ('{"id": 1}', (), None),
    ],
)
def test_a_key_is_written_as_it_was_sent(record, key, text):
    found = key_text(read(record), key)

    assert found == text


@pytest.mark.parametrize(
    ("records", "key"),
    [
        ('[{"id": 1}, {"id": 2}]', ("id",)),
        ('[{"id": "a"}, {"id": "b"}]', ("id",)),
        ('[{"_id": "a"}, {"_id": "b"}]', ("_id",)),
        ('[{"@id": "a"}, {"@id": "b"}]', ("@id",)),
        ('[{"ID": 1}, {"ID": 2}]', ("ID",)),
        ('[{"Id": 1}, {"Id": 2}]', ("Id",)),
        ('[{"uuid": "a"}, {"uuid": "b"}]', ("uuid",)),
        ('[{"GUID": "a"}, {"GUID": "b"}]', ("GUID",)),
        ('[{"guid": "a", "uuid": "c", "id": 1}, {"guid": "b", "uuid": "d", "id": 2}]', ("id",)),
        ('[{"guid": "a", "uuid": "c"}, {"guid": "b", "uuid": "d"}]', ("uuid",)),
        ('[{"_id": "a", "id": 1}, {"_id": "b", "id": 1}]', ("_id",)),
        ('[{"id": 1, "guid": "a"}, {"id": 1, "guid": "b"}]', ("guid",)),
        ('[{"id": 1}, {"id": "1"}]', ("id",)),
        ('[{"id": 1, "_id": "a"}, {"_id": "b", "id": 2}]', ("id",)),
        ('[{"id": 1}, {"id": 2, "more": 0}]', ("id",)),
    ],
)
def test_a_field_named_like_an_id_is_the_key_if_no_two_records_share_it(records, key):
    found = record_key(None, read(records))

    assert found == key


@pytest.mark.parametrize(
    "records",
    [
        "[]",
        '[{"id": 1}]',
        '[{"id": 1}, {"id": 1}]',
        '[{"id": 1}, {"id": null}]',
        '[{"id": 1}, {"no": 2}]',
        '[{"id": 1}, {"id": true}]',
        '[{"id": [1]}, {"id": [2]}]',
        '[{"id": {"$oid": "a"}}, {"id": {"$oid": "b"}}]',
        '[{"id": 1}, {"id": 2}, 3]',
        '[{"id": 1}, {"id": 2}, ["id"]]',
        '["a", "b"]',
        '[{"customer_id": 1}, {"customer_id": 2}]',
        '[{"idx": 1}, {"idx": 2}]',
        '[{"id2": 1}, {"id2": 2}]',
        '[{"paid": 1}, {"paid": 2}]',
        '[{"a": {"id": 1}}, {"a": {"id": 2}}]',
    ],
)
def test_what_the_first_page_does_not_show_to_be_a_key_is_none(records):
    found = record_key(None, read(records))

    assert found == ()


@pytest.mark.parametrize("kind", ["type", "_type", "@type", "kind", "resourceType", "__typename", "_index"])
def test_among_records_of_several_kinds_the_kind_belongs_to_the_key(kind):
    records = [{kind: "person", "id": "1"}, {kind: "company", "id": "1"}]

    found = record_key(None, records)

    assert found == (kind, "id")


def test_the_first_record_says_in_what_order_the_parts_of_a_key_come():
    records = [{"type": "a", "kind": "x", "id": 1}, {"kind": "y", "type": "b", "id": 1}]

    found = record_key(None, records)

    assert found == ("type", "kind", "id")


@pytest.mark.parametrize(
    "records",
    [
        '[{"type": "person", "id": 1}, {"type": "person", "id": 2}]',
        '[{"type": 1, "id": 1}, {"type": 2, "id": 2}]',
        '[{"type": "person", "id": 1}, {"id": 2}]',
        '[{"status": "open", "id": 1}, {"status": "held", "id": 2}]',
    ],
)
def test_what_is_no_kind_or_always_the_same_does_not_belong_to_the_key(records):
    found = record_key(None, read(records))

    assert found == ("id",)


def test_a_named_key_is_taken_as_it_is():
    records = [{"a": 1, "id": 1}, {"a": 1, "id": 2}, {"id": 3}]

    assert record_key(("a",), records) == ("a",)
    assert record_key(("a", "id"), records) == ("a", "id")
    assert record_key(("a",), []) == ("a",)


@pytest.mark.parametrize(
    ("named", "records", "message"),
    [
        (
            ("orderId",),
            [{"order_id": 1, "n": 2}],
            "primary_key orderId leads to nothing in any record of the first page; correct it, or leave it out "
            "(the first record: it has the keys order_id, n)",
        ),
        (("a", "b\n"), [{"a": 1}], "primary_key a, b\\n leads to nothing"),
        (("a",), ["x", "y"], "(the first record: it is a single value)"),
    ],
)
def test_a_named_key_that_no_record_has_is_refused(named, records, message):
    with pytest.raises(JobRejected) as refused:
        record_key(named, records)

    assert message in refused.value.message


values = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["0", "1"]) | st.floats(0, 1)


@examples
@given(st.lists(st.dictionaries(st.sampled_from(["id", "_id", "uuid", "type", "a"]), values), max_size=4))
def test_a_found_key_tells_every_record_of_the_first_page_from_the_others(records):
    found = record_key(None, records)

    texts = [key_text(record, found) for record in records]
    assert not found or (None not in texts and len(set(texts)) == len(records) > 1)
