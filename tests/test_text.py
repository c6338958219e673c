"""What a stranger's text may look like in a message, and how names are compared."""

import time
from datetime import UTC, datetime

import pytest

from poller.text import counted, iso, nearest


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
