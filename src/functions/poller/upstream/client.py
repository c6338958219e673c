"""The external API over HTTP: the only place that sends requests to strangers.

A small client on the standard library's parts, because every byte has to pass two checks that general clients have
no place for: one deadline for the whole exchange, and one budget for its size. A host is resolved once for a
connection, and connected to at the very address that was checked, so a name cannot change its answer in between (DNS
rebinding). Redirects, cookies, proxies and .netrc are not refused but absent. See docs/decisions/007.
"""

import io
import socket
import ssl
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

import certifi

from poller.errors import InvalidPayload, TransientUpstreamError
from poller.upstream.addresses import Target, host_rule, may_be_polled, not_public, read_target
from poller.upstream.connections import IdleConnections
from poller.upstream.http_message import decoded, is_framed, joined, request_head
from poller.values import PageRequest, Response

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Decoded. A page this large would not leave room for the others of its task."""
TOTAL_SECONDS = 60.0
"""For one request, whatever its pieces do. Only resolving the name cannot be cut short; resolv.conf bounds that."""
_CONNECT_SECONDS, _SILENCE_SECONDS = 5.0, 30.0
_OVERHEAD_BYTES = 1024 * 1024  # on the wire beside the body: headers, chunk sizes, trailers
_DRAINED_BYTES = 64 * 1024
_CHUNK = 64 * 1024


class Upstream:
    """Sends page requests, from any number of threads.

    `allow_loopback` admits plain http and this machine's own addresses. `allowed_hosts` are the only ones polled,
    where there are any: a name for itself, `.example.com` for every name below example.com.
    """

    def __init__(
        self,
        user_agent: str,
        allow_loopback: bool = False,
        allowed_hosts: Iterable[str] = (),
        total_seconds: float = TOTAL_SECONDS,
        ca_file: str | None = None,
    ) -> None:
        self._user_agent, self._allow_loopback = user_agent, allow_loopback
        self._allowed_hosts = tuple(host_rule(host) for host in allowed_hosts)
        self._total_seconds, self._ca_file = total_seconds, ca_file
        self._idle = IdleConnections()

    def send(self, request: PageRequest) -> Response:
        """Send `request` once and read the answer whole; of other answers than 2xx, the status and headers only.

        Raises AddressRefused, TransientUpstreamError (no answer, or a broken one), InvalidPayload (too large, or in
        an encoding that was not asked for) or JobRejected (a header that cannot be sent).
        """
        target = read_target(request.url, self._allow_loopback, self._allowed_hosts)
        head = request_head(request, target, self._user_agent)
        started = time.monotonic()
        try:
            sock = self._idle.take(target.origin) or self._connect(target, started + self._total_seconds)
            return self._exchange(sock, target, request.method, head, started)
        except (OSError, HTTPException, zlib.error, ValueError) as error:  # ValueError: chunks of negative size
            self._idle.close(target.origin)
            raise TransientUpstreamError(self._what_failed(target.host, error)) from None

    def _exchange(self, sock: socket.socket, target: Target, method: str, head: bytes, started: float) -> Response:
        reusable = False
        try:
            wire = _Wire(sock, started + self._total_seconds, MAX_BODY_BYTES + _OVERHEAD_BYTES)
            wire.send_all(head)
            with HTTPResponse(wire, method=method) as answer:  # type: ignore[arg-type]  # it needs makefile() only
                _begin(answer)
                headers = joined(answer.headers.items())
                body = _body(answer, headers) if 200 <= answer.status < 300 else _drain(answer)
                reusable = answer.isclosed() and not answer.will_close and not wire.holds_more
                return Response(answer.status, headers, body, time.monotonic() - started)
        finally:
            if reusable:
                self._idle.give(target.origin, sock)
            else:
                sock.close()

    def _connect(self, target: Target, deadline: float) -> socket.socket:
        """A connection to one of the host's addresses, if it may be polled at all of them."""
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        # A name with both kinds of addresses is a trick or a mistake: better loud than a matter of order.
        if not all(may_be_polled(str(address[0]), self._allow_loopback) for *_, address in found):
            raise not_public(target.host)
        failure = OSError()
        for family, kind, protocol, _, address in found:
            try:
                return self._open(socket.socket(family, kind, protocol), address, target, deadline)
            except OSError as error:  # often an IPv6 address, where there is no IPv6
                failure = error
        raise failure

    def _open(self, sock: socket.socket, address: Any, target: Target, deadline: float) -> socket.socket:
        try:
            sock.settimeout(min(_CONNECT_SECONDS, _left(deadline)))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "http":
                return sock
            # The time-out covers the whole handshake; the certificate has to be the name's, not the address's.
            sock.settimeout(_left(deadline))
            return self._tls.wrap_socket(sock, server_hostname=target.host)
        except OSError:
            sock.close()
            raise

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Not create_default_context(): that one takes certificates and a key log from the environment.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_verify_locations(self._ca_file or certifi.where())
        return context

    def _what_failed(self, host: str, error: Exception) -> str:
        """In our own words: the libraries' repeat addresses and pieces of the answer."""
        if isinstance(error, TimeoutError):
            return f"{host} did not answer in time; a request may take {self._total_seconds:g} seconds in all"
        if isinstance(error, ssl.SSLError):
            return f"the TLS connection to {host} failed; is its certificate valid?"
        if isinstance(error, socket.gaierror):
            return f"the host name {host} cannot be resolved"
        if isinstance(error, HTTPException | zlib.error | ValueError):
            return f"the answer of {host} broke off or is not HTTP"
        return f"no connection to {host}, or it was lost; is the address right and the API up?"


class _Wire(io.RawIOBase):
    """The bytes of one exchange. Every single read and write gets only what is left of its time and size.

    A socket's own time-out begins anew with each byte, so that a server which sends one now and then is never late.
    """

    def __init__(self, sock: socket.socket, deadline: float, budget: int) -> None:
        super().__init__()
        self._sock, self._deadline, self._budget = sock, deadline, budget
        self.is_over = self.holds_more = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        return _Reader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self.is_over:
            return 0
        self._sock.settimeout(min(_SILENCE_SECONDS, _left(self._deadline)))
        count = self._sock.recv_into(buffer)
        self._budget -= count
        if self._budget < 0:
            raise _too_large()
        return count

    def send_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(_left(self._deadline))
            rest = rest[self._sock.send(rest) :]


class _Reader(io.BufferedReader):
    """Tells its wire at the end whether the server sent more than the answer; then none of it can be trusted."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__(wire, _CHUNK)
        self._wire = wire

    def close(self) -> None:
        if not self.closed:
            self._wire.is_over = True  # peek() looks at what arrived, and waits for nothing
            self._wire.holds_more = bool(self.peek())
        super().close()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _begin(answer: HTTPResponse) -> None:
    """Read the head of the final answer, and any interim ones before it (RFC 9110, section 15.2).

    http.client itself passes over 100 only, and would take the answer after a 103 for the next request's.
    """
    answer.begin()
    while answer.status < 200:
        if answer.status == SWITCHING_PROTOCOLS:  # what follows is no HTTP any more, and nobody asked for it
            raise HTTPException
        answer.headers = None  # type: ignore[assignment]  # begin() reads on from where it is
        answer.begin()


def _body(answer: HTTPResponse, headers: dict[str, str]) -> bytes:
    """The decoded body; no more than MAX_BODY_BYTES of it are kept."""
    if not is_framed(headers):
        raise HTTPException
    pieces, room = [], MAX_BODY_BYTES
    chunks = iter(lambda: answer.read(_CHUNK), b"")
    for piece in decoded(chunks, headers.get("content-encoding", "").lower(), MAX_BODY_BYTES + 1):
        room -= len(piece)
        if room < 0:
            raise _too_large()
        pieces.append(piece)
    if answer.length:  # http.client does not mind a connection that ends too early
        raise HTTPException
    return b"".join(pieces)


def _drain(answer: HTTPResponse) -> bytes:
    """Leave the connection ready for the next request if that is cheap. The content says nothing that is used."""
    with suppress(OSError, HTTPException, ValueError, InvalidPayload):
        answer.read(_DRAINED_BYTES)
    return b""


def _too_large() -> InvalidPayload:
    return InvalidPayload(f"the response is larger than {MAX_BODY_BYTES // 2**20} MiB; ask for smaller pages")
