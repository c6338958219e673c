"""Heads of answers: read as widely as browsers read them, and no wider."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.upstream.head import body_length, join_fields, keeps_alive, parse_fields, parse_status
from tests.support.builders import examples
from tests.support.chain import get, local
from tests.support.raw_servers import Server, answer, answering, closing


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b"HTTP/1.1 200 OK\r\n", (1, 200, "OK")),
        (b"HTTP/1.0 404 Not  Found\n", (0, 404, "Not  Found")),
        (b"HTTP/1.1 204\r\n", (1, 204, "")),
        (b"HTTP/1.1 503 \r\n", (1, 503, "")),
        (b"HTTP/1.1 200 \xc3\xbc\r\n", (1, 200, "Ã¼")),
    ],
)
def test_a_status_line_is_read(line: bytes, read: tuple[int, int, str]) -> None:
    assert parse_status(line) == read


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r\n",
        b"HTTP/2.0 200 OK\r\n",
        b"HTTP/1.1 two OK\r\n",
        b"HTTP/1.1 099 X\r\n",
        b"HTTP/1.1 2000\r\n",
        b"ICY 200\n",
    ],
)
def test_what_is_no_status_line_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="no status line"):
        parse_status(line)


NO_FIELDS = [
    b"no colon\r\n",
    b": no name\r\n",
    b"a b: c\r\n",
    b"a@b: c\r\n",
    b"\xc3\xbc: c\r\n",
    b"<html>\r\n",
]


@pytest.mark.parametrize("line", NO_FIELDS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_that_is_no_field_is_passed_over(line: bytes, place: int) -> None:
    lines = [b"X-Total: 250\r\n", b"Link: <a>\r\n"]

    fields = list(parse_fields([*lines[:place], line, *lines[place:]]))

    assert fields == [("X-Total", "250"), ("Link", "<a>")]


def test_what_is_folded_belongs_to_the_line_before() -> None:
    lines = [b" to nothing\r\n", b"A: 1\r\n", b"\t 2\r\n", b" 3\n", b"none\r\n", b" 4\r\n", b"B:\r\n", b" 5\r\n"]

    assert list(parse_fields(lines)) == [("A", "1 2 3"), ("B", " 5")]


def test_spaces_around_a_name_and_its_value_are_not_part_of_it() -> None:
    lines = [b"A : 1 \r\n", b"B\t:  2  3\t\r\n", b"C:\r\n", b"D:x:y\r\n", b"E: \xfc\rz\n"]

    assert dict(parse_fields(lines)) == {"A": "1", "B": "2 3", "C": "", "D": "x:y", "E": "ü z"}


def test_what_repeats_is_one_line_and_equal_values_count_once() -> None:
    fields = [("X-Total", "250"), ("link", "<a>"), ("x-total", "250"), ("Link", "<b>"), ("LINK", "<a>")]

    assert join_fields(fields) == {"x-total": "250", "link": "<a>, <b>"}


@pytest.mark.parametrize(
    ("status", "headers", "length"),
    [
        (200, {}, None),
        (200, {"content-length": "5"}, 5),
        (200, {"content-length": "5, 5 ,5"}, 5),
        (200, {"transfer-encoding": "Chunked"}, None),
        (200, {"transfer-encoding": "chunked", "content-length": "5"}, None),
        (200, {"transfer-encoding": "identity", "content-length": "5"}, 5),
        (204, {"content-length": "5"}, 0),
        (304, {"transfer-encoding": "gzip"}, 0),
    ],
)
def test_where_a_body_ends(status: int, headers: dict[str, str], length: int | None) -> None:
    assert body_length(status, headers) == length


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"content-length": "5, 7"}, "its Content-Length is '5, 7'"),
        ({"content-length": ""}, "its Content-Length is ''"),
        ({"content-length": "-5"}, "its Content-Length is '-5'"),
        ({"content-length": "0x5"}, "its Content-Length is '0x5'"),
        ({"content-length": "٥"}, "its Content-Length is '\\u0665'"),
        ({"content-length": "5 5"}, "its Content-Length is '5 5'"),
        ({"transfer-encoding": "gzip, chunked"}, "its Transfer-Encoding is 'gzip, chunked'"),
    ],
)
def test_where_nobody_can_tell_that_is_said(headers: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match="is") as unclear:
        body_length(200, headers)

    assert str(unclear.value) == said


@pytest.mark.parametrize(
    ("minor", "connection", "stays"),
    [(1, None, True), (1, "close", False), (1, "Close, TE", False), (1, "keep-alive", True),
     (0, None, False), (0, "Keep-Alive", True), (0, "close", False)],
)  # fmt: skip
def test_who_keeps_the_connection(minor: int, connection: str | None, stays: bool) -> None:
    headers = {} if connection is None else {"connection": connection}

    assert keeps_alive(minor, headers) is stays


@examples
@given(st.lists(st.binary(max_size=30)))
def test_whatever_comes_fields_are_names_with_values(lines: list[bytes]) -> None:
    for name, value in parse_fields(lines):
        assert name.isascii()
        assert ":" not in name
        assert "\n" not in value


BAD = "Access-Control-Expose-Headers : X-Total\r\nno field\r\n: nothing"


@pytest.mark.parametrize("first", [True, False])
def test_what_follows_a_line_that_is_no_field_is_read(first: bool) -> None:
    lines = f"{BAD}\r\nContent-Length: 3" if first else f"Content-Length: 3\r\n{BAD}"
    response = f"HTTP/1.1 200 OK\r\n{lines}\r\nX-Total: 250\r\nx-total: 250\r\n\r\n[1]".encode()
    with Server(answering(response)) as server:
        upstream = local()
        answers = [upstream.send(get(server.url())) for _ in range(2)]

    assert [(one.body, one.headers["x-total"]) for one in answers] == [(b"[1]", "250")] * 2
    assert server.connections == 1


def test_more_than_a_hundred_fields_are_read() -> None:
    fields = [f"X-{n}: {'v' * 100}" for n in range(2000)]
    with Server(answering(answer(b"[1]", "200 OK", *fields))) as server:
        response = local().send(get(server.url()))

    assert len(response.headers) == 2001


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\n\n[1]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
    ],
    ids=["http-1.0", "bare-line-ends", "equal-lengths", "spaced"],
)
def test_old_and_odd_servers_are_understood(response: bytes) -> None:
    with Server(closing(response)) as server:
        assert local().send(get(server.url())).body == b"[1]"


def test_a_body_of_two_framings_ends_the_connection() -> None:
    both = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n"
    with Server(answering(both)) as server:
        upstream = local()
        bodies = [upstream.send(get(server.url())).body for _ in range(2)]

    assert bodies == [b"[1]"] * 2
    assert server.connections == 2
