"""HTTP/1.1 messages as plain values: the headers that are sent, and what a body is that came."""

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from poller.errors import InvalidPayload, JobRejected
from poller.upstream.addresses import Target
from poller.values import PageRequest

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding"})
_GZIP_BEGINS = b"\x1f\x8b"  # RFC 1952, section 2.3.1; no JSON begins so
_NO_CODINGS = {"", "identity", "none", "utf-8", "utf8"}  # some name the charset there


def request_headers(request: PageRequest, target: Target, user_agent: str) -> dict[str, str]:
    """All that are sent (RFC 9112, section 3).

    The job may name a User-Agent of its own, but no header that decides where the request goes or how it ends.
    """
    given = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
    usual = {"Accept-Encoding": "gzip", "User-Agent": user_agent}
    named = {name.lower() for name in given}
    own = {"Host": target.authority} | {name: value for name, value in usual.items() if name.lower() not in named}
    if request.body is not None:
        own["Content-Length"] = str(len(request.body))
    # Never which, nor what it holds: it may be a secret, and libraries repeat what they refuse.
    if not all(_TOKEN.fullmatch(name) for name in given):
        raise JobRejected("a request header has a name that is no HTTP header name")
    if not all(value.isascii() and value.isprintable() and value == value.strip() for value in (own | given).values()):
        raise JobRejected("a request header holds a character that is not printable ASCII, or spaces around its value")
    return own | given


def decode_body(chunks: Iterable[bytes], coding: str, most: int) -> Iterator[bytes]:
    """The body in pieces of at most `most` bytes, whatever it inflates to. `coding` is its Content-Encoding.

    Gzip alone was asked for, and gzip alone is unpacked. Its first bytes tell: some servers forget to say so, others
    say so of what is none. Raises InvalidPayload for another encoding, and zlib.error for gzip that is damaged or cut.
    """
    codings = [name for name in map(str.strip, coding.lower().split(",")) if name not in _NO_CODINGS]
    if codings not in ([], ["gzip"], ["x-gzip"]):
        raise InvalidPayload(f"the body's Content-Encoding is {coding[:40]!r}, which was not asked for")
    rest = iter(chunks)
    start = b""
    while len(start) < len(_GZIP_BEGINS) and (chunk := next(rest, b"")):
        start += chunk
    whole = chain([start], rest)
    yield from _inflated(whole, most) if start.startswith(_GZIP_BEGINS) else whole


def _inflated(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """A gzip file is a series of members (RFC 1952, section 2.2). Some servers fill it up with zeros, as gzip itself
    allows."""
    member, padded = None, False
    for chunk in chunks:
        rest = chunk
        while rest:
            if member is None or member.eof:
                padded = padded or (member is not None and rest[0] == 0)
                if padded and rest.strip(b"\0"):
                    raise zlib.error
                if padded:
                    break
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield member.decompress(rest, most)
            rest = member.unused_data
    if member and not member.eof:
        raise zlib.error
