"""The external API over HTTP: the only place that sends requests to strangers.

With requests, over connections of our own class, because every byte has to pass two checks that it has no place for:
one deadline for the whole exchange, and one budget for its size. A host is resolved once for a connection, and
connected to at the very address that was checked, so a name cannot change its answer in between (DNS rebinding).
Cookies, proxies and .netrc are switched off. See docs/decisions/012.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPException

from requests import PreparedRequest, RequestException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from poller.errors import InvalidPayload, TransientUpstreamError
from poller.upstream.adapter import Adapter, Session, Within
from poller.upstream.addresses import Target, host_rule, read_target
from poller.upstream.head import body_length, join_fields
from poller.upstream.http_message import decode_body, request_headers
from poller.upstream.idle import IdleConnections
from poller.upstream.redirects import MAX_REDIRECTS, onward
from poller.upstream.wire import Allowance, BudgetSpent, NetworkFailure
from poller.values import PageRequest, Response, Sign

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Decoded. A page this large would not leave room for the others of its task."""
TOTAL_SECONDS = 60.0
"""For one request, whatever its pieces do. Only resolving the name cannot be cut short; resolv.conf bounds that."""
_OVERHEAD_BYTES = 1024 * 1024  # on the wire beside the body: headers, chunk sizes, trailers
_REASON_BYTES = 64 * 1024  # of an answer that is no page: enough to say why, and cheap to read
_CHUNK = 64 * 1024
_NOT_HTTP = (HTTPException, HTTPError, RequestException, ValueError)  # ValueError: no status, or a negative size


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
        self._total_seconds = total_seconds
        self._idle = IdleConnections()
        self._session = Session(Adapter(self._idle, allow_loopback, ca_file))

    def send(self, request: PageRequest, sign: Sign | None = None) -> Response:
        """Send `request` once, follow redirects as far as they may be, and read the answer whole.

        `sign` puts credentials on each request just before it is sent; it raises where they are not meant to go.

        Of other answers than 2xx the beginning of the body is enough. Raises AddressRefused, TransientUpstreamError (no
        answer, or a broken one), InvalidPayload (too large, damaged, or in an encoding that was not asked for) or
        JobRejected (a header that cannot be sent).
        """
        rules = self._allow_loopback, self._allowed_hosts
        allowance = Allowance(self._total_seconds, MAX_BODY_BYTES + _OVERHEAD_BYTES)
        started = time.monotonic()
        target = read_target(request.url, *rules)
        answer = self._exchange(request, target, allowance, sign)
        for _ in range(MAX_REDIRECTS):
            there = onward(request.method, target, answer, *rules)
            if there is None:
                break
            target = there
            answer = self._exchange(request, target, allowance, sign)
        return replace(answer, seconds=time.monotonic() - started)

    def _exchange(self, request: PageRequest, target: Target, allowance: Allowance, sign: Sign | None) -> Response:
        request = replace(request, url=target.url)
        request = sign(request) if sign else request
        prepared = PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.url = request.url  # prepare_url() would write parts of it anew
        prepared.prepare_headers(request_headers(request, target, self._user_agent))
        prepared.body = request.body
        try:
            # requests' types know of numbers only; it hands on what is a Timeout already.
            with self._session.send(prepared, stream=True, timeout=Within(allowance)) as answer:  # type: ignore[arg-type]
                status, headers = answer.status_code, join_fields(answer.raw.headers.items())
                body = self._body(target.host, answer.raw, status, headers)
                return Response(status, headers, body)
        except BudgetSpent:
            raise _too_large() from None
        except (NetworkFailure, *_NOT_HTTP) as error:
            self._idle.close(target.origin)
            raise TransientUpstreamError(self._what_failed(target.host, error)) from None

    def _body(self, host: str, raw: HTTPResponse, status: int, headers: dict[str, str]) -> bytes:
        """What there is to read of an answer; of a redirect nothing."""
        try:
            body_length(status, headers)
        except ValueError as unclear:
            if status >= 300:
                return b""
            raise TransientUpstreamError(f"the answer of {host} does not say where it ends: {unclear}") from None
        coding = headers.get("content-encoding", "")
        if status >= 300:
            beginning = _beginning(raw)
            return _decoded_reason(beginning, coding) if status >= 400 else b""
        try:
            return _whole(raw, coding)
        except zlib.error:
            raise InvalidPayload(f"the gzip body that {host} sent is damaged or was cut off", may_pass=True) from None

    def _what_failed(self, host: str, failure: Exception) -> str:
        """In our own words: the libraries' repeat addresses and pieces of the answer."""
        if not isinstance(failure, NetworkFailure):
            return f"the answer of {host} broke off or is not HTTP"
        match failure.error:
            case TimeoutError():
                return f"{host} did not answer in time; a request may take {self._total_seconds:g} seconds in all"
            case ssl.SSLError():
                return f"the TLS connection to {host} failed; is its certificate valid?"
            case socket.gaierror():
                return f"the host name {host} cannot be resolved"
        return f"no connection to {host}, or it was lost; is the address right and the API up?"


def _whole(raw: HTTPResponse, coding: str) -> bytes:
    """The decoded body; no more than MAX_BODY_BYTES of it are kept."""
    pieces, room = [], MAX_BODY_BYTES
    # As it came: urllib3 takes gzip that was cut for whole, and inflates it without a limit of ours.
    chunks = iter(lambda: raw.read(_CHUNK, decode_content=False), b"")
    for piece in decode_body(chunks, coding, MAX_BODY_BYTES + 1):
        room -= len(piece)
        if room < 0:
            raise _too_large()
        pieces.append(piece)
    return b"".join(pieces)


def _beginning(raw: HTTPResponse) -> bytes:
    """Enough to hear a reason, and to leave the connection ready for the next request if that is cheap."""
    with suppress(NetworkFailure, BudgetSpent, *_NOT_HTTP):
        return raw.read(_REASON_BYTES, decode_content=False)
    return b""


def _decoded_reason(beginning: bytes, coding: str) -> bytes:
    with suppress(InvalidPayload, zlib.error):
        return next(decode_body([beginning], coding, _REASON_BYTES), b"")
    return b""


def _too_large() -> InvalidPayload:
    return InvalidPayload(f"the response is larger than {MAX_BODY_BYTES // 2**20} MiB; ask for smaller pages")
