"""Eight bytes a record."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.datasets.fingerprints import SIZE, Fingerprints, fingerprints_of, line_at, read_fingerprints
from poller.datasets.records import compress
from poller.paging.lossless_json import dumps, loads
from tests.support.builders import examples


def fingerprints(lines, key=()):
    found = Fingerprints(key)
    for line in lines:
        found.add(loads(line.encode())[0], line.encode())
    return found


def test_a_fingerprint_is_a_digest_of_the_key_or_of_the_whole_record():
    found = fingerprints(['{"b":1}', '{"id":"é","b":1}', '{"b":1}'], ("id",))

    of_key = hashlib.blake2b('"é"'.encode(), digest_size=8, person=b"key").digest()
    of_record = hashlib.blake2b(b'{"b":1}', digest_size=8, person=b"record").digest()
    assert found.body == of_record + of_key + of_record
    assert found.keyless == 2


def test_without_a_key_no_record_lacks_it():
    found = fingerprints(["1", '{"a":1}'])

    assert (len(found.body), found.keyless) == (2 * SIZE, 0)


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        ('{"id":1}', '{"id":"1"}', ("id",)),
        ('{"id":1}', '{"id":1.0}', ("id",)),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', ()),
        ('{"a":1.0}', '{"a":1.00}', ()),
        ('{"id":[1]}', "[1]", ("id",)),
    ],
)
def test_what_differs_in_type_digits_or_order_differs(one, other, key):
    found = read_fingerprints(fingerprints([one, other], key).body)

    assert len(set(found)) == 2


def test_what_has_the_same_key_is_the_same_whatever_else_it_holds():
    found = read_fingerprints(fingerprints(['{"id":1,"seen":1}', '{"seen":2,"id":1}'], ("id",)).body)

    assert len(found) == 2
    assert len(set(found)) == 1


def test_a_fingerprint_is_a_number_that_is_never_negative():
    found = read_fingerprints(bytes(8) + 8 * b"\xff")

    assert list(found) == [0, 2**64 - 1]


def test_a_body_that_is_cut_within_a_fingerprint_is_none():
    with pytest.raises(ValueError, match="multiple"):
        read_fingerprints(b"123456789")


records = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "b"]), inner),
    max_leaves=4,
)


@examples
@given(st.lists(records, max_size=8), st.sampled_from([(), ("id",), ("id", "b")]))
def test_there_is_one_for_each_record_and_the_same_for_the_same(sent, key):
    lines = [dumps(record) for record in sent]

    found = fingerprints(lines, key)

    numbers = read_fingerprints(found.body)
    assert len(numbers) == len(sent)
    assert {lines[i]: number for i, number in enumerate(numbers)} == dict(zip(lines, numbers, strict=True))
    assert fingerprints(lines, key).body == found.body
    assert fingerprints_of(compress(map(str.encode, lines)), key) == found.body


@examples
@given(st.lists(records, min_size=1, max_size=8), st.data())
def test_a_record_is_found_at_its_place(sent, data):
    lines = [dumps(record) for record in sent]
    index = data.draw(st.integers(0, len(lines) - 1))

    found = line_at(compress(map(str.encode, lines)), index)

    assert found == lines[index]
