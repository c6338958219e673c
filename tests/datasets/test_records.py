import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.datasets.fingerprints import Fingerprints
from poller.datasets.records import compress, digest, to_dataset
from poller.errors import InvalidPayload
from poller.paging.boundaries import boundary_digests
from poller.paging.lossless_json import loads
from tests.support.builders import examples, page


def lines_of(body: bytes) -> list[bytes]:
    return gzip.decompress(body).split(b"\n")[:-1]


def test_the_outermost_records_tell_a_page_from_others_unless_the_next_is_the_same():
    one, two = digest(b'{"a":1}'), digest(b'{"a":2}')

    assert boundary_digests([]) == ("", "")
    assert boundary_digests([{"a": 1}]) == (one, one)
    assert boundary_digests([{"a": 1}, {"a": 3}, {"a": 2}]) == (one, two)
    assert boundary_digests([{"a": 1}, {"a": 1}, {"a": 2}]) == ("", two)
    assert boundary_digests([{"a": 1}, {"a": 2}, {"a": 2}]) == (one, "")


@pytest.mark.parametrize(
    ("lines", "text"), [([], b""), ([b"a"], b"a\n"), ([b"a", b"", "é".encode()], "a\né\n".encode())]
)
def test_each_line_ends_in_a_line_break_and_empty_ones_are_left_out(lines, text):
    source = iter(lines)

    body = compress(source)

    assert gzip.decompress(body) == text


def test_the_same_lines_give_the_same_bytes_at_any_time(monkeypatch):
    lines = [b"a", b"b"]

    bodies = []
    for moment in (1_000_000_000.0, 2_000_000_000.0):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        bodies.append(compress(lines))

    assert bodies[0] == bodies[1]
    assert bodies[0][4:8] == bytes(4)  # the header's time (RFC 1952, section 2.3)


def test_the_records_of_all_pages_come_out_in_order_and_as_they_were_sent():
    pages = [
        page(b'{"rows": [{"z": 1.0, "a": 9007199254740993},\n {"n": -0, "e": 1E400}], "total": 4}'),
        page('{"rows":[{"city": "Zürich", "s": "\u2028", "lone": "\\ud800"},\r\n[1.10, null]]}'.encode()),
    ]

    part = to_dataset(compress(one.line.encode() for one in pages), "rows")

    assert part.records == 4
    assert lines_of(part.body) == [
        b'{"z":1.0,"a":9007199254740993}',
        b'{"n":-0,"e":1E400}',
        '{"city":"Zürich","s":"\u2028","lone":"\\ud800"}'.encode(),
        b"[1.10,null]",
    ]


def test_pages_that_were_compressed_apart_are_read_as_one():
    parts = [compress([b'{"rows":[1]}', b'{"rows":[2,3]}']), compress([b'{"rows":[]}']), compress([b'{"rows":[4]}'])]

    part = to_dataset(b"".join(parts), "rows")

    assert (lines_of(part.body), part.records) == ([b"1", b"2", b"3", b"4"], 4)


def test_the_digest_of_a_body():
    body = b"abc"  # the first example of https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines

    found = digest(body)

    assert found == "ba7816bf8f01cfea"


@pytest.mark.parametrize(
    ("lines", "selector", "records"),
    [([], "@", 0), ([b"[]"], "@", 0), ([b"[1]", b"[]", b"[2,3]"], "@", 3), ([b'{"a":{"b":[1,2]}}'], "a.b", 2)],
)
def test_records_are_counted(lines, selector, records):
    raw = compress(lines)

    part = to_dataset(raw, selector)

    assert part.records == records
    assert len(lines_of(part.body)) == records


rows = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(), max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)  # fmt: skip


@examples
@given(st.lists(rows, max_size=4), st.sampled_from([None, 2]))
def test_no_record_is_lost_or_changed(pages, indent):
    raw = compress(page(json.dumps({"rows": one}, indent=indent).encode()).line.encode() for one in pages)

    part = to_dataset(raw, "rows")

    sent = [json.loads(json.dumps(record)) for one in pages for record in one]
    assert [json.loads(line) for line in lines_of(part.body)] == sent
    assert part.records == len(sent)
    assert to_dataset(raw, "rows").body == part.body


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([b'{"rows":[1]}', b'{"error":"x"}'], "data_selector 'rows' finds nothing in the body"),
        ([b'{"rows":[1]}', b'{"rows":{"id":1}}'], "data_selector 'rows' finds an object in place of a list"),
        ([b'{"rows":[1]}', b"<html>"], "the body is not JSON"),
        ([b'{"rows":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}"], "nested too deeply"),
    ],
    ids=["no rows", "no list", "no JSON", "too deep"],
)
def test_a_page_without_its_records_is_refused(lines, message):
    raw = compress(lines)

    with pytest.raises(InvalidPayload) as refused:
        to_dataset(raw, "rows")

    assert message in refused.value.message


def test_the_dataset_is_smaller_than_its_text():
    raw = compress([b'{"rows":[' + b",".join([b'{"a":1}'] * 1000) + b"]}"])

    body = to_dataset(raw, "rows").body

    assert len(body) < 1000
    assert zlib.decompressobj(wbits=31).decompress(body) == b'{"a":1}\n' * 1000


def test_the_fingerprints_are_those_of_the_records_in_their_order():
    raw = compress([b'{"rows":[{"id":1},{"id":2,"b":0}]}', b'{"rows":[{"b":1.0}]}'])

    part = to_dataset(raw, "rows", ("id",))

    expected = Fingerprints(("id",))
    for line in (b'{"id":1}', b'{"id":2,"b":0}', b'{"b":1.0}'):
        expected.add(loads(line)[0], line)
    assert part.fingerprints.body == expected.body
    assert part.fingerprints.keyless == 1
