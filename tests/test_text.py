"""What a stranger's text may look like in a message, and how names are compared."""

import pytest

from poller.text import counted, nearest


@pytest.mark.parametrize(("number", "said"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (2000, "2,000 tasks")])
def test_what_is_counted_is_one_or_many(number: int, said: str) -> None:
    assert counted(number, "task") == said


def test_a_name_that_nobody_mistypes_is_not_compared() -> None:
    long = "x" * 60

    assert nearest(long, [long]) == long
    assert nearest(f"{long}x", [f"{long}x"]) is None
