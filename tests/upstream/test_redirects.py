"""Case 28, and what else must not follow a request: cookies, credentials, headers that a job may not set."""

import pytest

from poller.errors import UpstreamRefused
from tests.support.chain import AGENT, fetcher, get, local
from tests.support.raw_servers import Canary, Server, answer, answering


@pytest.mark.parametrize("status", ["300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other",
                                    "304 Not Modified", "305 Use Proxy", "307 Temporary Redirect",
                                    "308 Permanent Redirect"])  # fmt: skip
@pytest.mark.parametrize("to", ["http://127.0.0.1:P/", "//127.0.0.1:P/", "https://other.test/", "/orders?again"])
def test_a_redirect_is_an_answer_and_never_followed(status: str, to: str, bird: Canary) -> None:
    location = to.replace("P", str(bird.port))
    with Server(answering(answer(b"", status, f"Location: {location}"))) as server:
        page = get(server.url(), **{"X-Token": "s3cret"})

        with pytest.raises(UpstreamRefused, match=f"HTTP {status[:3]}"):
            fetcher(local()).fetch(page)

    assert len(server.requests) == 1
    assert bird.visits() == 0


def test_a_refresh_header_and_links_are_not_followed(bird: Canary) -> None:
    there = f"http://127.0.0.1:{bird.port}/"
    headers = (f"Refresh: 0; url={there}", f"Link: <{there}>; rel=next", f"Location: {there}", f"Alt-Svc: h2={there}")
    with Server(answering(answer(b"[1]", "200 OK", *headers))) as server:
        page, _ = fetcher(local()).fetch(get(server.url()))

    assert page.records == [1]
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
