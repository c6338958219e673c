"""What a stranger's text may look like in a message, and how names are compared."""

import time
from datetime import UTC, datetime

import pytest

from poller.text import counted, describe, iso, nearest, shown
from poller.values import JSON


@pytest.mark.parametrize(("number", "said"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (2000, "2,000 tasks")])
def test_what_is_counted_is_one_or_many(number: int, said: str) -> None:
    assert counted(number, "task") == said


def test_a_name_that_nobody_mistypes_is_not_compared() -> None:
    long = "x" * 60

    assert nearest(long, [long]) == long
    assert nearest(f"{long}x", [f"{long}x"]) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("limt", "limit"), ("LIMIT", "limit"), ("page-param", "page_param"), ("list", None), ("zzz", None)],
)
def test_a_name_is_taken_for_one_that_is_written_alike(name: str, meant: str | None) -> None:
    assert nearest(name, ["limit", "page_param"]) == meant


def test_a_time_is_written_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()

    written = iso(datetime(2026, 1, 1, 12, tzinfo=UTC))

    monkeypatch.undo()
    time.tzset()
    assert written == "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "it is an empty object"),
        ({"a": "never shown", "b": 1}, "it has the keys a, b"),
        (dict.fromkeys("abcdefghijkl"), "it has the keys a, b, c, d, e, f, g, h, i, j, k, l"),
        (dict.fromkeys("abcdefghijklm"), "it has the keys a, b, c, d, e, f, g, h, i, j, k, l…"),
        ([1, 2, 3], "it is a list of 3"),
        ("never shown", "it is a single value"),
    ],
)
def test_a_body_is_described_by_a_dozen_of_its_keys_and_none_of_its_values(value: JSON, said: str) -> None:
    assert describe(value) == said


@pytest.mark.parametrize(
    ("name", "said"), [("x" * 40, "x" * 40), ("x" * 41, "x" * 40), ("a\nb", "a\\nb"), ("é", "\\xe9")]
)
def test_a_strangers_name_is_short_and_on_one_line(name: str, said: str) -> None:
    assert shown(name) == said
