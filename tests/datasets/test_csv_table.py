import csv
import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.datasets.csv_table import CsvTable, row_text, with_columns
from poller.datasets.records import compress, to_dataset
from poller.errors import InvalidPayload, JobRejected
from poller.paging.lossless_json import dumps, loads
from poller.specs.output import Csv
from tests.support.builders import examples, spec


def made(records, columns=None, found=None):
    """The dataset object of one page."""
    output = Csv(columns, tuple(records[0]) if columns is None and found is None else found or ())
    raw = compress([dumps(records).encode()])
    return to_dataset(raw, "@", (), CsvTable(output))


def text_of(*args, **named):
    return gzip.decompress(made(*args, **named).body).decode()


def read(part):
    return list(csv.reader(io.StringIO(gzip.decompress(part.body).decode(), newline="")))


def loaded(text):
    return loads(text)[0]


def test_a_table_begins_with_its_header_and_ends_each_line_as_rfc_4180_has_it():
    assert text_of([{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}]) == "id,name\r\n1,Ann\r\n2,Bob\r\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("9007199254740993", "9007199254740993"),
        ("1.10", "1.10"),
        ("-0", "-0"),
        ("1E400", "1E400"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('""', '""'),
        ('"plain"', "plain"),
        ('"a,b"', '"a,b"'),
        ('"say \\"hi\\""', '"say ""hi"""'),
        ('"two\\nlines"', '"two\nlines"'),
        ('"two\\rlines"', '"two\rlines"'),
        ('"\\u0000"', '"\0"'),
        ('" edge"', '" edge"'),
        ('"=1+2"', "=1+2"),
        ('"Zürich"', "Zürich"),
        ('"half \\ud83d"', '"""half \\ud83d"""'),
        ('[1.10, "a"]', '"[1.10,""a""]"'),
        ('{"a": {"b": 1}}', '"{""a"":{""b"":1}}"'),
        ("[]", "[]"),
        ("{}", "{}"),
    ],
)
def test_a_value_is_written_as_it_was_sent(value, cell):
    assert text_of([loaded(f'{{"v": {value}, "w": 1}}')]) == f"v,w\r\n{cell},1\r\n"


def test_a_missing_field_is_nothing_at_all():
    assert text_of([{"a": 1, "b": 2}, {"b": 3}]) == "a,b\r\n1,2\r\n,3\r\n"


def test_the_only_cell_of_a_row_is_never_nothing():
    assert text_of([{"a": 1}, {"a": None}, {"a": ""}]) == 'a\r\n1\r\n""\r\n""\r\n'


def test_columns_may_lead_anywhere_in_the_record():
    record = {"id": 7, "customer": {"name": "Ann"}, "first name": "x", "a.b": 1, "a": {"b": 2}, "more": True}

    text = text_of([record], ["a.b", "customer.name", '"first name"', "length(customer)", "gone"])

    assert text == "a.b,customer.name,first name,length(customer),gone\r\n1,Ann,x,1,\r\n"


def test_records_of_any_kind_have_columns_by_paths():
    assert text_of([[1, "x"], 5, "s"], ["@", "[0]"]) == '@,[0]\r\n"[1,""x""]",1\r\n5,\r\ns,\r\n'


def test_a_found_column_is_the_field_of_that_name_and_no_path():
    assert text_of([{"a.b": 1}, {"a": {"b": 2}}], found=("a.b", "c")) == "a.b,c\r\n1,\r\n,\r\n"


def test_names_are_quoted_where_they_have_to_be():
    assert text_of([{"a,b": 1, 'c"d': 2, "": 3, "\ud800": 4}]) == '"a,b","c""d","","""\\ud800"""\r\n1,2,3,4\r\n'


def test_fields_without_a_column_are_told_in_their_order():
    records = [{"a": 1}, {"z": 1, "a": 2, "b\n": 3}, {"c": 1, "d": 1, "e": 1, "f": 1}]

    part = made(records)

    assert part.left_out[:3] == ("z", "b\\n", "c")
    assert len(part.left_out) >= 5
    assert part.records == 3


def test_no_field_is_told_where_the_columns_were_chosen_or_all_there_is_has_one():
    assert made([{"a": 1, "b": 2}], ["a"]).left_out == ()
    assert made([{"a": 1, "b": 2}, {"b": 1}]).left_out == ()


@pytest.mark.parametrize(
    ("record", "found", "message"),
    [
        ([1], ("a",), "a record is a list, and has no fields"),
        (None, ("a",), "a record is null, and has no fields"),
        ({"a": 1}, (), "no columns are known; name them in output.columns"),
    ],
)
def test_what_is_no_row_is_refused(record, found, message):
    with pytest.raises(InvalidPayload, match=message):
        made([record], found=found)


def test_a_task_without_records_has_the_header_and_without_columns_nothing():
    assert text_of([], found=("a", "b")) == "a,b\r\n"
    assert text_of([], found=()) == ""


def test_the_columns_are_the_fields_of_the_first_page_in_the_order_they_come():
    found = with_columns(spec(output=Csv()), [{"b": 1, "a": 2}, {"c": 3, "b": 1}])

    assert found.output == Csv(None, ("b", "a", "c"))


def test_columns_that_the_spec_names_stay_and_other_formats_have_none():
    chosen, plain = spec(output=Csv(("a",))), spec()

    assert with_columns(chosen, [{"b": 1}]) is chosen
    assert with_columns(plain, [5]) is plain


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"a": 1}, [1]], "record 2 of the first page is a list and has no fields; name columns in output.columns"),
        (
            [{f"field {number:05}": 1 for number in range(3000)}],
            "3,000 fields, which are too many for output.format csv",
        ),
    ],
    ids=["no object", "many"],
)
def test_a_first_page_without_fields_for_columns_is_refused(records, message):
    with pytest.raises(JobRejected, match=message):
        with_columns(spec(output=Csv()), records)


def test_a_record_is_found_again_by_what_its_row_holds():
    part = made([{"id": 1, "k": "a\nb", "n": 1}, {"id": 2, "k": "c", "n": 1}], ["id", "k"])

    assert row_text(part.body, 0, ("k",)) == ("a\nb", "")
    assert row_text(part.body, 1, ("k", "id")) == ('["c","2"]', "")
    assert row_text(part.body, 1, ("n",)) == (None, "")
    assert row_text(part.body, 1, ()) == (None, '{"id":"2","k":"c"}')


def test_a_cell_may_be_larger_than_python_s_reader_takes_by_itself():
    part = made([{"a": "x" * 200_000, "id": 1}])

    assert row_text(part.body, 0, ("id",)) == ("1", "")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@examples
@given(st.lists(texts, min_size=1, max_size=4, unique=True), st.data())
def test_any_records_are_read_back_as_they_were_sent(names, data):
    records = data.draw(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(names, values)), max_size=5))

    part = made(records, found=tuple(names))

    header, *rows = read(part)
    expected = [
        ["" if (value := record.get(name)) is None else value if isinstance(value, str) else json.dumps(
            value, ensure_ascii=False, separators=(",", ":"))
         for name in names]
        for record in records
    ]  # fmt: skip
    assert (header, rows) == (names, expected)
    assert part.records == len(records)
    assert part.left_out == ()
    assert part.fingerprints.body == to_dataset(compress([dumps(records).encode()]), "@").fingerprints.body


@examples
@given(st.lists(st.none() | texts, min_size=2, max_size=4))
def test_null_and_the_empty_text_are_told_apart_by_quotes(cells):
    line = text_of([dict(enumerate_names(cells))]).partition("\r\n")[2]

    assert line.startswith(",") == (cells[0] is None)
    assert line.startswith('"",') == (cells[0] == "")


def enumerate_names(cells):
    return ((f"c{number}", cell) for number, cell in enumerate(cells))
