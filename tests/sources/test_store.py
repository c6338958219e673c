"""Sources in the table: a row is written only as it was read, and a cursor moves only forward."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from poller.aws.dynamodb import Table
from poller.errors import RetriablePollerError
from poller.handlers import dependencies
from poller.jobs.source_run import SourceRun
from poller.sources.model import Cursor, Outcome, Overlap, Run, Schedule, Source
from poller.sources.rows import from_source, to_source
from poller.sources.store import SourceStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = Source("orders", {"url": "https://api.example.com", "name": "orders"}, "memory", NOW, NOW)
FULL = replace(
    EMPTY,
    schedule=Schedule("rate(1 hour)", "Europe/Berlin", 5),
    overlap=Overlap.ALLOW,
    paused=True,
    cursor=Cursor("2026-01-01T00:00:00Z", "job-1", NOW),
    current="job-1",
    last_due="2026-01-01T00:00:00Z",
    runs=(
        Run("job-2", NOW, Outcome.SKIPPED, due="2026-01-01T00:00:00Z", why="because"),
        Run("job-1", NOW, Outcome.BEGUN, start="1", end="2", is_backfill=True),
    ),
    version=7,
)


def moved(to: str, memory: str = "memory") -> SourceRun:
    return SourceRun("orders", memory, reached=to)


@pytest.fixture
def store(aws: None) -> SourceStore:
    found = SourceStore(Table(dependencies.table().client, "PollerTasksTable", sleep=lambda _: None))
    found.change("orders", lambda _: EMPTY)
    return found


@pytest.mark.parametrize("source", [EMPTY, FULL], ids=["empty", "full"])
def test_a_row_is_read_as_it_was_written(source: Source) -> None:
    assert to_source({name: value for name, value in from_source(source).items() if value is not None}) == source


def test_of_two_writers_the_second_decides_again_on_what_the_first_wrote(store: SourceStore) -> None:
    others = [lambda source: replace(source, paused=True)]

    def decide(source: Source | None) -> Source:
        assert source is not None
        while others:
            store.change("orders", others.pop())
        return replace(source, overlap=Overlap.ALLOW)

    store.change("orders", decide)

    standing = store.source("orders")
    assert standing is not None
    assert (standing.paused, standing.overlap, standing.version) == (True, Overlap.ALLOW, 3)


def test_two_that_make_the_same_source_make_one(store: SourceStore) -> None:
    store.delete("orders")
    seen: list[Any] = []

    def decide(source: Source | None) -> Source:
        seen.append(source)
        if len(seen) == 1:
            store.change("orders", lambda _: replace(EMPTY, memory="others"))
        return source or EMPTY

    written = store.change("orders", decide)

    assert written is not None
    assert (len(seen), written.memory) == (2, "others")


def test_others_that_keep_winning_leave_it_for_later(store: SourceStore) -> None:
    def decide(source: Source | None) -> Source:
        assert source is not None
        store.change("orders", lambda other: other and replace(other, paused=not other.paused))
        return replace(source, overlap=Overlap.ALLOW)

    with pytest.raises(RetriablePollerError, match="source orders could not be changed"):
        store.change("orders", decide)


@pytest.mark.parametrize(
    ("standing", "run", "expected"),
    [
        (None, moved("2026-01-02T00:00:00Z"), "2026-01-02T00:00:00Z"),
        ("2026-01-01T00:00:00Z", moved("2026-01-02T00:00:00Z"), "2026-01-02T00:00:00Z"),
        ("2026-01-02T00:00:00Z", moved("2026-01-01T00:00:00Z"), "2026-01-02T00:00:00Z"),
        ("2026-01-01T00:00:00Z", moved(""), "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", moved("2026-01-02T00:00:00Z", "another"), "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", moved("2026-01-02T00:00:00Z", ""), "2026-01-01T00:00:00Z"),
    ],
    ids=["the first", "forward", "back", "no records", "set anew since", "a backfill"],
)
def test_a_cursor_moves_forward_and_only_for_runs_that_began_with_it(
    store: SourceStore, standing: str | None, run: SourceRun, expected: str
) -> None:
    cursor = Cursor(standing, "job-1", NOW) if standing else None
    store.change("orders", lambda source: source and replace(source, cursor=cursor))

    for _ in range(2):
        store.move_cursor(run, "job-2")

    source = store.source("orders")
    assert source is not None
    assert source.cursor is not None
    assert source.cursor.value == expected


def test_a_run_of_a_source_that_is_gone_moves_nothing(store: SourceStore) -> None:
    store.delete("orders")

    store.move_cursor(moved("2026-01-02T00:00:00Z"), "job-1")

    assert store.source("orders") is None


def test_ten_runs_of_each_outcome_are_remembered() -> None:
    source = EMPTY
    for number in range(15):
        source = source.with_run(Run(f"begun-{number}", NOW, Outcome.BEGUN))
        source = source.with_run(Run(f"skipped-{number}", NOW, Outcome.SKIPPED, due=f"2026-01-01T00:00:{number:02d}Z"))

    assert len(source.runs) == 20
    assert (source.runs[0].job_id, source.runs[-1].job_id) == ("skipped-14", "begun-5")
    assert (source.current, source.last_due) == ("begun-14", "2026-01-01T00:00:14Z")
