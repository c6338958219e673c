"""The external API over HTTP: the only place that sends requests to strangers.

requests-hardened resolves each host once, refuses addresses that are not public and connects to the very
address it checked, so a name cannot change its answer in between (DNS rebinding).
"""

import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import requests
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from poller.errors import AddressRefused, InvalidPayload, TransientUpstreamError
from poller.models import PageRequest, Response

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Decoded. A page this large would not leave room for the others of its task."""
TOTAL_SECONDS = 60.0
"""For one request, whatever its pieces do."""
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 30.0
_CHUNK = 64 * 1024
# IPv4-compatible and site-local addresses: deprecated (RFC 4291, 2.5.5.1; RFC 3879), yet some stacks route them.
_DEPRECATED = (ip_network("::/96"), ip_network("fec0::/10"))


class Upstream:
    """Sends page requests. `allow_loopback` admits plain http and this machine's own addresses."""

    def __init__(self, user_agent: str, allow_loopback: bool = False) -> None:
        self._allow_loopback = allow_loopback
        config = Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=allow_loopback,
            never_redirect=True,
            default_timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            user_agent_override=None,
        )
        self._session = HTTPSession(config)
        self._session.trust_env = False  # no proxy, .netrc or CA bundle from the environment
        self._session.headers["User-Agent"] = user_agent

    def send(self, request: PageRequest) -> Response:
        """Send `request` once and read the answer whole.

        Raises AddressRefused, TransientUpstreamError (no answer, or a broken one) or InvalidPayload (too large).
        """
        host = self._checked_host(request.url)
        started = time.monotonic()
        try:
            with self._session.request(
                request.method, request.url, headers=request.headers, stream=True, allow_redirects=False
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                body = b"".join(_read(answer, started))
                return Response(answer.status_code, headers, body, time.monotonic() - started)
        except InvalidIPAddress as error:
            raise AddressRefused(f"{host} resolves to {error}, an address that may not be polled") from None
        except requests.exceptions.SSLError:
            raise TransientUpstreamError(f"the TLS connection to {host} failed; is its certificate valid?") from None
        except requests.Timeout:
            raise TransientUpstreamError(f"{host} did not answer in time") from None
        except requests.exceptions.InvalidURL as error:
            raise AddressRefused(f"the URL cannot be requested: {error}") from None
        except (requests.RequestException, HTTPError) as error:
            raise TransientUpstreamError(_no_answer(host, error)) from None
        except UnicodeError:
            raise AddressRefused(f"{host[:60]} is not a host name") from None

    def _checked_host(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (self._allow_loopback and parts.scheme == "http"):
            raise AddressRefused(f"{parts.scheme}://{host} is not https; only https URLs are polled")
        try:
            address = ip_address(host)
        except ValueError:
            return host  # a name: the adapter resolves and checks it
        if (
            isinstance(address, IPv6Address)
            and any(address in net for net in _DEPRECATED)
            and not (self._allow_loopback and address.is_loopback)
        ):
            raise AddressRefused(f"{host} is an address that may not be polled")
        return host


def _read(answer: requests.Response, started: float) -> Iterator[bytes]:
    """The decoded body in chunks, as long as size and time allow."""
    size = 0
    for chunk in answer.raw.stream(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise InvalidPayload(f"the response is larger than {MAX_BODY_BYTES // 2**20} MiB; ask for smaller pages")
        if time.monotonic() - started > TOTAL_SECONDS:
            raise TransientUpstreamError(f"the response was not complete after {TOTAL_SECONDS:.0f} seconds")
        yield chunk


def _no_answer(host: str, error: Exception) -> str:
    """What went wrong on the way, without the library's own wording: it repeats whole URLs."""
    if "resolve" in str(error).lower() and "domain" in str(error).lower():
        return f"the host name {host} cannot be resolved"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}; is the address right and the API up?"
    return f"the answer of {host} broke off or could not be decoded"
