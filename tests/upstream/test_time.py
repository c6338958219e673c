"""Case 24: whatever a server does with its time, a request is over at its deadline.

What each read and write gets is measured by a clock of the test's own, here and in test_wire.py; by the wall clock,
only that a request ends long before the server would.
"""

import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from socket import create_connection, create_server, socket
from typing import Any

import pytest

from poller.errors import TransientUpstreamError
from poller.values import Response
from tests.support.chain import get, local
from tests.support.network import Network
from tests.support.raw_servers import LIFE_SECONDS, PROMPT_SECONDS, Peer, Server, answer, answering

TOTAL = 2.0
OK = b"HTTP/1.1 200 OK\r\n"


def stalled(peer: Peer) -> None:
    peer.pause()


def dripping_headers(peer: Peer) -> None:
    peer.drip(OK + b"X-Long: " + b"a" * 10_000, 0.3)


def endless_interim_answers(peer: Peer) -> None:
    while True:
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.pause(0.2)


def endless_hints(peer: Peer) -> None:
    while True:
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
        peer.pause(0.2)


def stalled_body(peer: Peer) -> None:
    peer.send(OK + b"Content-Length: 100\r\n\r\n[1,")
    peer.pause()


def dripping_body(peer: Peer) -> None:
    peer.send(OK + b"Content-Length: 1000\r\n\r\n")
    peer.drip(b" " * 1000, 0.3)


def dripping_unannounced_body(peer: Peer) -> None:
    peer.send(OK + b"\r\n")
    peer.drip(b" " * 1000, 0.3)


def endless_chunks(peer: Peer) -> None:
    peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        peer.send(b"1\r\n \r\n")
        peer.pause(0.2)


def dripping_chunk_size(peer: Peer) -> None:
    peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"0" * 1000, 0.3)


def endless_trailers(peer: Peer) -> None:
    peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n")
    while True:
        peer.send(b"X-Trailer: 1\r\n")
        peer.pause(0.2)


def dripping_gzip(peer: Peer) -> None:
    peer.send(OK + b"Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n")
    peer.drip(bytes.fromhex("1f8b0800000000000003") + b"\0" * 990, 0.3)


SCRIPTS = [stalled, dripping_headers, endless_interim_answers, endless_hints, stalled_body, dripping_body,
           dripping_unannounced_body, endless_chunks, dripping_chunk_size, endless_trailers, dripping_gzip]  # fmt: skip
Outcome = tuple[float, Response | Exception]


def no_tls(stack: ExitStack) -> str:
    """A port that is open but never greets back."""
    listener = stack.enter_context(create_server(("127.0.0.1", 0)))
    return f"https://127.0.0.1:{listener.getsockname()[1]}/"


def full_backlog(stack: ExitStack) -> str:
    """A listener whose queue is full: the kernel drops the next connection's first packet."""
    listener = stack.enter_context(socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    stack.enter_context(create_connection(listener.getsockname()))
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.fixture(scope="module")
def outcomes(partner_tls: ssl.SSLContext, ca_file: str) -> Iterator[dict[str, Outcome]]:
    """All servers at once, asked at once by the threads of one worker; so waiting takes only one deadline."""
    with ExitStack() as stack:
        urls = {script.__name__: stack.enter_context(Server(script)).url() for script in SCRIPTS}
        urls |= {"no_tls": no_tls(stack), "full_backlog": full_backlog(stack)}
        dripping_tls = stack.enter_context(Server(dripping_body, tls=partner_tls))
        urls["dripping_tls"] = dripping_tls.url(scheme="https")
        upstream = local(TOTAL, ca_file)

        def ask(url: str) -> Outcome:
            started = time.monotonic()
            try:
                answered: Response | Exception = upstream.send(get(url))
            except Exception as error:
                answered = error
            return time.monotonic() - started, answered

        with ThreadPoolExecutor(len(urls)) as pool:
            yield dict(zip(urls, pool.map(ask, urls.values()), strict=True))


@pytest.mark.parametrize("name", [*(s.__name__ for s in SCRIPTS), "no_tls", "full_backlog", "dripping_tls"])
def test_a_request_ends_at_its_deadline(name: str, outcomes: dict[str, Outcome]) -> None:
    seconds, error = outcomes[name]

    assert isinstance(error, TransientUpstreamError), error
    assert "127.0.0.1 did not answer in time; a request may take 2 seconds in all" in error.message
    assert 0.9 * TOTAL < seconds < PROMPT_SECONDS


@pytest.mark.parametrize("reads", [0, 4096])
def test_a_server_that_reads_slowly_or_not_at_all_is_left_in_time(reads: int) -> None:
    done = threading.Event()

    def sip(listener: socket) -> None:
        with suppress(OSError), listener.accept()[0] as sock:
            until = time.monotonic() + LIFE_SECONDS
            while not done.wait(0.1) and time.monotonic() < until:
                sock.recv(reads)

    listener = create_server(("127.0.0.1", 0))
    listener.settimeout(LIFE_SECONDS)
    request = get(f"http://127.0.0.1:{listener.getsockname()[1]}/", **{"X-Long": "a" * 15_000_000})
    with listener, ThreadPoolExecutor(1) as pool:
        pool.submit(sip, listener)
        started = time.monotonic()

        try:
            with pytest.raises(TransientUpstreamError, match="in time"):
                local(TOTAL).send(request)

            assert time.monotonic() - started < PROMPT_SECONDS
        finally:
            done.set()
            listener.close()


class Clock:
    """In place of the time module: goes only when it is told to, or by `step` each time it is looked at."""

    now, step = 1000.0, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("poller.upstream.wire.time", clock)
    return clock


def test_a_refusal_is_heard_although_its_body_never_ends(clock: Clock) -> None:
    def dripping_refusal(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n")
        peer.drip(b" " * 1000, 0.1)

    clock.step = 4
    with Server(dripping_refusal) as server:
        response = local(60).send(get(server.url()))

    assert response.status == 404


def test_what_resolving_took_is_not_there_for_connecting_nor_that_for_the_handshake(
    clock: Clock, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def resolve_slowly(*arguments: Any, **options: Any) -> Any:
        clock.now += 17
        return network.resolve(*arguments, **options)

    def connect_slowly(sock: socket, _address: object) -> None:
        given.append(sock.gettimeout())
        clock.now += 4

    def shake_slowly(sock: ssl.SSLSocket, *_: object) -> None:
        given.append(sock.gettimeout())
        raise TimeoutError

    monkeypatch.setattr("socket.getaddrinfo", resolve_slowly)
    monkeypatch.setattr("socket.socket.connect", connect_slowly)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", lambda _context, sock, **_: shake_slowly(sock))

    for total in (60, 20):
        with pytest.raises(TransientUpstreamError, match="in time"):
            local(total).send(get("https://127.0.0.1:9/"))

    assert given == [5, 39, 3]  # five seconds for connecting at most; for the second handshake nothing is left


def test_the_time_a_name_takes_to_resolve_counts(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.3)
        return network.resolve(*arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", slowly)

    with pytest.raises(TransientUpstreamError, match="in time"):
        local(0.2).send(get("http://127.0.0.1:9/"))

    assert network.attempts == []


def test_silence_is_cut_short_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poller.upstream.wire._SILENCE_SECONDS", 0.2)
    started = time.monotonic()

    with Server(stalled) as server, pytest.raises(TransientUpstreamError):
        local(LIFE_SECONDS).send(get(server.url()))

    assert time.monotonic() - started < PROMPT_SECONDS


def test_the_deadline_belongs_to_the_request_not_to_the_connection(clock: Clock) -> None:
    def slowly(peer: Peer) -> None:
        clock.now += 40
        peer.send(answer(b"[1]"))

    with Server(slowly) as server:
        upstream = local(60)

        statuses = [upstream.send(get(server.url())).status for _ in range(3)]

    assert statuses == [200] * 3
    assert server.connections == 1


def test_no_thread_or_timer_watches_a_request() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        upstream = local()
        upstream.send(get(server.url()))
        before = threading.active_count()

        for _ in range(20):
            upstream.send(get(server.url()))

        assert threading.active_count() == before
