"""Connections are kept for the next page, and never trusted beyond what they have shown."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from socket import SHUT_RDWR
from threading import Barrier, Event

import pytest

from poller.errors import TransientUpstreamError
from poller.values import PageRequest
from tests.support.chain import fetcher, get, local
from tests.support.network import Network
from tests.support.raw_servers import Peer, Server, answer, answering, closing


def test_threads_share_connections_and_never_answers() -> None:
    def echo(peer: Peer) -> None:
        number = peer.request.split("n=")[1].split(" ")[0].encode()
        peer.send(answer(b"[%b]" % number + b" " * int(number)))

    with Server(echo) as server, ThreadPoolExecutor(8) as pool:
        upstream = local()
        bodies = list(pool.map(lambda n: upstream.send(get(server.url(f"/?n={n}"))).body.strip(), range(400)))

    assert bodies == [b"[%d]" % n for n in range(400)]
    assert server.connections <= 8


def test_a_connection_serves_only_the_host_and_port_it_was_made_for(network: Network) -> None:
    network.names |= {"a.test": [["127.0.0.1"]], "b.test": [["127.0.0.1"]]}
    with Server(answering(answer(b'["one"]'))) as one, Server(answering(answer(b'["two"]'))) as two:
        upstream = local()
        urls = [f"http://{host}:{server.port}/" for host in ("a.test", "b.test") for server in (one, two)]

        bodies = [upstream.send(get(url)).body for url in urls * 2]

    assert bodies == [b'["one"]', b'["two"]'] * 4
    assert (one.connections, two.connections) == (2, 2)


@pytest.mark.parametrize("response", [
    answer(b"[1]", "200 OK", "Connection: close"),
    answer(b"[1]").replace(b"HTTP/1.1", b"HTTP/1.0"),
])  # fmt: skip
def test_a_connection_that_the_server_gave_up_is_not_used_although_it_stands(response: bytes) -> None:
    with Server(answering(response)) as server:
        upstream = local()

        bodies = [upstream.send(get(server.url())).body for _ in range(3)]

    assert bodies == [b"[1]"] * 3
    assert server.connections == 3


@pytest.mark.parametrize("response", [answer(b"[1]"), b"HTTP/1.1 200 OK\r\n\r\n[1]"])
def test_a_connection_that_ends_without_a_word_costs_no_attempt(response: bytes) -> None:
    with Server(closing(response)) as server:
        upstream = local()

        bodies = []
        for _ in range(3):
            bodies.append(upstream.send(get(server.url())).body)
            server.wait_until_left()

    assert bodies == [b"[1]"] * 3
    assert server.connections == 3


def test_a_second_answer_that_nobody_asked_for_is_never_the_next_pages() -> None:
    with Server(answering(answer(b"[1]") + answer(b'["smuggled"]'), answer(b"[2]"))) as server:
        upstream = local()
        first = upstream.send(get(server.url()))

        second = upstream.send(get(server.url()))

    assert (first.body, second.body) == (b"[1]", b"[2]")


@pytest.mark.parametrize("more", [b"\r\n", b"[1]", b"HTTP/1.1 200 OK\r\nContent-Le", answer(b'["smuggled"]')])
def test_a_connection_on_which_more_than_the_answer_came_is_not_used_again(more: bytes) -> None:
    with Server(answering(answer(b"[1]") + more, answer(b"[2]"))) as server:
        upstream = local()

        bodies = [upstream.send(get(server.url())).body for _ in range(3)]

    assert bodies == [b"[1]", b"[2]", b"[2]"]
    assert server.connections == 2


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"


@pytest.mark.parametrize(
    "interim",
    [
        HINTS,
        b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + HINTS,
        b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS + b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 199 What\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    ],
    ids=["hints", "several", "mixed", "framed"],
)
def test_an_interim_answer_is_not_the_answer(interim: bytes) -> None:
    def announce(peer: Peer) -> None:
        peer.send(interim)
        peer.pause(0.05)  # the final answer is not in the same packet
        peer.send(answer(peer.request.split(" ")[1].encode(), "200 OK", "X-Final: yes"))

    with Server(announce) as server:
        upstream = local()

        responses = [upstream.send(get(server.url(f"/page{n}"))) for n in range(3)]

    assert [(r.status, r.body) for r in responses] == [(200, b"/page%d" % n) for n in range(3)]
    assert responses[0].headers == {"x-final": "yes", "content-length": "6"}
    assert server.connections == 1


def test_a_final_answer_that_breaks_off_after_an_interim_one_is_asked_for_again() -> None:
    with Server(closing(HINTS, HINTS + answer(b"[1", length=3), HINTS + answer(b"[1]"))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]
    assert (len(server.requests), server.connections) == (3, 3)


def test_a_server_that_changes_the_protocol_is_left() -> None:
    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    with Server(answering(switched + answer(b'["no HTTP"]'), switched, answer(b"[1]"))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]
    assert server.connections == 3


def test_an_unasked_answer_that_comes_later_ends_the_connection() -> None:
    heard, sent = Event(), Event()

    def more(peer: Peer) -> None:
        peer.send(answer(b"[1]"))
        heard.wait(30)
        peer.send(answer(b'["smuggled"]'))
        sent.set()

    with Server(more) as server:
        upstream = local()
        bodies = []
        for _ in range(2):
            bodies.append(upstream.send(get(server.url())).body)
            heard.set()
            assert sent.wait(30)

    assert bodies == [b"[1]"] * 2
    assert server.connections == 2


def test_one_dead_connection_condemns_the_others_of_its_age() -> None:
    everyone = Barrier(4)

    def once(peer: Peer) -> None:
        """Answer once a connection; then be dead without a word, as after a worker was frozen."""
        if getattr(peer, "served", False):
            peer.sock.shutdown(SHUT_RDWR)
        else:
            peer.served = True
            if "first" in peer.request:
                everyone.wait(30)
            peer.send(answer(b"[1]"))

    with Server(once) as server:
        upstream = local()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: upstream.send(get(server.url("/first"))), range(4)))

        first, _ = fetcher(upstream, attempts=2).fetch(get(server.url("/second")))

    assert first.page.records == [1]
    assert server.connections == 5


def test_a_connection_long_unused_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(answer(b"[1]"))) as server:
        upstream = local()
        upstream.send(get(server.url()))
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 5)

        upstream.send(get(server.url()))

    assert server.connections == 2


def test_unused_connections_to_other_hosts_are_closed_in_time(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.names |= {f"host{n}.test": [["127.0.0.1"]] for n in range(20)}
    with Server(answering(answer(b"[1]"))) as server:
        upstream = local()
        for n in range(20):
            upstream.send(get(f"http://host{n}.test:{server.port}/"))
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 5)

        upstream.send(get(server.url()))

        assert len(upstream._idle._all) == 1


def test_the_rest_of_a_long_refusal_is_never_the_next_answer() -> None:
    def in_two_pieces(peer: Peer) -> None:
        whole = answer(b"x" * 70_000, "500 Trouble") if len(server.requests) == 1 else answer(b"[1]")
        peer.send(whole[:-4000])
        peer.pause(0.1)
        peer.send(whole[-4000:])

    with Server(in_two_pieces) as server:
        upstream = local()
        refusal = upstream.send(get(server.url()))

        response = upstream.send(get(server.url()))

    assert (refusal.status, len(refusal.body), response.body) == (500, 65_536, b"[1]")
    assert server.connections == 2


@pytest.mark.parametrize("body", [b"-1\r\n[]", b"-5\r\n[]", b"zz\r\n", b"10\r\n[]", b"", b"2\r\n[]\r\n0\r\n\r\n"])
@pytest.mark.parametrize("status", [404, 503])
def test_a_refusal_is_heard_whatever_its_body(status: int, body: bytes) -> None:
    with Server(closing(b"HTTP/1.1 %d No\r\nTransfer-Encoding: chunked\r\n\r\n%b" % (status, body))) as server:
        response = local().send(get(server.url()))

    assert (response.status, response.body) == (status, b"[]" if body.startswith(b"2") else b"")


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "gzip, cut"])
def test_the_reason_of_a_refusal_is_read_as_far_as_it_can_be(coding: str) -> None:
    reason = b'{"message": "no"}'
    body = gzip.compress(reason)[: 9 if "cut" in coding else None] if "gzip" in coding else reason
    refusal = answer(body, "404 No", f"Content-Encoding: {coding.split(',', maxsplit=1)[0]}")
    with Server(answering(refusal, answer(b"[1]"))) as server:
        upstream = local()
        response = upstream.send(get(server.url()))

        upstream.send(get(server.url()))

    assert (response.status, response.body) == (404, reason if coding in ("identity", "gzip") else b"")
    assert server.connections == 1


def test_a_reason_that_inflates_without_end_is_cut() -> None:
    refusal = answer(gzip.compress(bytes(64 * 2**20)), "500 No", "Content-Encoding: gzip")
    with Server(answering(refusal)) as server:
        response = local().send(get(server.url()))

    assert len(response.body) == 65_536


def test_a_kept_connection_that_the_server_closes_when_it_is_used_costs_no_attempt() -> None:
    def once(peer: Peer) -> None:
        """Close when the second request comes, as a server does whose time-out ran out meanwhile."""
        if getattr(peer, "served", False):
            peer.sock.shutdown(SHUT_RDWR)
        else:
            peer.served = True
            peer.send(answer(b"[1]"))

    with Server(once) as server:
        upstream = local()
        bodies = [upstream.send(get(server.url())).body for _ in range(3)]

        post = PageRequest("POST", server.url(), {})
        with pytest.raises(TransientUpstreamError, match="broke off"):
            upstream.send(post)

    assert bodies == [b"[1]"] * 3
    assert server.connections == 3
    assert len(server.requests) == 6


def test_an_answer_that_breaks_off_is_not_asked_for_again_in_secret() -> None:
    def cut(peer: Peer) -> None:
        peer.send(answer(b"[1]") if len(server.requests) == 1 else b"HTTP/1.1 200 OK\r\nContent-Le")
        if len(server.requests) > 1:
            peer.sock.shutdown(SHUT_RDWR)

    with Server(cut) as server:
        upstream = local()
        upstream.send(get(server.url()))

        with pytest.raises(TransientUpstreamError, match="broke off"):
            upstream.send(get(server.url()))

    assert len(server.requests) == 2


def test_an_api_that_is_down_is_a_transient_error() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        url = server.url()

    with pytest.raises(TransientUpstreamError, match=r"no connection to 127\.0\.0\.1"):
        local().send(get(url))
