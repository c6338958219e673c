"""HTTP/1.1 messages as plain values: the request that is sent, and what an answer's headers and body mean."""

import re
import zlib
from collections.abc import Iterable, Iterator

from poller.errors import InvalidPayload, JobRejected
from poller.upstream.addresses import Target
from poller.values import PageRequest

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_OWN_HEADERS = frozenset({"host", "connection", "accept-encoding", "content-length", "transfer-encoding"})


def request_headers(request: PageRequest, target: Target, user_agent: str) -> dict[str, str]:
    """All that are sent (RFC 9112, section 3).

    The job may name a User-Agent of its own, but no header that decides where the request goes or how it ends.
    """
    given = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
    own = {"Host": target.authority, "Accept-Encoding": "gzip"}
    if "user-agent" not in map(str.lower, given):
        own["User-Agent"] = user_agent
    # Never which, nor what it holds: it may be a secret, and libraries repeat what they refuse.
    if not all(_TOKEN.fullmatch(name) for name in given):
        raise JobRejected("a request header has a name that is no HTTP header name")
    if not all(value.isascii() and value.isprintable() and value == value.strip() for value in (own | given).values()):
        raise JobRejected("a request header holds a character that is not printable ASCII, or spaces around its value")
    return own | given


def join_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case, repeated ones as one (RFC 9110, section 5.3), folded ones on one line (RFC 9112, 5.2)."""
    answer: dict[str, str] = {}
    for name, value in headers:
        key, text = name.lower(), " ".join(value.split())
        answer[key] = f"{answer[key]}, {text}" if key in answer else text
    return answer


def is_framed(headers: dict[str, str]) -> bool:
    """Whether it is beyond doubt where the body ends (RFC 9112, section 6.3). Two lengths read as "5, 7"."""
    length, coding = headers.get("content-length", "0"), headers.get("transfer-encoding", "chunked")
    return length.isascii() and length.isdecimal() and coding.lower() == "chunked"


def decode_body(chunks: Iterable[bytes], coding: str, most: int) -> Iterator[bytes]:
    """The body in pieces of at most `most` bytes, whatever it inflates to.

    Gzip alone was asked for, and gzip alone is unpacked: raises InvalidPayload for another Content-Encoding, and
    zlib.error for gzip that is damaged or ends too early. A gzip file is a series of members (RFC 1952, section 2.2),
    which some servers fill up with zeros; gzip itself reads past those too.
    """
    if coding in ("", "identity"):
        yield from chunks
        return
    if coding not in ("gzip", "x-gzip"):
        raise InvalidPayload(f"the body's Content-Encoding is {coding[:40]!r}, which was not asked for")
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
