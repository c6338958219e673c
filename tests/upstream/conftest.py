"""Where the HTTP client is tested: names, connections, certificates, and an address that nobody may call."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.certificates import Authority
from tests.support.network import Network
from tests.support.raw_servers import Canary, canary


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    net = Network()

    def connect(sock: socket.socket, address: Any) -> None:
        net.connect(sock, address)

    monkeypatch.setattr(socket, "getaddrinfo", net.resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return net


@pytest.fixture
def bird() -> Iterator[Canary]:
    with canary() as listening:
        yield listening


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The test's certificate authority, which no one else trusts."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture(scope="session")
def partner_tls(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's side of TLS, valid for api.test and 127.0.0.1."""
    return authority.server_context(tmp_path_factory.mktemp("tls"), "api.test", "127.0.0.1")
