"""Reading one field: what each reader takes, and what it says of anything else."""

import re

import pytest

from poller.errors import JobRejected
from poller.readers import Reader, integer, one_of, path_of, statuses


def refusal(reader: Reader, value: object) -> str:
    with pytest.raises(JobRejected) as refused:
        reader("field", value)
    return refused.value.message


@pytest.mark.parametrize("value", [1, 2, 1000])
def test_a_whole_number_may_be_any_of_its_range(value: int) -> None:
    assert integer(1, 1000)("field", value) == value


@pytest.mark.parametrize("value", [0, 1001, True, 2.0, "2", None], ids=repr)
def test_what_is_no_whole_number_of_its_range_is_refused(value: object) -> None:
    assert refusal(integer(1, 1000), value) == "field must be a whole number from 1 to 1,000"


def test_one_of_several_words_is_taken_and_no_other() -> None:
    reader = one_of("header", "body")

    assert [reader("field", word) for word in ("header", "body")] == ["header", "body"]
    assert refusal(reader, "HEADER") == "field must be one of header, body"


@pytest.mark.parametrize("value", [[], [200], [404, 599]], ids=repr)
def test_a_list_of_statuses_is_taken_in_its_order(value: list[int]) -> None:
    assert statuses("field", value) == tuple(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (404, "field is a number; it must be a list of HTTP statuses"),
        ([404, 199], "field[1] must be a whole number from 200 to 599"),
        ([600], "field[0] must be a whole number from 200 to 599"),
    ],
)
def test_what_is_no_status_is_refused_by_its_place(value: object, said: str) -> None:
    assert refusal(statuses, value) == said


@pytest.mark.parametrize("path", ["a.b[0].c", "@odata.count", "a-b"])
def test_a_path_is_jmespath_or_a_plain_key(path: str) -> None:
    assert path_of("field", path) == path


def test_a_path_that_is_neither_is_refused_in_one_line() -> None:
    said = refusal(path_of, "a[")

    assert re.fullmatch(r"field is not a JMESPath expression: [^\n]*[^\n:]", said)
