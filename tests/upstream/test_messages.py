"""Case 32 at this edge: what goes wrong is told in one line of our own, without what may be a secret."""

import gzip
import logging
import ssl
import traceback

import pytest

from poller.errors import AddressRefused, JobRejected, PollerError
from poller.upstream import client as module
from poller.upstream.client import Upstream
from tests.support.chain import AGENT, fetcher, get, local
from tests.support.network import Network
from tests.support.raw_servers import Peer, Server, answer, closing

SECRET = "canary-5f1d"  # in the query, a header and everything that the server says
HOST = "api.test"


def stalled(peer: Peer) -> None:
    peer.pause()


SAID = SECRET.encode()
SCRIPTS = {
    "refused": closing(answer(SAID, f"403 {SECRET}", f"X-Why: {SECRET}")),
    "redirected": closing(answer(SAID, "302 Found", f"Location: https://elsewhere.test/?{SECRET}")),
    "failing": closing(answer(SAID, f"500 {SECRET}", f"Retry-After: {SECRET}")),
    "html": closing(answer(b"<html>" + SAID, "200 OK", "Content-Type: text/html")),
    "not json": closing(answer(SAID)),
    "not http": closing(SAID),
    "cut": closing(answer(SAID, length=999)),
    "bad chunk": closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + SAID + b"\r\n"),
    "bad gzip": closing(answer(b"\x1f\x8b" + SAID, "200 OK", "Content-Encoding: gzip")),
    "large": closing(answer(gzip.compress(SAID * 1000), "200 OK", "Content-Encoding: gzip")),
    "stalled": stalled,
    "closed": closing(b""),
}


def deadline(name: str) -> float:
    """Soon enough where nothing comes; where something does, also for a busy machine."""
    return 3 if name == "stalled" else 30


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_error_and_no_log_record_holds_a_secret(
    name: str, network: Network, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 2000)
    network.names[HOST] = [["127.0.0.1"]]
    with caplog.at_level(logging.DEBUG), Server(SCRIPTS[name]) as server:
        request = get(f"http://{HOST}:{server.port}/{SECRET}?key={SECRET}", **{"X-Token": SECRET})

        with pytest.raises(PollerError) as error:
            fetcher(local(deadline(name)), attempts=2).fetch(request)

    written = "".join(traceback.format_exception(error.value)) + caplog.text
    assert SECRET in server.requests[0]
    assert SECRET not in written
    assert len(error.value.message.splitlines()) == 1
    assert "object at 0x" not in written
    assert not any(word in error.value.message for word in ("Errno", "Error(", "http.client", "socket", "zlib"))


@pytest.mark.parametrize("name", ["not http", "cut", "bad chunk", "bad gzip", "stalled", "closed"])
def test_errors_on_the_way_name_the_host(name: str, network: Network) -> None:
    network.names[HOST] = [["127.0.0.1"]]
    with Server(SCRIPTS[name]) as server, pytest.raises(PollerError) as error:
        local(deadline(name)).send(get(f"http://{HOST}:{server.port}/{SECRET}", **{"X-Token": SECRET}))

    assert HOST in error.value.message
    assert SECRET not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"https://{SECRET}@{HOST}/", "holds a user name or password"),
        (f"https://user:{SECRET}@{HOST}/", "holds a user name or password"),
        (f"https://[{SECRET}]/", "write it as https://host/path"),
        (f"https://{HOST}:{SECRET}/", "host or port is malformed"),
        (f"https://{HOST}/\n{SECRET}", "holds white space or a control character"),
        (f"http://{HOST}/{SECRET}", f"the URL of {HOST} is not https"),
        (f"https://x_{HOST}^/{SECRET}", "is not a host name"),
        (f"https://127.1/{SECRET}", "is not an address in its usual form"),
        (f"https://private.test/{SECRET}", "private.test leads to an address that may not be polled"),
        (f"https://missing.test/{SECRET}", "the host name missing.test cannot be resolved"),
        (f"https://{HOST}/{SECRET}", f"no connection to {HOST}"),
    ],
)
def test_errors_before_the_first_byte_hold_no_secret(url: str, said: str, network: Network) -> None:
    network.names |= {HOST: [["93.184.216.34"]], "private.test": [["10.0.0.1"]]}
    upstream = Upstream(AGENT)

    with pytest.raises(PollerError) as error:
        upstream.send(get(url))

    assert said in error.value.message
    assert SECRET not in "".join(traceback.format_exception(error.value))
    assert "10.0.0.1" not in error.value.message  # what internal names resolve to is nobody's business


def test_hosts_that_are_not_allowed_are_named_and_the_allowed_ones_are_not() -> None:
    upstream = Upstream(AGENT, allowed_hosts=("partner-of-ours.test",))

    with pytest.raises(AddressRefused) as error:
        upstream.send(get(f"https://{HOST}/"))

    assert error.value.message == f"{HOST} is not one of the hosts that this deployment may poll"


@pytest.mark.parametrize("value", [f"{SECRET}\r\nX-Injected: 1", f"{SECRET}\0", f"{SECRET}é", f"{SECRET}\n folded"])
def test_a_header_that_cannot_be_sent_is_refused_without_repeating_it(value: str) -> None:
    with Server(closing(answer(b"[1]"))) as server, pytest.raises(JobRejected) as error:
        local().send(get(server.url(), **{"X-Token": value}))

    assert SECRET not in error.value.message
    assert server.requests == []


def test_a_host_shown_in_a_message_is_short_and_plain() -> None:
    with pytest.raises(AddressRefused) as error:
        Upstream(AGENT).send(get("https://" + "a\u0301" * 500 + "/"))

    assert len(error.value.message) < 200


def test_tls_failures_name_tls_and_the_host(partner_tls: ssl.SSLContext) -> None:
    with Server(closing(answer(b"[1]")), tls=partner_tls) as server, pytest.raises(PollerError) as error:
        local().send(get(server.url(scheme="https")))

    assert error.value.message == "the TLS connection to 127.0.0.1 failed; is its certificate valid?"
