"""Case 29: the environment decides neither where requests go nor whom they trust."""

import ssl
from pathlib import Path

import pytest

from poller.errors import TransientUpstreamError
from poller.upstream.client import Upstream
from tests.support.chain import AGENT, get, local
from tests.support.network import Network
from tests.support.raw_servers import Canary, Server, answer, answering

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "REQUEST_METHOD")


@pytest.fixture
def proxied(bird: Canary, monkeypatch: pytest.MonkeyPatch) -> Canary:
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://user:secret@127.0.0.1:{bird.port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    return bird


def test_proxies_are_ignored_for_http(proxied: Canary) -> None:
    with Server(answering(answer(b"[1]"))) as server:
        response = local().send(get(server.url()))

    assert response.body == b"[1]"
    assert server.requests[0].startswith("GET /orders HTTP/1.1\r\n")  # and not as one asks a proxy
    assert proxied.visits() == 0


def test_proxies_are_ignored_for_https(
    proxied: Canary, network: Network, partner_tls: ssl.SSLContext, ca_file: str
) -> None:
    with Server(answering(answer(b"[1]")), tls=partner_tls) as server:
        network.names["api.test"], network.routes["93.184.216.34"] = [["93.184.216.34"]], server.port

        response = Upstream(AGENT, ca_file=ca_file).send(get("https://api.test/"))

    assert response.body == b"[1]"
    assert proxied.visits() == 0


def test_no_credentials_are_taken_from_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\ndefault login me password s3cret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Server(answering(answer(b"[1]"))) as server:
        local().send(get(server.url()))

    assert "authorization" not in server.requests[0].lower()


def test_no_authorities_are_taken_from_the_environment(
    partner_tls: ssl.SSLContext, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, ca_file)
    monkeypatch.setenv("SSL_CERT_DIR", str(Path(ca_file).parent))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    failure = pytest.raises(TransientUpstreamError, match="TLS")
    with Server(answering(answer(b"[1]")), tls=partner_tls) as server, failure:
        local().send(get(server.url(scheme="https")))

    assert server.requests == []
    assert not (tmp_path / "keys").exists()
