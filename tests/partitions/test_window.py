"""Windows: no moment is in two of them, and none in none; and how they are written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import JobRejected
from poller.partitions.window import WindowPartition
from poller.partitions.windows import Window, count_of
from poller.specs.parse import parse_job_spec
from poller.specs.partitioned import count_partitions, halves_of
from tests.support.builders import NOW, examples

BOUNDS = st.integers(-(10**15), 10**15)


def window(**fields: Any) -> dict[str, Any]:
    usual = {"type": "window", "start_param": "from", "end_param": "to", "start": "2025-01-01", "step": "P1D"}
    return {**usual, **fields}


def values(**fields: Any) -> list[tuple[Any, Any]]:
    """Start and end of each window, as they are sent."""
    spec = parse_job_spec({"url": "https://a.example/", "partitions": [window(**fields)]})
    (partition,) = spec.partitions
    return [(part["from"], part["to"]) for part in partition.all_values(NOW)]


@examples
@given(BOUNDS, st.integers(1, 500), st.integers(1, 200))
def test_steps_are_the_whole_without_a_gap_or_an_overlap(start: int, length: int, step: int) -> None:
    whole = Window(start, start + length)

    steps = list(whole.steps(step))

    assert [n for each in steps for n in range(each.start, each.end)] == list(range(start, start + length))
    assert len(steps) == count_of(whole, step)
    assert all(len(each) == step for each in steps[:-1])


@examples
@given(BOUNDS, st.integers(1, 10**15))
def test_halves_are_the_whole_and_about_as_long(start: int, length: int) -> None:
    halves = Window(start, start + length).halves()

    if length == 1:
        assert halves is None
        return
    assert halves is not None
    first, second = halves
    assert (first.start, first.end, second.end) == (start, second.start, start + length)
    assert 0 <= len(second) - len(first) <= 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end": "2025-01-03"}, [("2025-01-01", "2025-01-02"), ("2025-01-02", "2025-01-03")]),
        ({"end": "2025-01-03", "inclusive": True}, [(f"2025-01-0{n}", f"2025-01-0{n}") for n in (1, 2, 3)]),
        (
            {"start": "2025-01-01T00:00:00Z", "end": "2025-01-01T05:00:00Z", "step": "PT3H"},
            [("2025-01-01T00:00:00Z", "2025-01-01T03:00:00Z"), ("2025-01-01T03:00:00Z", "2025-01-01T05:00:00Z")],
        ),
        (
            {"start": "2025-03-30 01:00:00+01:00", "end": "2025-03-30T03:00:00Z", "step": "PT90M", "inclusive": True},
            [
                ("2025-03-30 01:00:00+01:00", "2025-03-30 02:29:59+01:00"),
                ("2025-03-30 02:30:00+01:00", "2025-03-30 03:59:59+01:00"),
                ("2025-03-30 04:00:00+01:00", "2025-03-30 04:00:00+01:00"),
            ],
        ),
        ({"start": 0, "end": 100_000, "step": "P1D"}, [(0, 86_400), (86_400, 100_000)]),
        ({"kind": "integer", "start": -2, "end": 5, "step": 4}, [(-2, 2), (2, 5)]),
        ({"kind": "integer", "start": 1, "end": 4, "step": 2, "inclusive": True}, [(1, 2), (3, 4)]),
        ({"kind": "integer", "start": 4, "end": 4, "step": 2, "inclusive": True}, [(4, 4)]),
    ],
)  # fmt: skip
def test_windows_are_written_as_their_start_is(fields: dict[str, Any], expected: list[tuple[Any, Any]]) -> None:
    assert values(**fields) == expected


def test_without_an_end_the_last_window_holds_the_moment_of_the_job() -> None:
    assert datetime(2026, 1, 1, 12, 0, tzinfo=UTC) == NOW

    assert values(start="2025-12-31")[-1] == ("2026-01-01", "2026-01-02")
    assert values(start="2026-01-01T11:00:00Z", step="PT1H")[-1] == ("2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z")
    assert values(start="2026-01-01", inclusive=True) == [("2026-01-01", "2026-01-01")]


@examples
@given(st.integers(0, 10**9), st.integers(1, 10**6), st.booleans())
def test_halves_of_a_window_are_sent_as_it_is(start: int, length: int, inclusive: bool) -> None:
    begins = datetime.fromtimestamp(start, UTC)
    ends = begins + timedelta(seconds=length)
    spec = parse_job_spec({
        "url": "https://a.example/", "partitions": [window(
            start=begins.strftime("%Y-%m-%dT%H:%M:%SZ"), end=ends.strftime("%Y-%m-%dT%H:%M:%SZ"), step="P100W",
            inclusive=inclusive,
        )],
    })  # fmt: skip
    (only,) = spec.partitions[0].all_values(NOW)

    halves = halves_of(spec, only)

    seconds = length + inclusive
    assert len(halves) == (0 if seconds == 1 else 2)
    if halves:
        first, second = halves
        gap = timedelta(seconds=1 if inclusive else 0)
        assert (first["from"], second["to"]) == (only["from"], only["to"])
        assert datetime.fromisoformat(str(first["to"])) + gap == datetime.fromisoformat(str(second["from"]))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"start": "soon"}, "partitions[0].start is 'soon'; write a date such as 2025-01-01"),
        ({"start": "2025-02-30"}, "partitions[0].start is '2025-02-30'"),
        ({"start": "2025-01-01T00:00:00"}, "a time with a zone"),
        ({"start": "2025-01-01T00:00:00.5Z"}, "without fractions"),
        ({"start": -1}, "partitions[0].start is no time in seconds since 1970; for milliseconds, set kind to integer"),
        ({"start": 1.5}, "partitions[0].start is a number; it must be a time, or a whole number"),
        ({"start": True}, "partitions[0].start is a boolean"),
        ({"end": "2025-01-01"}, "partitions[0]: end is not after start"),
        ({"end": "2024-12-31", "inclusive": True}, "partitions[0]: end is not after start"),
        ({"end": "2025-01-02T00:00:00Z"}, "partitions[0]: start and end are not written alike"),
        ({"step": "P0D"}, "partitions[0].step is P0D; it must be longer than nothing"),
        ({"step": "P1M"}, "partitions[0].step is no duration of weeks, days, hours, minutes and seconds"),
        ({"step": 1}, "partitions[0].step is no duration"),
        ({"step": "PT36H"}, "partitions[0].step is PT36H, and start is a date: write whole days"),
        ({"kind": "integer"}, "partitions[0].start is a string; with kind integer, it must be a whole number"),
        ({"kind": "integer", "start": 1, "step": 1}, "partitions[0]: end is missing; windows of kind integer need it"),
        ({"kind": "integer", "start": 1, "end": 5, "step": 0}, "partitions[0].step must be a whole number from 1 on"),
        ({"kind": "integer", "start": 1, "end": 10**16, "step": 1}, "partitions[0].end is too far"),
        ({"kind": "days"}, "partitions[0].kind must be one of time, integer"),
        ({"end_param": "from"}, "partitions[0]: start_param and end_param are the same"),
        ({"most_records": 0}, "partitions[0].most_records must be a whole number from 1 to 1,000,000,000"),
        ({"inclusive": "yes"}, "partitions[0].inclusive is a string; it must be true or false"),
        ({"start": "2000-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z", "step": "PT1S"}, "a job has 100,000 at most"),
    ],
)  # fmt: skip
def test_what_is_no_window_is_refused_before_any_request(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(JobRejected) as refused:
        values(**fields)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"partitions": [window(), window(start_param="a", end_param="b")]}, "partitions has several windows"),
        ({"params": {"from": "x"}}, "from is set in url or params, and a window of partitions sets it"),
        ({"url": "https://a.example/?to=3"}, "to is set in url or params, and a window of partitions sets it"),
        (
            {"partitions": [window(start_param="page")], "paginator": {"type": "page_number"}},
            "page is set in url or params, but paginator.page_param changes it",
        ),
        (
            {"partitions": [window(start_param="k")],
             "auth": {"type": "api_key", "secret": "s", "location": "query", "name": "k"}},
            "k is set in url, params or headers, and auth sets it",
        ),
    ],
)  # fmt: skip
def test_a_window_sets_its_parameters_alone(more: dict[str, Any], said: str) -> None:
    with pytest.raises(JobRejected) as refused:
        parse_job_spec({"url": "https://a.example/", "partitions": [window()], **more})

    assert said in str(refused.value)


def test_a_start_that_is_yet_to_come_is_refused_when_the_time_is_known() -> None:
    spec = parse_job_spec({"url": "https://a.example/", "partitions": [window(start="2026-01-02")]})

    with pytest.raises(JobRejected, match="partitions make no window: start is not over yet"):
        count_partitions(spec, NOW)


def test_a_window_knows_its_names() -> None:
    partition = WindowPartition("a", "b", 1, 1, 2, "integer")

    assert (partition.names, partition.count(None), WindowPartition("a", "b", "2025-01-01", "P1D").count(None)) == (
        ("a", "b"), 1, None,
    )  # fmt: skip
