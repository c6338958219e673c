"""One connection to an address that was checked, and what http.client has to be told about answers."""

import socket
from collections.abc import Iterator
from http.client import (
    SWITCHING_PROTOCOLS,
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    IncompleteRead,
    RemoteDisconnected,
)
from typing import Any, cast

from poller.upstream.addresses import may_be_polled, not_public
from poller.upstream.head import body_length, join_fields, keeps_alive, parse_fields, parse_status
from poller.upstream.tls import tls_context
from poller.upstream.wire import Allowance, NetworkFailure, TlsWire, Wire

_CONNECT_SECONDS = 5.0
_MAX_HEAD_BYTES = 256 * 1024  # as in browsers

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Answer(HTTPResponse):
    """http.client's, where that one would hand out something else than the answer to the request."""

    def begin(self) -> None:
        """Read the head of the final answer, and any interim ones before it (RFC 9110, section 15.2).

        http.client itself passes over 100 only, and would take the answer after a 103 for the next request's. It loses
        what follows a line that is no header field, and refuses more than a hundred fields.
        """
        minor, self.status, self.reason, lines = self._read_head()
        while self.status < 200:
            if self.status == SWITCHING_PROTOCOLS:  # what follows is no HTTP any more, and nobody asked for it
                raise HTTPException
            minor, self.status, self.reason, lines = self._read_head()
        self.code, self.version = self.status, 10 + minor
        self.headers = self.msg = HTTPMessage()
        for name, value in parse_fields(lines):
            self.headers[name] = value
        self._find_the_end(join_fields(self.headers.items()))

    def _read_head(self) -> tuple[int, int, str, list[bytes]]:
        lines = list(self._head_lines())
        if not lines:
            raise RemoteDisconnected("")
        return *parse_status(lines[0]), lines[1:]

    def _head_lines(self) -> Iterator[bytes]:
        """The lines up to the empty one; none where nothing came."""
        left = _MAX_HEAD_BYTES
        while (line := self.fp.readline(left)) not in (b"\r\n", b"\n"):
            left -= len(line)
            if not line and left == _MAX_HEAD_BYTES:
                return
            if not line.endswith(b"\n"):  # it ended, or is too long
                raise HTTPException
            yield line

    def _find_the_end(self, headers: dict[str, str]) -> None:
        """Where nobody can tell, up to the end of the connection: whoever needs the body asks `body_length`."""
        self.chunked, self.chunk_left = headers.get("transfer-encoding", "").lower() == "chunked", None
        try:
            self.length = body_length(self.status, headers)
            is_clear = self.length is not None or (self.chunked and "content-length" not in headers)
        except ValueError:
            self.length, is_clear = None, False
        self.will_close = not is_clear or not keeps_alive(self.version - 10, headers)

    def read(self, amt: int | None = None) -> bytes:
        data = super().read(amt)
        if not data and self.length:  # http.client does not mind a connection that ends too early
            raise IncompleteRead(b"", self.length)
        return data


class Connection(HTTPConnection):
    """Resolves its host once, and connects to the very address that was checked: no DNS rebinding.

    `ca_file` holds the authorities to trust, None means certifi's.
    """

    response_class = Answer

    def __init__(self, origin: Origin, allow_loopback: bool, ca_file: str | None) -> None:
        self._scheme, host, port = origin
        super().__init__(host, port)
        self._allow_loopback, self._ca_file = allow_loopback, ca_file
        self._wire: Wire | None = None

    def begin(self, allowance: Allowance) -> None:
        """The next request and its answer get this much."""
        self._allowance = allowance
        if self._wire:
            self._wire.begin(allowance)

    @property
    def has_heard(self) -> bool:
        """Whether anything has come since the request."""
        return self._wire is not None and self._wire.has_heard

    @property
    def is_reusable(self) -> bool:
        """After an answer was read whole: whether the next one can only be the next request's."""
        return self.sock is not None and self._wire is not None and not self._wire.holds_more

    def connect(self) -> None:
        """Raises AddressRefused unless requests may go to all of the host's addresses, and NetworkFailure."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            # A name with both kinds of addresses is a trick or a mistake: better loud than a matter of order.
            if not all(may_be_polled(str(address[0]), self._allow_loopback) for *_, address in found):
                raise not_public(self.host)
            self.sock = self._wire = self._first_of(found)
        except OSError as error:
            raise NetworkFailure(error) from None
        self._wire.begin(self._allowance)

    def _first_of(self, found: list[Any]) -> Wire:
        failure = OSError()
        for family, kind, protocol, _, address in found:
            try:
                return self._open(socket.socket(family, kind, protocol), address)
            except OSError as error:  # often an IPv6 address, where there is no IPv6
                failure = error
        raise failure

    def _open(self, sock: socket.socket, address: Any) -> Wire:
        try:
            sock.settimeout(min(_CONNECT_SECONDS, self._allowance.seconds()))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._scheme == "http":
                return Wire(sock.family, sock.type, sock.proto, sock.detach())
            # The time-out covers the whole handshake; the certificate has to be the name's, not the address's.
            sock.settimeout(self._allowance.seconds())
            return cast(TlsWire, tls_context(self._ca_file).wrap_socket(sock, server_hostname=self.host))
        except OSError:
            sock.close()
            raise
