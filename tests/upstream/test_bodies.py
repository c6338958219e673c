"""Cases 21 and 22: which answers are pages, which are asked for again, and which end the matter."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from poller.errors import InvalidPayload, PauseRequested, UpstreamRefused, UpstreamUnavailable
from tests.support.chain import fetcher, get, local
from tests.support.raw_servers import Server, answer, answering

HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(HTML, "200 OK", "Content-Type: text/html"), "answered with an HTML page"),
        (answer(HTML, "200 OK", "Content-Type: application/json"), "answered with an HTML page"),
        (answer(b'{"data": [{"id": 1}, {"id"'), "is not JSON"),
        (answer(b'{"data": [NaN]}'), "holds NaN"),
        (answer(b'{"data": [-Infinity]}'), "holds -Infinity"),
        (answer(b'{"data": [{"id": 1, "id": 2}]}'), "has the key 'id' more than once"),
        (answer(b"[" * 100_000 + b"]" * 100_000), "nested too deeply"),
        (answer(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested too deeply"),
        (answer(b""), "without a body"),
        (answer(b"", "200 OK", "Content-Encoding: gzip"), "without a body"),
        (answer('["é"]'.encode("latin-1"), "200 OK", "Content-Type: application/json; charset=utf-8"), "not UTF-8"),
        (answer('["é"]'.encode("cp437"), "200 OK", "Content-Type: application/json; charset=cp437"), "charset 'cp437'"),
        (answer(b"[1", "206 Partial Content", "Content-Range: bytes 0-1/9"), "a part of the body only"),
        (answer(b"null"), "holds no list of records"),
        (answer(b'"text"'), "holds no list of records"),
        (answer(b"\0\0"), "is not JSON"),
        (answer(b"a\r\n,b\r\n", "200 OK", "Content-Type: text/csv\r\n ;folded"), "it is CSV"),
    ],
)
def test_a_success_that_is_no_page_is_a_permanent_error(response: bytes, said: str) -> None:
    with Server(answering(response)) as server, pytest.raises(InvalidPayload) as invalid:
        fetcher(local()).fetch(get(server.url()), is_first=True)

    assert said in invalid.value.message
    assert len(invalid.value.message.splitlines()) == 1
    assert len(server.requests) == (2 if invalid.value.may_pass else 1)


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content\r\nContent-Length: 0"])
def test_no_content_is_an_empty_page(status: str) -> None:
    with Server(answering(f"HTTP/1.1 {status}\r\n\r\n".encode())) as server:
        pages = [fetcher(local()).fetch(get(server.url()))[0].page for _ in range(2)]

    assert [page.records for page in pages] == [[], []]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 421, 422, 426,
                                    431, 451, 499])  # fmt: skip
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with (
        Server(answering(answer(b'{"error": "no"}', f"{status} No"))) as server,
        pytest.raises(UpstreamRefused, match=f"HTTP {status}"),
    ):
        fetcher(local()).fetch(get(server.url()))

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 599])
def test_trouble_that_passes_is_asked_again(status: int) -> None:
    trouble = answer(HTML, f"{status} Trouble", "Content-Type: text/html")
    with Server(answering(trouble, trouble, answer(b"[1]"))) as server:
        first, _ = fetcher(local()).fetch(get(server.url()))

    assert first.page.records == [1]
    assert len(server.requests) == 3
    assert server.connections == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_trouble_that_stays_ends_after_the_attempts_allowed(status: int) -> None:
    with (
        Server(answering(answer(b"", f"{status} Trouble"))) as server,
        pytest.raises(UpstreamUnavailable, match=rf"HTTP {status} \(3 attempts\)"),
    ):
        fetcher(local(), attempts=3).fetch(get(server.url()))

    assert len(server.requests) == 3


@pytest.mark.parametrize("asked", ["4", "in five seconds"])
def test_a_retry_after_is_waited_for(asked: str) -> None:
    pauses: list[float] = []
    value = asked if asked.isdecimal() else format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    with Server(answering(answer(b"", "429 Slow down", f"Retry-After: {value}"), answer(b"[1]"))) as server:
        first, _ = fetcher(local(), pauses=pauses).fetch(get(server.url()))

    assert first.page.records == [1]
    assert len(pauses) == 1
    assert 1 < pauses[0] < 10


@pytest.mark.parametrize("asked", ["86400", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_retry_after_is_cut_to_what_the_job_allows(asked: str) -> None:
    script = answering(answer(b"", "503 Busy", f"Retry-After: {asked}"))
    with Server(script) as server, pytest.raises(PauseRequested) as held:
        fetcher(local()).fetch(get(server.url()))

    assert 290 < held.value.not_before - time.time() < 303  # max_delay_seconds, 300 by default
    assert len(server.requests) == 1


@pytest.mark.parametrize("asked", ["nan", "-inf", "inf", "soon", "", "1e400", "9" * 400])
def test_a_retry_after_that_means_nothing_is_not_waited_for(asked: str) -> None:
    pauses: list[float] = []
    with Server(answering(answer(b"", "503 Busy", f"Retry-After: {asked}"), answer(b"[1]"))) as server:
        first, _ = fetcher(local(), pauses=pauses).fetch(get(server.url()))

    assert first.page.records == [1]
    assert len(pauses) == 1
    assert 0 <= pauses[0] <= 0.5
