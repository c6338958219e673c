import hashlib

import pytest

from poller.paging.boundaries import boundary_digests, page_digest, record_digests
from tests.support.builders import page


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"page": 1, "rows": [1, 2]}, {"page": 2, "rows": [1, 2]}, True),
        ({"rows": [1, 2]}, {"rows": [2, 1]}, False),
        ({"rows": [1]}, {"rows": ["1"]}, False),
        ({"rows": ["\ud800"]}, {"rows": ["\ud801"]}, False),
        (b'{"rows": [9007199254740993]}', b'{"rows": [9007199254740992]}', False),
        (b'{"rows": [1, 2]}', b'{"rows":[1,2]}', True),
        (b'{"rows": [9007199254740993.0]}', b'{"rows": [9007199254740992.0]}', False),
        (b'{"rows": [1E400]}', b'{"rows": [1E401]}', False),
    ],
)
def test_the_digest_tells_the_records_of_a_page_from_others(one, other, same):
    first, second = page_digest(page(one).records, ()), page_digest(page(other).records, ())

    assert (first == second) is same
    assert len(first) == len(second) == 64


def test_with_a_key_only_the_key_counts():
    one, other = [{"id": 1, "seen": 1}, {"id": 2, "seen": 1}], [{"id": 1, "seen": 2}, {"id": 2, "seen": 2}]

    assert page_digest(one, ("id",)) == page_digest(other, ("id",))
    assert page_digest(one, ()) != page_digest(other, ())
    assert record_digests(one, ("id",)) == record_digests(other, ("id",))
    assert not record_digests(one, ()) & record_digests(other, ())


def test_half_a_surrogate_pair_in_a_key_tells_records_apart():
    digests = {page_digest([{"id": key, "seen": 1}], ("id",)) for key in ("\ud800", "\ud801", "\\ud800")}

    assert len(digests) == 3


def test_a_digest_is_what_an_older_release_has_stored():
    assert page_digest([1, {"id": 2}], ()) == hashlib.sha256(b"1\n{'id': 2}\n").hexdigest()
    assert page_digest([{"id": 1}, {"id": "2"}], ("id",)) == hashlib.sha256(b'1\n"2"\n').hexdigest()


def test_a_record_has_a_digest_of_eight_bytes():
    assert [len(digest) for digest in record_digests([1, 2, 2], ())] == [8, 8]


def test_a_record_without_the_key_counts_with_all_its_text():
    assert record_digests([{"name": "a"}], ("id",)) == record_digests([{"name": "a"}], ())


@pytest.mark.parametrize("records", [[], [1, 1], [{"status": "open"}] * 3])
def test_records_that_are_all_alike_tell_nothing(records):
    assert page_digest(records, ()) == ""


@pytest.mark.parametrize("records", [[1], [1, 2], [{"a": 1}, {"a": True}]])
def test_others_do(records):
    assert page_digest(records, ()) != ""


@pytest.mark.parametrize(
    ("records", "tell"),
    [([], (False, False)), ([1], (True, True)), ([1, 1, 2], (False, True)), ([1, 2, 2], (True, False))],
)
def test_a_boundary_tells_something_unless_the_record_beside_it_is_the_same(records, tell):
    assert tuple(map(bool, boundary_digests(records))) == tell


def test_a_boundary_is_that_of_its_record():
    first, last = boundary_digests([1, 2, 3])

    assert (first, last) == (boundary_digests([1])[0], boundary_digests([3])[1])
    assert len(first) == 16
