"""Case 25, and bodies that are not what their headers say."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from poller.errors import InvalidPayload, TransientUpstreamError
from poller.upstream import client
from tests.support.chain import fetcher, get, local
from tests.support.raw_servers import Peer, Script, Server, answer, answering, closing

MIB = 2**20
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A cap of 1 MiB, and as much again for what is not body."""
    monkeypatch.setattr(client, "MAX_BODY_BYTES", MIB)
    monkeypatch.setattr(client, "_OVERHEAD_BYTES", MIB)
    return MIB


def bomb() -> bytes:
    """10 MB that inflate to 10 GiB: one block of 64 MiB zeros, complete in itself, 160 times (RFC 1951)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(64 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return bytes.fromhex("1f8b0800000000000003") + 160 * block


@pytest.mark.parametrize("coding", ["gzip", "utf-8"])
def test_ten_gigabytes_in_ten_megabytes_are_stopped_at_the_cap(coding: str) -> None:
    body = bomb()
    with Server(answering(answer(body, "200 OK", f"Content-Encoding: {coding}"))) as server:
        tracemalloc.start()
        try:
            with pytest.raises(InvalidPayload, match="larger than 32 MiB; ask for smaller pages"):
                local(60).send(get(server.url()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 10_000_000 < len(body) < 11_000_000
    assert peak < 2.5 * client.MAX_BODY_BYTES


@pytest.mark.parametrize("coding", ["identity", "gzip", "chunked", "unannounced"])
@pytest.mark.parametrize("excess", [0, 1])
def test_the_cap_is_exact(coding: str, excess: int, small_cap: int) -> None:
    body = b"x" * (small_cap + excess)
    match coding:
        case "gzip":
            response = answer(gzip.compress(body), "200 OK", "Content-Encoding: gzip")
        case "chunked":
            response = CHUNKED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        case "unannounced":
            response = b"HTTP/1.1 200 OK\r\n\r\n" + body
        case _:
            response = answer(body)
    with Server(closing(response)) as server:
        if excess:
            with pytest.raises(InvalidPayload, match="larger than 1 MiB"):
                local().send(get(server.url()))
        else:
            assert local().send(get(server.url())).body == body


def endless(beginning: bytes, again: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.send(beginning)
        while True:
            peer.send(again)

    return script


@pytest.mark.parametrize(
    "script",
    [
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536),
        endless(CHUNKED + b"\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
        endless(CHUNKED + b"\r\nFFFFFFFFFFFF\r\n", b" " * 65536),
        # int() takes a sign, and read(-1) means everything: http.client would read for ever.
        endless(CHUNKED + b"\r\n-1\r\n", b" " * 65536),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
        endless(b"", (b"HTTP/1.1 103 Early Hints\r\nX-Pad: " + b"a" * 1000 + b"\r\n\r\n") * 50),
        endless(CHUNKED + b"\r\n2\r\n[]\r\n0\r\n", b"X-Trailer: 1\r\n" * 2000),
        endless(b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * 65536),
    ],
    ids=["body", "chunks", "one-chunk", "negative-chunk", "interim", "hints", "trailers", "refusal"],
)
def test_nothing_endless_is_read_beyond_the_budget(
    script: Script, small_cap: int, request: pytest.FixtureRequest
) -> None:
    with Server(script) as server:
        tracemalloc.start()
        try:
            try:
                status = local(60).send(get(server.url())).status
            except InvalidPayload:
                status = 0
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert status == (404 if "refusal" in request.node.name else 0)
    assert peak < 8 * small_cap


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 33_000 + b"Content-Length: 3\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"a" * 200_000,
        CHUNKED + b"\r\n-5\r\n[]\r\n0\r\n\r\n",
        CHUNKED + b"\r\nzz\r\n[]\r\n0\r\n\r\n",
        CHUNKED + b"\r\n" + b"0" * 200_000,
        b"\x16\x03\x01 something else altogether\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"",
    ],
    ids=["cut-head", "many-headers", "long-header", "long-status", "negative-size", "bad-size", "long-size", "binary",
         "ssh", "http2", "bad-status", "nothing"],
)  # fmt: skip
def test_what_is_not_sound_http_is_a_transient_error(response: bytes) -> None:
    with Server(closing(response)) as server, pytest.raises(TransientUpstreamError) as error:
        local().send(get(server.url()))

    assert error.value.message.startswith(("the answer of 127.0.0.1 broke off", "no connection to 127.0.0.1"))


@pytest.mark.parametrize(
    "broken",
    [
        answer(b'[{"id": 1}', length=12),
        answer(b"[1]", length=5),
        CHUNKED + b"\r\n4\r\n[1]",
        CHUNKED + b"\r\n3\r\n[1]\r\n",
        answer(gzip.compress(b"[1, 2]")[:-9], "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(b"[1, 2]")[:-8] + bytes(8), "200 OK", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1, 2]")[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n[1]  ",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n[1]",
    ],
    ids=["cut", "longer-than-announced", "cut-chunk", "no-last-chunk", "cut-gzip", "bad-checksum",
         "unannounced-cut-gzip", "two-lengths", "negative-length", "hex-length", "other-framing"],
)  # fmt: skip
def test_a_body_that_does_not_end_as_announced_is_asked_for_again(broken: bytes) -> None:
    with Server(closing(broken, broken, answer(b"[1]"))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]
    assert len(server.requests) >= 3  # more where a request met a connection that was just being closed


PACKED = gzip.compress(b"[1, ") + gzip.compress(b"2]")


@pytest.mark.parametrize("zeros", [1, 512, 300_000])
def test_gzip_may_be_filled_up_with_zeros(zeros: int) -> None:
    with Server(answering(answer(PACKED + bytes(zeros), "200 OK", "Content-Encoding: gzip"))) as server:
        response = local().send(get(server.url()))

    assert response.body == b"[1, 2]"


@pytest.mark.parametrize(
    "body",
    [
        PACKED + b"garbage",
        PACKED + bytes(512) + b"x",
        PACKED + bytes(200_000) + PACKED,
        PACKED + bytes(65_536 - len(PACKED)) + PACKED,  # where the client's pieces end
    ],
    ids=["garbage", "garbage-after-zeros", "more-after-zeros", "more-in-the-next-piece"],
)
def test_gzip_may_be_followed_by_nothing_else(body: bytes) -> None:
    script = answering(answer(body, "200 OK", "Content-Encoding: gzip"))
    with Server(script) as server, pytest.raises(InvalidPayload, match="is damaged or was cut off") as invalid:
        local().send(get(server.url()))

    assert invalid.value.may_pass


@pytest.mark.parametrize("coding", ["", "identity", "none", "utf-8", "UTF-8", "gzip", "identity, gzip", "gzip, utf-8"])
@pytest.mark.parametrize("packed", [False, True])
def test_gzip_is_known_by_its_first_bytes(coding: str, packed: bool) -> None:
    body = b'["a", 1.10]'
    with Server(
        answering(answer(gzip.compress(body) if packed else body, "200 OK", f"Content-Encoding: {coding}"))
    ) as server:
        response = local().send(get(server.url()))

    assert response.body == body


def test_gzip_that_comes_byte_by_byte_is_known_too() -> None:
    body = gzip.compress(b"[1, 2]")
    chunks = b"".join(b"1\r\n%b\r\n" % body[i : i + 1] for i in range(len(body))) + b"0\r\n\r\n"
    with Server(answering(CHUNKED + b"\r\n" + chunks)) as server:
        response = local().send(get(server.url()))

    assert response.body == b"[1, 2]"


@pytest.mark.parametrize("body", [b"\0\0 binary", bytes(512) + PACKED, b"[1, 2"])
def test_what_is_said_to_be_gzip_and_is_nothing_says_so(body: bytes) -> None:
    script = answering(answer(body, "200 OK", "Content-Encoding: gzip"))
    with Server(script) as server, pytest.raises(InvalidPayload, match="Content-Encoding says gzip"):
        fetcher(local()).fetch(get(server.url()), is_first=True)


def test_only_gzip_is_asked_for() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url()))

    assert "Accept-Encoding: gzip\r\n" in server.requests[0]


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "compress", "gzip, gzip", "gzip, br", "nonsense\tx"])
def test_an_encoding_nobody_asked_for_is_refused_and_not_guessed_at(coding: str) -> None:
    script = answering(answer(zlib.compress(b"[1]"), "200 OK", f"Content-Encoding: {coding}"))
    with Server(script) as server, pytest.raises(InvalidPayload, match="which was not asked for") as refused:
        fetcher(local()).fetch(get(server.url()))

    assert len(server.requests) == 1
    assert len(refused.value.message.splitlines()) == 1


def test_a_job_may_ask_for_no_encoding() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url(), **{"Accept-Encoding": "identity"}))

    assert server.requests[0].lower().count("accept-encoding: identity") == 1
    assert "gzip" not in server.requests[0]


def test_two_lengths_that_differ_are_named() -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n[1]  "
    with Server(closing(response)) as server, pytest.raises(TransientUpstreamError) as refused:
        local().send(get(server.url()))

    said = "the answer of 127.0.0.1 does not say where it ends: its Content-Length is '3, 5'"
    assert refused.value.message == said


def test_a_refusal_in_an_unknown_encoding_is_still_heard() -> None:
    busy = answer(b"\xff\xff", "503 Service Unavailable", "Content-Encoding: br")
    with Server(answering(busy, answer(b"[1]"))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
@pytest.mark.parametrize("pieces", [1, 2, 200])
def test_gzip_in_any_number_of_members_is_read_whole(coding: str, pieces: int) -> None:
    numbers = "[" + ",".join(map(str, range(40_000))) + "]"
    size = -(-len(numbers) // pieces)
    packed = b"".join(gzip.compress(numbers[i : i + size].encode()) for i in range(0, len(numbers), size))
    with Server(answering(answer(packed, "200 OK", f"Content-Encoding: {coding}"))) as server:
        response = local().send(get(server.url()))

    assert response.body == numbers.encode()
