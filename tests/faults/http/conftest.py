"""A network without surprises: names resolve as a test says, and every attempt to connect is seen."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.http.certificates import Authority
from tests.faults.http.servers import Canary, canary

LOOPBACK = ("127.", "::1")


@dataclass
class Network:
    """`names`: what each name resolves to, one list for every time it is asked, the last one from then on.

    `routes`: where a connection to an address that is not this machine's goes instead; without one it is refused.
    """

    names: dict[str, list[list[str]]] = field(default_factory=lambda: {"localhost": [["::1", "127.0.0.1"]]})
    routes: dict[str, int] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        self.resolved.append(host)
        answers = self.names.get(host)
        addresses = [host] if answers is None else answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for address in addresses for found in _numeric(address, port)]


def _numeric(address: str, port: int) -> list[tuple[Any, ...]]:
    """As C reads it, 127.1 and the like included; a name that the test did not give does not exist."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return _getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=flags)


_getaddrinfo, _connect = socket.getaddrinfo, socket.socket.connect


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    net = Network()

    def connect(sock: socket.socket, address: tuple[Any, ...]) -> None:
        net.attempts.append(address[0])
        if address[0] in net.routes:
            return _connect(sock, ("127.0.0.1", net.routes[address[0]]))
        if not address[0].startswith(LOOPBACK):
            raise ConnectionRefusedError
        return _connect(sock, address)

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
