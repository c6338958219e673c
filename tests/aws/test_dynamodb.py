"""Rows come back as they were written: numbers as ints, however deep they lie; attributes that are None left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.aws.dynamodb import plain, typed

# DynamoDB keeps 38 digits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
PLAIN = st.booleans() | st.integers(-(10**37), 10**37) | st.text()
VALUES = st.recursive(PLAIN | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def types_of(value: object) -> object:
    """`value` with each part replaced by its type, since True == 1 and Decimal("1") == 1."""
    match value:
        case dict():
            return {name: types_of(item) for name, item in value.items()}
        case list():
            return [types_of(item) for item in value]
    return type(value)


@given(st.dictionaries(st.text(min_size=1), VALUES))
def test_a_row_comes_back_as_it_was_written(row: dict[str, object]) -> None:
    expected = {name: value for name, value in row.items() if value is not None}

    read = plain(typed(row))

    assert read == expected
    assert types_of(read) == types_of(expected)


def test_numbers_are_ints_however_deep_they_lie() -> None:
    item = {
        "Pages": {"N": "7"},
        "Spec": {"M": {"limits": {"L": [{"N": "9007199254740993"}, {"M": {"n": {"N": "-1"}}}]}}},
    }

    read = plain(item)

    assert read == {"Pages": 7, "Spec": {"limits": [9007199254740993, {"n": -1}]}}
    assert types_of(read) == {"Pages": int, "Spec": {"limits": [int, {"n": int}]}}


@pytest.mark.parametrize("value", [1.5, object(), float("nan")])
def test_a_value_that_no_row_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        typed({"Value": value})


def test_a_number_that_no_row_holds_is_not_rounded() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        plain({"Value": {"N": "1.5"}})
