"""Rows are written as boto3's own serializer would write them, and read back as they were."""

from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from poller.aws.attributes import from_attribute, to_attribute

# DynamoDB keeps 38 digits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
PLAIN = st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(VALUES)
def test_a_value_is_written_as_boto3_writes_it_and_comes_back(value: object) -> None:
    written = to_attribute(value)

    assert written == TypeSerializer().serialize(value)
    assert from_attribute(written) == value


@pytest.mark.parametrize("value", [1.5, Decimal("1"), b"bytes", {1, 2}, object()])
def test_a_value_that_no_row_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_attribute(value)


@pytest.mark.parametrize("attribute", [{"B": b"bytes"}, {"SS": ["a"]}, {"NS": ["1"]}])
def test_an_attribute_that_was_never_written_is_refused(attribute: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        from_attribute(attribute)


def test_a_truth_value_stays_one() -> None:
    assert from_attribute(to_attribute(value=True)) is True
