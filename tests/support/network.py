"""A network without surprises: names resolve as a test says, and every attempt to connect is seen."""

import socket
from dataclasses import dataclass, field
from typing import Any

LOOPBACK = ("127.", "::1")
_getaddrinfo, _connect = socket.getaddrinfo, socket.socket.connect


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

    def connect(self, sock: socket.socket, address: tuple[Any, ...]) -> None:
        self.attempts.append(address[0])
        if address[0] in self.routes:
            return _connect(sock, ("127.0.0.1", self.routes[address[0]]))
        if not address[0].startswith(LOOPBACK):
            raise ConnectionRefusedError
        return _connect(sock, address)


def _numeric(address: str, port: int) -> list[tuple[Any, ...]]:
    """As C reads it, 127.1 and the like included; a name that the test did not give does not exist."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return _getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=flags)
