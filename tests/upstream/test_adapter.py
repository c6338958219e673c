"""What requests and urllib3 would do on their own, and must not do here."""

import gzip
import logging
import ssl
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import pytest

from poller.errors import JobRejected, TransientUpstreamError
from tests.support.chain import get, local
from tests.support.network import Network
from tests.support.raw_servers import Peer, Server, answer, answering, closing

MIB = 2**20


@pytest.mark.parametrize(
    "target",
    [
        "/a%2fb%2Fc",
        "/a[0]?filter[name]=x&b[]=1",
        "/%e2%82%ac/%7Euser/~user?q=%7e",
        "//a/./b/../c?d=/../e",
        "/a'(b)*;c=1,2?d=e?f&g=!$",
        "/?",
        "/%",
    ],
)
def test_the_request_target_goes_out_as_it_was_written(target: str) -> None:
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url(target)))

    sent = server.requests[0].split("\r\n")[0]
    assert sent == f"GET {target.removesuffix('?')} HTTP/1.1"


@pytest.mark.parametrize("location", ["/orders?again", "https://other.test/"])
def test_a_redirects_body_is_not_inflated(location: str) -> None:
    body = gzip.compress(bytes(64 * MIB))
    redirect = answer(body, "302 Found", f"Location: {location}", "Content-Encoding: gzip")
    with Server(answering(redirect)) as server:
        tracemalloc.start()
        try:
            response = local().send(get(server.url()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert (response.status, response.body) == (302, b"")
    assert len(server.requests) == (1 if "other" in location else 4)
    assert peak < 8 * MIB


def test_no_cookie_is_kept() -> None:
    with Server(answering(answer(b"[1]", "200 OK", "Set-Cookie: session=1; Path=/"))) as server:
        upstream = local()

        upstream.send(get(server.url()))

    assert list(upstream._session.cookies) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Token", " canary-5f1d"), ("X-Token", "canary-5f1d "), ("X-Token", "\tcanary-5f1d"), ("canary 5f1d", "x"),
     ("canary:5f1d", "x"), (" canary-5f1d", "x"), ("", "canary-5f1d")],
)  # fmt: skip
def test_a_header_that_requests_would_refuse_is_refused_without_repeating_it(name: str, value: str) -> None:
    with Server(answering(answer(b"[1]"))) as server, pytest.raises(JobRejected, match="a request header") as refused:
        local().send(get(server.url(), **{name: value}))

    assert "canary" not in refused.value.message
    assert server.requests == []


LENGTHS = b"Content-Length: 3\r\nContent-Length: 5\r\n\r\n[1]"
ANSWERS = {
    "plain": answer(b"[1]"),
    "header without a colon": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncanary-5f1d\r\n\r\n[1]",
    "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\n" + LENGTHS,
    "cookie": answer(b"[1]", "200 OK", "Set-Cookie: a=canary-5f1d; Domain=other.test"),
    "redirect": answer(b"[1]", "302 Found", "Location: /elsewhere/canary-5f1d"),
    "retry": answer(b"", "503 Busy", "Retry-After: 1"),
    "nothing": b"",
}


@pytest.mark.parametrize("response", ANSWERS.values(), ids=ANSWERS)
def test_the_libraries_log_nothing(response: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Server(closing(response)) as server:
        upstream = local()
        for _ in range(2):  # over a new connection, and in place of one that was lost
            with suppress(TransientUpstreamError):
                upstream.send(get(server.url("/canary-5f1d?key=canary-5f1d")))
            server.wait_until_left()

    assert len(server.requests) == 2
    assert caplog.records == []


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusal_with_two_lengths_is_heard(status: int) -> None:
    with Server(closing(b"HTTP/1.1 %d No\r\n%b" % (status, LENGTHS))) as server:
        response = local().send(get(server.url()))

    assert response.status == status


def test_authorities_are_read_once_for_all_connections(
    partner_tls: ssl.SSLContext, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_file = tmp_path / "ca.pem"
    own_file.write_bytes(Path(ca_file).read_bytes())
    read = []
    load = ssl.SSLContext.load_verify_locations

    def counted(context: ssl.SSLContext, *arguments: str, **named: str) -> None:
        read.append(arguments)
        load(context, *arguments, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    script = answering(answer(b"[1]", "200 OK", "Connection: close"))
    with Server(script, tls=partner_tls) as server, ThreadPoolExecutor(4) as pool:
        upstream = local(ca_file=str(own_file))

        responses = list(pool.map(lambda _: upstream.send(get(server.url(scheme="https"))), range(8)))

    assert [response.body for response in responses] == [b"[1]"] * 8
    assert server.connections == 8
    assert read == [(str(own_file),)]


def test_no_file_of_authorities_is_looked_for_with_each_request(
    partner_tls: ssl.SSLContext, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", "/nowhere")
    with Server(answering(answer(b"[1]")), tls=partner_tls) as server:
        response = local(ca_file=ca_file).send(get(server.url(scheme="https")))

    assert response.body == b"[1]"


def test_all_connections_of_a_job_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    threads = 32  # urllib3 keeps ten, and throws the others away with a warning
    together = Barrier(threads)

    def meet(peer: Peer) -> None:
        together.wait(30)
        peer.send(answer(b"[1]"))

    with Server(meet) as server, ThreadPoolExecutor(threads) as pool:
        upstream = local()

        for _ in range(3):
            list(pool.map(lambda _: upstream.send(get(server.url())), range(threads)))

    assert server.connections == threads
    assert caplog.records == []


def test_connections_to_many_hosts_are_kept(network: Network) -> None:
    hosts = [f"host{number}.test" for number in range(15)]  # urllib3 remembers ten
    network.names |= {host: [["127.0.0.1"]] for host in hosts}
    with Server(answering(answer(b"[1]"))) as server:
        upstream = local()

        for host in hosts * 2:
            upstream.send(get(f"http://{host}:{server.port}/"))

    assert server.connections == len(hosts)


@pytest.mark.parametrize("size", [3, 16_000, 65_535, 65_536, 70_000])
def test_more_than_the_answer_is_seen_in_a_tls_record_too(size: int, partner_tls: ssl.SSLContext, ca_file: str) -> None:
    body = b"[1]".rjust(size)
    script = answering(answer(body) + answer(b'["smuggled"]'), answer(b"[2]"))
    with Server(script, tls=partner_tls) as server:
        upstream = local(ca_file=ca_file)
        first = upstream.send(get(server.url(scheme="https")))

        second = upstream.send(get(server.url(scheme="https")))

    assert (first.body, second.body) == (body, b"[2]")
    assert server.connections == 2
