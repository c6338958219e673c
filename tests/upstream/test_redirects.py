"""Case 28: which redirects are followed, and what must not follow a request: cookies, headers of the connection."""

import ssl

import pytest

from poller.errors import AddressRefused, InvalidPayload, TransientUpstreamError, UpstreamRefused
from poller.upstream import client
from poller.values import PageRequest
from tests.support.chain import AGENT, fetcher, get, local
from tests.support.network import Network
from tests.support.raw_servers import Canary, Peer, Script, Server, answer, answering

STATUSES = ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]


def moved(to: str, status: str = "301 Moved Permanently") -> bytes:
    return answer(b"moved", status, f"Location: {to}")


def leading(to: str, status: str) -> Script:
    """Leads to another address, and then answers. HERE is the server's own port."""
    led: list[bytes] = []

    def script(peer: Peer) -> None:
        led.append(moved(to.replace("HERE", str(peer.sock.getsockname()[1])), status))
        peer.send(led[0] if len(led) == 1 else answer(b"[1]"))

    return script


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("to", "path"),
    [("/orders/", "/orders/"), ("/v2/orders?more=1#part", "/v2/orders?more=1"), ("?again=%2F", "/orders?again=%2F"),
     ("http://127.0.0.1:HERE/b", "/b"), ("//127.0.0.1:HERE/b", "/b")],
)  # fmt: skip
def test_a_redirect_to_the_same_origin_is_followed(status: str, to: str, path: str) -> None:
    with Server(leading(to, status)) as server:
        response = local().send(get(server.url(), **{"X-Trace": "7"}))

    assert response.body == b"[1]"
    assert [request.split(" ")[1] for request in server.requests] == ["/orders", path]
    assert all("X-Trace: 7" in request for request in server.requests)
    assert server.connections == 1


@pytest.mark.parametrize("status", ["300 Multiple Choices", "304 Not Modified", "305 Use Proxy", *STATUSES])
@pytest.mark.parametrize("to", ["http://127.0.0.1:BIRD/", "//127.0.0.1:BIRD/", "https://other.test/", "http://[::1]:BIRD/",
                                "http://localhost:HERE/", "ftp://127.0.0.1/", "http://a:b@127.0.0.1:HERE/", "http://[/",
                                ""])  # fmt: skip
def test_a_redirect_to_elsewhere_is_refused(status: str, to: str, bird: Canary) -> None:
    script = leading(to.replace("BIRD", str(bird.port)), status)
    with Server(script) as server, pytest.raises(UpstreamRefused, match=f"HTTP {status[:3]}") as refused:
        fetcher(local()).fetch(get(server.url(), **{"X-Token": "s3cret"}))

    assert len(server.requests) == 1
    assert bird.visits() == 0
    assert "304" in status or "a redirect to " in refused.value.message


def test_a_redirect_is_refused_with_its_location_and_without_secrets() -> None:
    script = answering(moved("https://login.example.com/?return=a&token=canary-5f1d"))
    with Server(script) as server, pytest.raises(UpstreamRefused) as refused:
        fetcher(local()).fetch(get(server.url()))

    assert "a redirect to https://login.example.com/?return=a&token=...." in refused.value.message


def test_three_redirects_are_followed_and_the_fourth_is_refused() -> None:
    hops = [moved(f"/{n}") for n in range(1, 5)]
    with Server(answering(*hops[:3], answer(b"[1]"))) as server:
        assert local().send(get(server.url())).body == b"[1]"

    with Server(answering(*hops)) as server, pytest.raises(UpstreamRefused, match="a redirect to /4"):
        fetcher(local()).fetch(get(server.url()))

    assert len(server.requests) == 4


def test_a_redirect_that_leaves_out_what_was_asked_is_refused() -> None:
    script = answering(moved("/orders/?page=2&lang=en"), answer(b"[1]"))
    with Server(script) as server, pytest.raises(UpstreamRefused, match="with its query"):
        fetcher(local()).fetch(get(server.url("/orders?status=open&page=2")))


@pytest.mark.parametrize(("asked", "location"), [("/orders", "/orders/"), ("/orders/", "/orders"), ("/", "")])
def test_a_slash_more_or_less_keeps_the_query_that_the_redirect_forgot(asked: str, location: str) -> None:
    with Server(answering(moved(location or "/"), answer(b"[1]"))) as server:
        assert local().send(get(server.url(f"{asked}?page=2&q=a%20b"))).body == b"[1]"

    assert server.requests[1].split(" ")[1] == f"{location or '/'}?page=2&q=a%20b"


@pytest.mark.parametrize("location", ["/login", "/orders/all", "/"])
def test_a_redirect_to_another_place_does_not_get_it(location: str) -> None:
    script = answering(moved(location), answer(b"[1]"))
    with Server(script) as server, pytest.raises(UpstreamRefused, match="with its query"):
        fetcher(local()).fetch(get(server.url("/orders?page=2")))


def test_a_redirect_may_add_to_the_query() -> None:
    with Server(answering(moved("/orders/?page=2&a=1&lang=en&a=2"), answer(b"[1]"))) as server:
        assert local().send(get(server.url("/orders?a=1&a=2&page=2"))).body == b"[1]"


def test_a_post_is_not_redirected() -> None:
    with Server(answering(moved("/orders/"), answer(b"[1]"))) as server:
        response = local().send(PageRequest("POST", server.url(), {}))

    assert response.status == 301


def test_a_redirect_is_read_as_browsers_read_it() -> None:
    with Server(answering(moved("/ein b\u00fcro"), answer(b"[1]"))) as server:
        local().send(get(server.url()))

    assert server.requests[1].split(" ")[1] == "/ein%20b%C3%BCro"


def test_http_may_become_https_of_the_same_host_and_https_not_http(partner_tls: ssl.SSLContext, ca_file: str) -> None:
    def follow(start: Server, scheme: str) -> int:
        return local(ca_file=ca_file).send(get(start.url(scheme=scheme))).status

    with (
        Server(answering(answer(b"[1]"))) as plain,
        Server(answering(answer(b"[1]")), tls=partner_tls) as secure,
        Server(answering(moved(secure.url(scheme="https")))) as up,
        Server(answering(moved(plain.url())), tls=partner_tls) as down,
    ):
        assert (follow(up, "http"), follow(down, "https")) == (200, 301)

    assert (len(secure.requests), len(plain.requests)) == (1, 0)


def test_an_address_that_a_redirect_leads_to_is_checked_as_the_first_one_was(network: Network) -> None:
    network.names["api.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    script = answering(answer(b"", "302 Found", "Location: /b", "Connection: close"))
    with Server(script) as server, pytest.raises(AddressRefused, match="may not be polled"):
        local().send(get(f"http://api.test:{server.port}/a"))

    assert len(server.requests) == 1


def test_all_hops_share_one_deadline() -> None:
    def slowly(peer: Peer) -> None:
        peer.pause(0.4)
        peer.send(moved(f"/{len(server.requests)}"))

    with Server(slowly) as server, pytest.raises(TransientUpstreamError, match="did not answer in time"):
        local(1.0).send(get(server.url()))


def test_all_hops_share_one_budget_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(client, "_OVERHEAD_BYTES", 1000)
    script = answering(answer(b"x" * 900, "302 Found", "Location: /b"))
    with Server(script) as server, pytest.raises(InvalidPayload, match="larger than"):
        local().send(get(server.url()))

    assert len(server.requests) < 4


def test_a_refresh_header_and_links_are_not_followed(bird: Canary) -> None:
    there = f"http://127.0.0.1:{bird.port}/"
    headers = (f"Refresh: 0; url={there}", f"Link: <{there}>; rel=next", f"Location: {there}", f"Alt-Svc: h2={there}")
    with Server(answering(answer(b"[1]", "200 OK", *headers))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]
    assert bird.visits() == 0


def test_cookies_are_never_sent_back() -> None:
    with Server(answering(answer(b"[1]", "200 OK", "Set-Cookie: session=1; Path=/"))) as server:
        upstream = local()

        for _ in range(2):
            upstream.send(get(server.url()))

    assert len(server.requests) == 2
    assert all("cookie" not in request.lower() for request in server.requests)


def test_the_operators_user_agent_and_the_urls_host_are_sent() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url("/a?b=c")))

    head = server.requests[0].split("\r\n")
    assert head[0] == "GET /a?b=c HTTP/1.1"
    assert sorted(head[1:]) == sorted(
        [f"Host: 127.0.0.1:{server.port}", "Accept: application/json", "Accept-Encoding: gzip", f"User-Agent: {AGENT}"]
    )


def test_a_job_may_name_its_own_user_agent_but_not_where_the_request_goes() -> None:
    headers = {"user-agent": "partner-requires-this", "HOST": "internal.test", "Content-Length": "5",
               "Transfer-Encoding": "chunked", "Connection": "upgrade", "Accept-encoding": "br"}  # fmt: skip
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url(), **headers))

    sent = server.requests[0].lower()
    assert "user-agent: partner-requires-this" in sent
    assert AGENT not in server.requests[0]
    assert f"host: 127.0.0.1:{server.port}" in sent
    for word in ("internal", "content-length", "transfer-encoding", "connection", "br\r\n"):
        assert word not in sent


def test_a_post_without_a_body_says_so() -> None:
    with Server(answering(answer(b"[1]"))) as server:
        request = get(server.url())
        local().send(type(request)("POST", request.url, request.headers))

    assert server.requests[0].startswith("POST /orders HTTP/1.1\r\n")
    assert "Content-Length: 0" in server.requests[0]
