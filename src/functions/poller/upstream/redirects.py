"""Which redirects are followed."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from poller.errors import AddressRefused
from poller.upstream.addresses import Target, read_target
from poller.values import Response

MAX_REDIRECTS = 3
_FOLLOWED = {301, 302, 303, 307, 308}  # RFC 9110, section 15.4; no client knows what to make of the others


def onward(
    method: str, here: Target, answer: Response, allow_loopback: bool, allowed_hosts: Iterable[str]
) -> Target | None:
    """Where an answer leads that may be followed: a GET to the same origin, or from http to https of the same host.

    None for every other answer. The query that was sent has to be in the new address: without its parameters, the
    answer would be to another question, and nobody would notice. An address that only ends in a slash more or less, and
    has no query, is taken with ours: some servers forget it on the way.
    """
    location = answer.headers.get("location", "")
    if method != "GET" or answer.status not in _FOLLOWED or not location:
        return None
    try:
        address = urldefrag(urljoin(here.url, _as_written(location)))[0]
        if "?" not in address and urlsplit(address).path.rstrip("/") == urlsplit(here.url).path.rstrip("/"):
            address += here.url[len(here.url.partition("?")[0]) :]
        there = read_target(address, allow_loopback, allowed_hosts)
    except (ValueError, AddressRefused):
        return None
    is_upgrade = (here.scheme, there.scheme) == ("http", "https") and here.host == there.host
    if there.origin != here.origin and not is_upgrade:
        return None
    return None if _query(here) - _query(there) else there


def _as_written(location: str) -> str:
    """Servers send UTF-8 and spaces in a Location, which browsers take."""
    with suppress(UnicodeError):
        location = location.encode("iso-8859-1").decode()
    return location.replace(" ", "%20")


def _query(target: Target) -> Counter[tuple[str, str]]:
    return Counter(parse_qsl(target.path.partition("?")[2], keep_blank_values=True))
