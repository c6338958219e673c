"""The external API over HTTP: the only place that sends requests to strangers.

With requests, over connections of our own class, because every byte has to pass two checks that it has no place for:
one deadline for the whole exchange, and one budget for its size. A host is resolved once for a connection, and
connected to at the very address that was checked, so a name cannot change its answer in between (DNS rebinding).
Redirects, cookies, proxies and .netrc are switched off. See docs/decisions/012.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from http.client import HTTPException

from requests import PreparedRequest, RequestException
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from poller.errors import InvalidPayload, TransientUpstreamError
from poller.upstream.adapter import Adapter, Session
from poller.upstream.addresses import host_rule, read_target
from poller.upstream.http_message import decode_body, is_framed, join_headers, request_headers
from poller.upstream.idle import IdleConnections
from poller.upstream.wire import BudgetSpent, NetworkFailure
from poller.values import PageRequest, Response

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Decoded. A page this large would not leave room for the others of its task."""
TOTAL_SECONDS = 60.0
"""For one request, whatever its pieces do. Only resolving the name cannot be cut short; resolv.conf bounds that."""
_OVERHEAD_BYTES = 1024 * 1024  # on the wire beside the body: headers, chunk sizes, trailers
_DRAINED_BYTES = 64 * 1024
_CHUNK = 64 * 1024
_NOT_HTTP = (HTTPException, HTTPError, RequestException, zlib.error, ValueError)  # ValueError: chunks of negative size


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
        self._session = Session(Adapter(self._idle, allow_loopback, ca_file, MAX_BODY_BYTES + _OVERHEAD_BYTES))

    def send(self, request: PageRequest) -> Response:
        """Send `request` once and read the answer whole; of other answers than 2xx, the status and headers only.

        Raises AddressRefused, TransientUpstreamError (no answer, or a broken one), InvalidPayload (too large, or in
        an encoding that was not asked for) or JobRejected (a header that cannot be sent).
        """
        target = read_target(request.url, self._allow_loopback, self._allowed_hosts)
        prepared = PreparedRequest()
        prepared.prepare_method(request.method)
        prepared.url = target.url  # prepare_url() would write parts of it anew
        prepared.prepare_headers(request_headers(request, target, self._user_agent))
        started = time.monotonic()
        try:
            with self._session.send(prepared, stream=True, timeout=self._total_seconds) as answer:
                headers = join_headers(answer.raw.headers.items())
                body = _body(answer.raw, headers) if 200 <= answer.status_code < 300 else _drain(answer.raw)
                return Response(answer.status_code, headers, body, time.monotonic() - started)
        except BudgetSpent:
            raise _too_large() from None
        except (NetworkFailure, *_NOT_HTTP) as error:
            self._idle.close(target.origin)
            raise TransientUpstreamError(self._what_failed(target.host, error)) from None

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


def _body(raw: HTTPResponse, headers: dict[str, str]) -> bytes:
    """The decoded body; no more than MAX_BODY_BYTES of it are kept."""
    if not is_framed(headers):
        raise HTTPException
    pieces, room = [], MAX_BODY_BYTES
    # As it came: urllib3 takes gzip that was cut for whole, and inflates it without a limit of ours.
    chunks = iter(lambda: raw.read(_CHUNK, decode_content=False), b"")
    for piece in decode_body(chunks, headers.get("content-encoding", "").lower(), MAX_BODY_BYTES + 1):
        room -= len(piece)
        if room < 0:
            raise _too_large()
        pieces.append(piece)
    return b"".join(pieces)


def _drain(raw: HTTPResponse) -> bytes:
    """Leave the connection ready for the next request if that is cheap. The content says nothing that is used."""
    with suppress(NetworkFailure, BudgetSpent, *_NOT_HTTP):
        raw.read(_DRAINED_BYTES, decode_content=False)
    return b""


def _too_large() -> InvalidPayload:
    return InvalidPayload(f"the response is larger than {MAX_BODY_BYTES // 2**20} MiB; ask for smaller pages")
