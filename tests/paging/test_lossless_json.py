import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import InvalidPayload
from poller.paging.lossless_json import dumps, loads, loads_again, on_one_line
from tests.support.builders import examples

CANARY = "s3cr3t-canary"
DEEP = 100_000

number_texts = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
# Every code point, lone surrogates and line separators among them.
strings = st.text(st.characters(), max_size=12)
json_texts = st.recursive(
    st.one_of(number_texts, strings.map(json.dumps), st.sampled_from(["true", "false", "null"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(strings.map(json.dumps), inner, max_size=5).map(
            lambda items: "{" + ",\n ".join(f"{name}: {item}" for name, item in items.items()) + "}"
        ),
    ),
    max_leaves=20,
)


class Written(str):
    """The text of a number, which is no string."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and str.__eq__(self, other)

    __hash__ = str.__hash__


def as_written(text: str):
    """`text` read by plain `json`, with numbers as their text and objects as lists of pairs."""
    return json.loads(text, parse_int=Written, parse_float=Written, object_pairs_hook=lambda pairs: ("object", pairs))


@examples
@given(json_texts)
def test_what_was_read_is_written_as_it_was(text):
    body = text.encode()

    value, read = loads(body)
    written = dumps(value)

    assert dumps(loads_again(read)) == written
    assert read == text
    assert as_written(written) == as_written(text)
    assert "\n" not in written
    assert as_written(written.encode().decode()) == as_written(text)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1.10",
        "1e5",
        "1E5",
        "1E400",
        "-1E400",
        "1e-400",
        "0.1",
        "100000000000000000000.0",
        "9007199254740993",
        "9007199254740993.0",
        "-9223372036854775809",
        "3.141592653589793238462643383279",
        "9" * 5000,
        "-" + "9" * 5000,
        "9" * 4300,
        "9" * 4301,
    ],
    ids=lambda text: text[:24] + f"({len(text)})",
)
def test_the_text_of_a_number_survives(text):
    body = f'{{"n":{text}}}'.encode()

    written = dumps(loads(body)[0])

    assert written == f'{{"n":{text}}}'


@pytest.mark.parametrize(
    ("text", "own"),
    [("1.5", True), ("1.50", False), ("0", True), ("-0", False), ("9" * 4300, True), ("9" * 4301, False)],
    ids=["float", "with a zero more", "zero", "negative zero", "longest whole number", "longer"],
)
def test_a_number_is_pythons_own_where_python_writes_it_alike(text, own):
    alone, _ = loads(text.encode())
    (_, beside), _ = loads(f"[-0,{text}]".encode())

    assert (type(alone) in (int, float)) is (type(beside) in (int, float)) is own


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('"\\ud800"', '"\\ud800"'),
        ('"\\udfff tail"', '"\\udfff tail"'),
        ('"é \\ud800"', '"é \\ud800"'),
        ('"\\ud83d\\ude00"', '"😀"'),
        ('"😀"', '"😀"'),
        ('"\\u2028\\u2029"', '"\u2028\u2029"'),
        ('"a\u0085b"', '"a\u0085b"'),
        ('"\\/\\u0041"', '"/A"'),
        ('"\\n\\t\\u0000\\"\\\\"', '"\\n\\t\\u0000\\"\\\\"'),
        ('{"\\ud800":1}', '{"\\ud800":1}'),
        ('""', '""'),
    ],
)
def test_the_value_of_a_string_survives(text, written):
    body = text.encode()

    answer = dumps(loads(body)[0])

    assert answer == written
    assert json.loads(answer.encode()) == json.loads(text)


def test_the_order_of_keys_survives():
    body = b'{"z": 1, "a": {"y": 2, "b": 3}, "0": 4, "": 5}'

    written = dumps(loads(body)[0])

    assert written == '{"z":1,"a":{"y":2,"b":3},"0":4,"":5}'


@pytest.mark.parametrize("text", ["[]", "{}", "true", "false", "null", '[{"a":[]},[[]],null]', '"x"', "7"])
def test_any_json_value_may_be_a_body(text):
    body = text.encode()

    written = dumps(loads(body)[0])

    assert written == text


def test_a_byte_order_mark_is_no_part_of_the_text():
    body = b'\xef\xbb\xbf{"a": 1}'

    value, text = loads(body)

    assert value == {"a": 1}
    assert text == '{"a": 1}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Expecting value at line 1, column 1"),
        (b" \n ", "the body is not JSON: Expecting value at line 2, column 2"),
        (b'{"a": [1, 2', "the body is not JSON: Expecting ',' delimiter at line 1, column 12"),
        (b'{"a": 1,\n "b": tru', "the body is not JSON: Expecting value at line 2, column 7"),
        (b'{"a": 1}\n{"a": 2}', "the body is not JSON: Extra data at line 2, column 1"),
        (b"[1,]", "the body is not JSON: Expecting value at line 1, column 4"),
        (b"{'a': 1}", "Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"[01]", "the body is not JSON: Expecting ',' delimiter at line 1, column 3"),
        (b"[+1]", "the body is not JSON: Expecting value at line 1, column 2"),
        (b"[.5]", "the body is not JSON: Expecting value at line 1, column 2"),
        (b'"\\x41"', "the body is not JSON: Invalid \\escape at line 1, column 2"),
        (b"[NaN]", "the body holds NaN, which is not JSON"),
        (b'{"a": Infinity}', "the body holds Infinity, which is not JSON"),
        (b"-Infinity", "the body holds -Infinity, which is not JSON"),
        (b'{"id": 1, "id": 2}', "an object has the key 'id' more than once"),
        (b'[{"a": {"b": 1, "c": 2, "b": 1}}]', "an object has the key 'b' more than once"),
        (b'{"a": 1, "\\u0061": 2}', "an object has the key 'a' more than once"),
        ('{"city": "Zürich"}'.encode("latin-1"), "the body is not UTF-8 text (byte 11)"),
        (b'["\xed\xa0\x80"]', "the body is not UTF-8 text (byte 2)"),
        (b'["\xf0\x9f\x98', "the body is not UTF-8 text (byte 2)"),
        (b"[" * DEEP, "the body is nested too deeply"),
        (b"[" * DEEP + b"]" * DEEP, "the body is nested too deeply"),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "the body is nested too deeply"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_json_is_refused_with_its_place(body, message):
    raw = bytes(body)

    with pytest.raises(InvalidPayload) as refused:
        loads(raw)

    assert message in refused.value.message


@pytest.mark.parametrize(
    ("body", "place"),
    [(b'{"a": "x\ny"}', "line 1, column 9"), (b'{"a": "x', "line 1, column 7")],
)
def test_a_place_is_said_in_plain_words(body, place):
    """The reader's own messages end in "at", as in "Unterminated string starting at"."""
    raw = bytes(body)

    with pytest.raises(InvalidPayload) as refused:
        loads(raw)

    assert refused.value.message.endswith(f" at {place}")
    assert "at at" not in refused.value.message


@pytest.mark.parametrize(
    "body",
    [
        f'{{"token": "{CANARY}", ',
        f'{{"token": "{CANARY}',
        f'{{"token": "{CANARY}\n"}}',
        f'{{"token": "{CANARY}\\q"}}',
        f'{{"token": {CANARY}}}',
        f'{{"token": "{CANARY}"}} {CANARY}',
        f'{{"token": "{CANARY}", "n": NaN}}',
        f'{{"token": "{CANARY}", "token": "{CANARY}"}}',
        f'{{"{CANARY}": 1',
    ],
)
def test_a_refusal_does_not_repeat_values(body):
    raw = body.encode()

    with pytest.raises(InvalidPayload) as refused:
        loads(raw)

    assert CANARY not in refused.value.message


def test_a_refusal_does_not_repeat_bytes_that_are_no_text():
    raw = f'{{"token": "{CANARY}", "city": "Zürich"}}'.encode("latin-1")

    with pytest.raises(InvalidPayload) as refused:
        loads(raw)

    assert CANARY not in refused.value.message
    assert f"byte {raw.index(0xFC)}" in refused.value.message


def test_a_long_key_that_repeats_is_shortened():
    raw = f'{{"{"k" * 5000}": 1, "{"k" * 5000}": 2}}'.encode()

    with pytest.raises(InvalidPayload) as refused:
        loads(raw)

    assert f"{'k' * 80}' more than once" in refused.value.message
    assert "k" * 81 not in refused.value.message


def test_a_repeated_key_among_many_is_found_quickly():
    """Comparing every key with every other would let a body of a megabyte hold a function for minutes."""

    def seconds(keys: int) -> float:
        raw = b"{" + b"".join(b'"%d":0,' % i for i in range(keys)) + b'"%d":0}' % (keys - 1)
        started = time.process_time()
        with pytest.raises(InvalidPayload, match=f"'{keys - 1}' more than once"):
            loads(raw)
        return time.process_time() - started

    small, large = (min(seconds(keys) for _ in range(3)) for keys in (2_000, 40_000))

    assert large < small * 20 * 5  # twenty times as many keys; compared with one another, four hundred times


@examples
@given(st.one_of(st.binary(max_size=60), st.text('[]{}:,"\\tfn0123456789.eE+- \n', max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(body):
    refused = None

    try:
        value, text = loads(body)
    except InvalidPayload as error:
        refused = error

    assert refused or as_written(dumps(value)) == as_written(text)


@pytest.mark.parametrize("depth", [1, 20, 100])
def test_reasonable_depth_survives(depth):
    text = '{"a":[' * depth + "1" + "]}" * depth

    written = dumps(loads(text.encode())[0])

    assert written == text


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_whatever_can_be_read_can_be_written(opening):
    closing = "]" if opening == "[" else "}"
    deepest = opening * 199 + "[]" + closing * 199

    value, _ = loads(deepest.encode())

    assert dumps(value) == deepest
    with pytest.raises(InvalidPayload, match="nested too deeply, beyond 200 levels"):
        loads(f"[{deepest}]".encode())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{\n  "a": 1\n}', '{   "a": 1 }'),
        ('{\r\n"a":\r1}', '{  "a": 1}'),
        ('["\\n", "\u2028"]', '["\\n", "\u2028"]'),
    ],
)
def test_a_text_goes_on_one_line(text, line):
    value = json.loads(text)

    on_one = on_one_line(text)

    assert on_one == line
    assert json.loads(on_one) == value
