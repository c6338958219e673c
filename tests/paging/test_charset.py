"""Bytes become the text that was sent, or are refused by the name of what they are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.errors import InvalidPayload
from poller.paging.charset import decode
from tests.support.builders import examples

JSON_TYPE = "application/json"
TEXT = '{"n":"Müller ’ \U0001f600 \\u00fc"}'


@pytest.mark.parametrize(
    "said", ["", "; charset=utf-8", ";charset=ISO-8859-1", '; Charset="US-ASCII"', "; charset=gbk"]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_valid_utf_8_is_read_as_such_whatever_it_is_called(said: str, mark: bytes) -> None:
    text = decode(mark + TEXT.encode(), JSON_TYPE + said)

    assert text == TEXT


@pytest.mark.parametrize("name", ["iso-8859-1", "ISO_8859-1", "latin1", "Latin-1", "'l1'"])
def test_latin_1_is_read_where_it_is_said(name: str) -> None:
    text = decode('["Müller, ÿ"]'.encode("latin-1"), f"{JSON_TYPE}; v=1; charset={name}")

    assert text == '["Müller, ÿ"]'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("said", ["", "; charset=utf-16", "; charset=utf-8"])
def test_wide_text_is_known_by_its_first_bytes(encoding: str, said: str) -> None:
    text = decode(TEXT.encode(encoding), JSON_TYPE + said)

    assert text == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
@examples
@given(rows=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3))
def test_any_text_comes_out_as_it_went_in(encoding: str, rows: list[str]) -> None:
    written = json.dumps({"rows": rows}, ensure_ascii=False)

    text = decode(written.encode(encoding), JSON_TYPE)

    assert text == written


@pytest.mark.parametrize(
    ("body", "said", "message"),
    [
        (b'["\xfc"]', "", "the body is not UTF-8 text (byte 2)"),
        (b'["\xfc"]', "; charset=us-ascii", "the body is not UTF-8 text (byte 2)"),
        (b'["\xfc"]', "; charset=utf-8", "the body is not UTF-8 text (byte 2)"),
        (b'["\x93\xfc"]', "; charset=latin1", "the body is said to be ISO-8859-1, but byte 2 is no character of it"),
        (b'["\xfc"]', "; charset=windows-1252", "the body is said to be in charset 'windows-1252', which is not read"),
        (b'["\xfc"]', f"; charset={'x' * 99}", f"the body is said to be in charset '{'x' * 40}', which is not read"),
        (b'["+APw-"]', "; charset=utf-7", "the body is said to be in charset 'utf-7', which is not read"),
        (b'["\x1b$B"]', "; charset=ISO-2022-JP", "the body is said to be in charset 'ISO-2022-JP', which is not read"),
        (b"\xff\xfe[\0\x00\xd8]\0", "", "the body is no valid UTF-16 text (byte 4)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_exactly_is_refused_by_name(body: bytes, said: str, message: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        decode(body, JSON_TYPE + said)

    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(("said", "may_pass"), [("", True), ("; charset=koi8-r", False), ("; charset=latin1", False)])
def test_only_what_is_no_text_at_all_may_pass(said: str, may_pass: bool) -> None:
    with pytest.raises(InvalidPayload) as refused:
        decode(b"\x80\xff", JSON_TYPE + said)

    assert refused.value.may_pass is may_pass
