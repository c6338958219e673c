import pytest

from poller.paging.boundaries import page_digest, record_digests
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


def test_a_record_without_the_key_counts_with_all_its_text():
    assert record_digests([{"name": "a"}], ("id",)) == record_digests([{"name": "a"}], ())


@pytest.mark.parametrize("records", [[], [1, 1], [{"status": "open"}] * 3])
def test_records_that_are_all_alike_tell_nothing(records):
    assert page_digest(records, ()) == ""


@pytest.mark.parametrize("records", [[1], [1, 2], [{"a": 1}, {"a": True}]])
def test_others_do(records):
    assert page_digest(records, ()) != ""
