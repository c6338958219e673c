"""Whom we trust, and how TLS is spoken."""

import ssl
from functools import cache
from threading import Lock

import certifi

from poller.upstream.wire import TlsWire

_making = Lock()


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """The one context of this process. `ca_file` holds the authorities to trust; None means certifi's."""
    with _making:  # or each of a job's threads would read certifi's file, which takes 17 ms
        return _context(ca_file)


@cache
def _context(ca_file: str | None) -> ssl.SSLContext:
    # Not create_default_context(): that one takes certificates and a key log from the environment.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = TlsWire
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(ca_file or certifi.where())
    return context
