"""Whether every record of a job came once."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.datasets.fingerprints import Fingerprints
from poller.fetching.time_box import TimeBox
from poller.jobs import keys, uniqueness
from poller.jobs.model import TaskRow, TaskState
from poller.jobs.uniqueness import Example, Place, Uniqueness, UniquenessCheck
from poller.paging.lossless_json import dumps
from poller.specs.output import Csv
from tests.support.builders import examples, job, spec
from tests.support.shelf import Shelf, Shelves

PLENTY = 600.0


def shelves(*tasks, key=("id",), **asked):
    stored = Shelves(job(record_key=key, spec=spec(**asked)))
    for records in tasks:
        stored.add(records)
    return stored


def check(stored, seconds=PLENTY, rows=None):
    box = TimeBox(time.monotonic() + seconds)
    return UniquenessCheck(stored.raw, stored.dataset, stored.job, box).check(stored.rows if rows is None else rows)


def ids(*numbers):
    return [{"id": number} for number in numbers]


def test_records_that_came_once():
    stored = shelves(ids(1, 2), ids(3), [])

    found = check(stored)

    assert found == Uniqueness(3, 0, 3)
    assert found.repeated == 0


def test_a_job_without_records():
    assert check(shelves()) == Uniqueness(0, 0, 0)


def test_records_that_came_twice_are_counted_and_two_are_shown_with_their_places():
    stored = shelves(ids(5, "5", 6), ids(7, 8), ids(5, 9, 5, 8, 7))

    found = check(stored)

    assert (found.records, found.distinct, found.repeated) == (10, 6, 4)
    assert found.tasks == ("t00000000", "t00000001", "t00000002")
    assert len(found.examples) == 2
    places = {
        "5": (Place("t00000000", 0), Place("t00000002", 0)),
        "7": (Place("t00000001", 0), Place("t00000002", 4)),
        "8": (Place("t00000001", 1), Place("t00000002", 3)),
    }
    assert all(example.places == places[str(example.key)] for example in found.examples)


def test_a_record_that_came_twice_in_one_task():
    stored = shelves(ids(1, 2), ids(3, 4, 3))

    found = check(stored)

    assert found.examples == (Example("3", (Place("t00000001", 0), Place("t00000001", 2))),)
    assert found.tasks == ("t00000001",)


def test_of_a_record_without_a_key_only_the_places_are_shown():
    stored = shelves([{"mail": "a@example.com"}, {"id": 1}], [{"mail": "a@example.com"}, {"mail": "b@example.com"}])

    found = check(stored)

    assert (found.records, found.keyless, found.repeated) == (4, 3, 1)
    assert found.examples == (Example(None, (Place("t00000000", 0), Place("t00000001", 0))),)


def test_where_records_have_no_key_their_whole_texts_count():
    stored = shelves([{"id": 1, "n": 1}, {"id": 1, "n": 2}], [{"id": 1, "n": 2.0}, {"n": 2, "id": 1}], key=())

    found = check(stored)

    assert found == Uniqueness(4, 0, 4)


def test_where_the_key_repeats_the_rest_does_not_matter():
    stored = shelves([{"id": 1, "n": 1}], [{"id": 1, "n": 2}])

    found = check(stored)

    assert found.repeated == 1


def test_a_long_key_is_cut_and_one_of_several_parts_is_a_list():
    exact, long = "x" * 98, "y" * 99
    stored = shelves([{"a": exact}, {"a": long}], [{"a": long}, {"a": exact}], key=("a",))
    several = shelves([{"a": 1, "b": "x"}], [{"b": "x", "a": 1}], key=("a", "b"))

    found = check(stored)

    assert {example.key for example in found.examples} == {f'"{exact}"', '"' + 98 * "y" + "…"}
    assert check(several).examples[0].key == '[1,"x"]'


def test_only_complete_tasks_count():
    stored = shelves(ids(1), ids(1))
    failed = TaskRow(stored.rows[1].task_id, TaskState.FAILED, records=1)

    found = check(stored, rows=[failed, stored.rows[0]])

    assert found == Uniqueness(1, 0, 1)


def collide(monkeypatch, *texts):
    """These keys get one fingerprint."""
    add = Fingerprints.add

    def collided(self, record, line):
        other = {"id": texts[0]} if isinstance(record, dict) and record.get("id") in texts else record
        add(self, other, dumps(other).encode())

    monkeypatch.setattr(Fingerprints, "add", collided)


def test_fingerprints_that_agree_by_chance_are_no_repetition(monkeypatch):
    collide(monkeypatch, 1, 2)
    stored = shelves(ids(1, 3), ids(2, 4), ids(3))

    found = check(stored)

    assert (found.records, found.distinct, found.repeated) == (5, 4, 1)
    assert [example.key for example in found.examples] == ["3"]
    assert found.tasks == ("t00000000", "t00000002")


def test_records_without_a_key_that_agree_by_chance_are_no_repetition(monkeypatch):
    collide(monkeypatch, 1, 2)
    stored = shelves(ids(1), ids(2), key=())

    assert check(stored) == Uniqueness(2, 0, 2)


def test_of_many_repetitions_none_is_looked_at_but_the_examples():
    stored = shelves(ids(*range(100)), ids(*range(100)))

    found = check(stored)

    assert (found.repeated, len(found.examples), len(found.tasks)) == (100, 2, 2)
    assert len(stored.dataset.reads) == 4


@pytest.mark.parametrize("times", [3, 40])
def test_what_came_more_than_twice_is_no_chance(times):
    stored = shelves(*(ids(1, 100 + n) for n in range(times)))

    found = check(stored)

    assert (found.repeated, len(found.tasks)) == (times - 1, times)
    assert len(stored.dataset.reads) == 2


@pytest.mark.parametrize("body", [None, b"", b"12345678", bytes(24)])
def test_fingerprints_that_are_gone_are_made_again_from_the_dataset(body):
    stored = shelves(ids(1, 2), ids(2, 3), [{"n": 1}])
    for key in list(stored.raw.objects)[1:]:
        del stored.raw.objects[key]
        if body is not None:
            stored.raw.put(key, body)

    found = check(stored)

    assert (found.records, found.keyless, found.repeated) == (5, 1, 1)
    assert found.examples == (Example("2", (Place("t00000000", 1), Place("t00000001", 0))),)


def test_a_repetition_in_a_table_is_shown_by_the_columns_of_its_key():
    tasks = [{"id": 1, "n": 0}, {"id": 2, "n": 0}], [{"id": 2, "n": 5}]

    shown = check(shelves(*tasks, output=Csv(("id",))))
    without = check(shelves(*tasks, output=Csv(("n",))))

    places = (Place("t00000000", 1), Place("t00000001", 0))
    assert (shown.repeated, shown.examples) == (1, (Example("2", places),))
    assert (without.repeated, without.examples) == (1, (Example(None, places),))


def test_fingerprints_of_a_table_cannot_be_made_again():
    stored = shelves(ids(1), ids(2), output=Csv(("id",)))
    stored.raw.objects.clear()

    found = check(stored)

    said = "the fingerprints of task t00000000 are gone, and CSV holds too little to make them again"
    assert found == Uniqueness(2, 0, not_shown=said)


@pytest.mark.parametrize(("body", "said"), [(None, "gone"), (b"other", "not what was written")])
def test_without_fingerprints_and_dataset_nothing_is_shown(body, said):
    stored = shelves(ids(1), ids(2))
    del stored.raw.objects[keys.proof_key(stored.job.job_id, "t00000001", stored.rows[1].sha256)]
    key = keys.dataset_key(stored.job.name, stored.job.job_id, "t00000001")
    stored.dataset = Shelf({key: body} if body else {})

    found = check(stored)

    assert found == Uniqueness(2, 0, not_shown=f"the dataset object of task t00000001 is {said}")
    assert (found.distinct, found.repeated) == (None, 0)


def test_a_repetition_whose_records_are_gone_is_not_called_one():
    stored = shelves(ids(1), ids(1))
    stored.dataset.objects.clear()

    found = check(stored)

    assert found.not_shown == "the dataset object of task t00000000 is gone"


def test_when_the_time_is_over_nothing_is_shown():
    stored = shelves(ids(1), ids(2))

    found = check(stored, seconds=-1)

    assert found == Uniqueness(2, 0, not_shown="there was no time left to look at all fingerprints")


def test_when_the_time_is_over_less_is_read():
    stored = shelves(*(ids(n) for n in range(3000)))

    check(stored, seconds=-1)

    assert len(stored.raw.reads) <= 1000  # what is handed to the threads at once


def test_when_the_time_is_over_no_fingerprints_are_made_again():
    stored = shelves(ids(1), ids(2))
    stored.raw.objects.clear()

    check(stored, seconds=-1)

    assert stored.dataset.reads == []


@pytest.mark.parametrize("looks", range(1, 9))
def test_whenever_the_time_is_over_nothing_is_shown_and_less_is_read(looks, monkeypatch):
    stored = shelves(ids(1), ids(1))
    stored.raw.objects.clear()
    left = iter([False] * (looks - 1))
    monkeypatch.setattr(TimeBox, "is_over", property(lambda _: next(left, True)))

    found = check(stored)

    assert found.not_shown == "there was no time left to look at all fingerprints"
    assert len(stored.dataset.reads) < 6


def test_rows_that_tell_of_other_records_than_there_are_show_nothing():
    stored = shelves(ids(1, 2))
    row = stored.rows[0]
    stored.rows = [TaskRow(row.task_id, TaskState.COMPLETE, records=3, sha256=row.sha256)]

    found = check(stored)

    assert found.not_shown == "there are 2 fingerprints of 3 records"


@pytest.mark.parametrize(("held", "times"), [(10, 1), (5, 2), (4, 3), (1, 10)])
def test_what_is_too_much_to_hold_is_read_in_shares(held, times, monkeypatch):
    monkeypatch.setattr(uniqueness, "MAX_HELD", held)
    stored = shelves(ids(1, 2, 3, 4, 5), ids(6, 7, 8, 9, 0))

    found = check(stored)

    assert found == Uniqueness(10, 0, 10)
    assert len(stored.raw.reads) == 2 * times


records = st.fixed_dictionaries(
    {}, optional={"id": st.none() | st.integers(0, 6) | st.sampled_from(["1", "2"]), "n": st.integers(0, 2)}
)


@examples
@given(st.lists(st.lists(records, max_size=5), max_size=5), st.sampled_from([(), ("id",), ("id", "n")]), st.data())
def test_the_check_finds_what_a_count_finds(tasks, key, data):
    stored = shelves(*tasks, key=key)
    gone = data.draw(st.sets(st.sampled_from(sorted(stored.raw.objects)))) if stored.raw.objects else set()
    for name in gone:
        del stored.raw.objects[name]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uniqueness, "MAX_HELD", data.draw(st.integers(1, 30)))
        found = check(stored)

    def told(record):
        values = [record.get(name) for name in key]
        return (dumps(values), True) if key and None not in values else (dumps(record), False)

    count = Counter(told(record) for task in tasks for record in task)
    assert (found.records, found.distinct, found.not_shown) == (count.total(), len(count), "")
    assert found.keyless == (sum(times for (_, has_key), times in count.items() if not has_key) if key else 0)
    holders = [n for n, task in enumerate(tasks) if any(count[told(record)] > 1 for record in task)]
    assert found.tasks == tuple(f"t{n:08d}" for n in holders)
    assert len(found.examples) == min(2, sum(times > 1 for times in count.values()))
    for example in found.examples:
        one, other = (tasks[int(place.task_id[1:])][place.index] for place in example.places)
        assert told(one) == told(other)
        assert (example.key is None) == (not told(one)[1])
