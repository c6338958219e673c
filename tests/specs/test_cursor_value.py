"""Values of a cursor: what is one, which of two is later, and which lies before."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.specs.cursor_value import CursorValue, Kind, later, read_cursor_value
from tests.support.builders import examples


def value(text: object) -> CursorValue:
    found = read_cursor_value(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("2026-01-01T00:00:00Z", Kind.TIME),
        ("2026-01-01t00:00:00.123456789z", Kind.TIME),
        ("2026-01-01 00:00:00", Kind.TIME),
        ("2026-01-01T00:00:00+05:30", Kind.TIME),
        ("2026-01-01", Kind.DATE),
        (1767225600, Kind.INTEGER),
        ("1767225600123", Kind.INTEGER),
        (-1, Kind.INTEGER),
        (0, Kind.INTEGER),
        ("9" * 30, Kind.INTEGER),
    ],
)
def test_a_time_a_date_and_a_whole_number_are_values_and_keep_their_text(written: object, kind: Kind) -> None:
    assert (value(written).kind, value(written).text) == (kind, str(written))


@pytest.mark.parametrize(
    "written",
    [None, True, 1.5, "", "soon", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+24:00",
     "2026-01-01T00:00Z", "1.5", "9" * 31, [1], {"at": 1}, "٢٠٢٦-٠١-٠١", " 1"],
)  # fmt: skip
def test_everything_else_is_none(written: object) -> None:
    assert read_cursor_value(written) is None


@pytest.mark.parametrize(
    "in_order",
    [
        ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.1Z"),
        ("2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00-01:00"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.75Z", "1970-01-01T00:00:00Z"),
        ("2025-12-31", "2026-01-01", "2026-10-01"),
        (-5, 9, "10", 123),
    ],
)
def test_the_later_one_is_told_whatever_it_is_written_like(in_order: tuple[object, ...]) -> None:
    values = [value(written) for written in in_order]

    for early, late in pairwise(values):
        assert later(early, late) == later(late, early) == late


def test_of_equal_values_the_first_stays_and_nothing_is_earlier_than_all() -> None:
    one, same = value("2026-01-01T00:00:00Z"), value("2026-01-01T01:00:00+01:00")

    assert later(one, same) is one
    assert later(None, one) is later(one, None) is one
    assert later(None, None) is None


@pytest.mark.parametrize(
    ("written", "seconds", "expected"),
    [
        ("2026-01-01T00:00:00Z", 300, "2025-12-31T23:55:00Z"),
        ("2026-01-01 00:00:00.1200+05:30", 1, "2025-12-31 23:59:59.1200+05:30"),
        ("2026-01-01t00:00:00z", 1, "2025-12-31t23:59:59z"),
        ("2026-01-01T00:00:00", 60, "2025-12-31T23:59:00"),
        ("2026-01-01", 0, "2026-01-01"),
        ("2026-01-01", 1, "2025-12-31"),
        ("2026-01-01", 86_400, "2025-12-31"),
        ("2026-01-01", 86_401, "2025-12-30"),
        (1000, 300, "700"),
        ("0001-01-01T00:00:00Z", 1, "0001-01-01T00:00:00Z"),
        ("0001-01-01", 1, "0001-01-01"),
    ],
)
def test_the_value_before_is_written_as_the_api_writes(written: object, seconds: int, expected: str) -> None:
    assert value(written).before(seconds).text == expected


MOMENTS = st.datetimes(datetime.fromisoformat("1000-01-01"), datetime.fromisoformat("9000-01-01"))


@examples
@given(MOMENTS, st.integers(0, 10**8), st.sampled_from(["Z", "-07:30", "+13:45"]), st.sampled_from(["", ".123456789"]))
def test_a_lag_is_as_long_as_it_says(moment: datetime, seconds: int, offset: str, fraction: str) -> None:
    written = f"{moment.replace(microsecond=0).isoformat()}{fraction}{offset}"

    before = value(written).before(seconds)

    assert value(written).order[0] - before.order[0] == seconds
    assert value(written).order[1] == before.order[1]
    assert before.text.endswith(fraction + offset)


@examples
@given(MOMENTS, MOMENTS)
def test_times_are_ordered_as_they_are(one: datetime, other: datetime) -> None:
    orders = [value(moment.isoformat()).order for moment in (one, other)]

    assert (orders[0] < orders[1]) == (one < other)
    assert (orders[0] == orders[1]) == (one - other == timedelta(0))
