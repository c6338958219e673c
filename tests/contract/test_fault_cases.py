"""Every case that tests/faults/README.md claims is held by a test that exists."""

import re

from tests.support.template import ROOT

ROWS = re.findall(r"^\| (\d+) \|.*\| `(\S+)::(\w+)` \|$", (ROOT / "tests" / "faults" / "README.md").read_text(), re.M)


def test_each_named_test_exists() -> None:
    missing = [row for row in ROWS if f"def {row[2]}(" not in (ROOT / "tests" / row[1]).read_text()]

    assert missing == []


def test_cases_one_to_twenty_are_all_there() -> None:
    assert set(range(1, 21)) <= {int(case) for case, _, _ in ROWS}
