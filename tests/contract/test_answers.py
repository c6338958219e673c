"""docs/answers.md has the table of meanings that the code has: for every status, and no other."""

import re

import pytest

from poller.paging.meaning import BY_ACTION, Meaning, meaning_of
from tests.support.template import ROOT

DOCUMENT = (ROOT / "docs" / "answers.md").read_text()
TABLE = DOCUMENT.split("\n\n")[2]
ACTIONS = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|$", DOCUMENT, flags=re.M)
ROWS = re.findall(r"^\| (.*?) \| ([\w ]+).* \|$", TABLE, flags=re.M)[1:]


def fits(cell: str, status: int, says_when: bool) -> bool:
    """Whether the first cell of a row names the status: `202, 408`, `4xx that say when`, `5xx and above`."""
    classes = [int(digit) for digit in re.findall(r"\b([0-9])xx", cell)]
    named = str(status) in cell or status // 100 in classes or ("and above" in cell and status // 100 > classes[0])
    return named and (says_when or "say when" not in cell)


@pytest.mark.parametrize("says_when", [False, True])
def test_the_table_says_of_every_status_what_the_code_does(says_when: bool) -> None:
    statuses = range(200, 1000)

    shown = {status: next(meaning for cell, meaning in ROWS if fits(cell, status, says_when)) for status in statuses}

    assert shown == {status: str(meaning_of(status, says_when)) for status in statuses}


def test_the_table_of_actions_is_that_of_the_code() -> None:
    assert dict(ACTIONS) == {str(action): str(meaning) for action, meaning in BY_ACTION.items()}


def test_the_tables_have_every_meaning_and_no_other() -> None:
    assert {meaning for _, meaning in [*ROWS, *ACTIONS]} == {str(meaning) for meaning in Meaning}
