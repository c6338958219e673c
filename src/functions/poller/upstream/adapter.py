"""requests without what it would do on its own, over urllib3's pools with connections of our own class.

What is switched off, and why, is said where that is done; docs/decisions/012 has the list.
"""

from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPHeaderDict, HTTPResponse, Timeout

from poller.upstream.connection import Connection, Origin
from poller.upstream.idle import IdleConnections
from poller.upstream.wire import Allowance, NetworkFailure


class Session(requests.Session):
    """Sends a prepared request as it is, and only that one: nothing of the environment, no cookies, no redirects."""

    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, _resp: requests.Response) -> None:
        """None: of a redirect that is not followed, requests reads the body whole and inflates it all the same."""
        return


class Within(Timeout):
    """What requests hands on as the time-out of a request: all that is left for it and its answer."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__()
        self.allowance = allowance


class Adapter(HTTPAdapter):
    """`ca_file` holds the authorities to trust, None means certifi's."""

    def __init__(self, idle: IdleConnections, allow_loopback: bool, ca_file: str | None) -> None:
        super().__init__()
        self._new_pool = partial(_Pool, idle, partial(Connection, allow_loopback=allow_loopback, ca_file=ca_file))
        self._pools: dict[Origin, _Pool] = {}

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> "_Pool":
        """The pool of the URL's origin, whatever the proxies. urllib3's PoolManager takes ten times as long."""
        url = urlsplit(str(request.url))
        origin = url.scheme, str(url.hostname), url.port or (443 if url.scheme == "https" else 80)
        return self._pools.get(origin) or self._pools.setdefault(origin, self._new_pool(origin))

    def cert_verify(self, *_: Any) -> None:
        """Nothing: connections have a context of their own. requests looks for certifi's file with each request."""

    def build_response(self, _: PreparedRequest, answer: BaseHTTPResponse) -> requests.Response:
        """What our client reads of an answer. requests looks for cookies and an encoding in each."""
        response = requests.Response()
        response.status_code, response.raw = answer.status, answer
        return response


class _Pool(HTTPConnectionPool):
    """The connections to one origin. Those not in use are all in `idle`, and none in urllib3's own queue."""

    def __init__(self, idle: IdleConnections, connect: Callable[[Origin], Connection], origin: Origin) -> None:
        super().__init__(*origin[1:])
        self._idle, self._connect, self._origin = idle, connect, origin

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, timeout: Within, **_: Any
    ) -> HTTPResponse:
        """One request as it was written, and the head of its answer; errors as they are.

        urllib3's own writes parts of the URL anew (`%2f`, `[`), logs it, and repeats it in its errors.
        """
        request = method, url, body, headers
        if kept := self._idle.take(self._origin):
            try:
                return self._exchange(kept, timeout.allowance, *request)
            except (NetworkFailure, HTTPException) as failure:
                # The server has closed the connection and not heard of the request (RFC 9112, section 9.3.1): that is
                # no failure, and a GET may be sent again. Others of the same age are likely to be dead too.
                if kept.has_heard or method != "GET" or _is_timeout(failure):
                    raise
                self._idle.close(self._origin)
        return self._exchange(self._connect(self._origin), timeout.allowance, *request)

    def _exchange(self, connection: Any, allowance: Allowance, *request: Any) -> HTTPResponse:
        try:
            connection.begin(allowance)
            connection.request(*request)
            answer = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        response = HTTPResponse(
            answer, status=answer.status, reason=answer.reason, preload_content=False, decode_content=False,
            original_response=answer, pool=self, connection=connection,
        )  # fmt: skip
        # Only now: urllib3 would refuse, and log, what http.client has made its sense of and our client judges.
        response.headers = HTTPHeaderDict(answer.headers.items())
        return response

    def _put_conn(self, connection: Any) -> None:
        """urllib3 calls it once an answer is read whole, or given up."""
        if connection.is_reusable:
            self._idle.give(self._origin, connection)
        else:
            connection.close()


def _is_timeout(failure: Exception) -> bool:
    return isinstance(failure, NetworkFailure) and isinstance(failure.error, TimeoutError)
