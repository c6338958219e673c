"""Where a link to the next page leads: to the address that the API wrote, at an origin that may be asked."""

import re
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from poller.errors import AddressRefused

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PORTS = {"http": 80, "https": 443}
_SHOWN = 100  # characters


def next_address(written: str, asked: str, allowed: Collection[str] = (), base: str | None = None) -> str:
    """The address of the page that a page from `asked` names as the next one.

    A relative one is resolved against `asked` (RFC 3986, section 5), or put behind `base` where the API has named one.
    What differs from the origin of `asked` only by http for https, or by a missing port, is at that origin: servers
    behind a proxy do not know by which address they are reached. Path and query stay as they were written.

    Raises AddressRefused for another origin that is not `allowed`, and for what is no address.
    """
    address = written.strip().replace(" ", "%20")
    try:
        if not _SCHEME.match(address):
            address = urljoin(asked, address if base is None else _behind(base, address))
        return _at_an_origin(urlsplit(address), urlsplit(asked), allowed)
    except ValueError:  # its message repeats the address
        raise AddressRefused("what the API names as the next page is no address") from None


def from_header(text: str) -> str:
    """An address in a header: some servers send UTF-8 there, as browsers take it."""
    with suppress(UnicodeError):
        return text.encode("iso-8859-1").decode()
    return text


def origin_of(url: str) -> str:
    """`https://host`, with the port where it is not the scheme's own. Raises ValueError where there is none."""
    parts = urlsplit(url)
    host = _host(parts)
    if parts.scheme not in _PORTS or not host:
        raise ValueError
    name = f"[{host}]" if ":" in host else host
    is_usual = parts.port in (None, _PORTS[parts.scheme])
    return f"{parts.scheme}://{name}" if is_usual else f"{parts.scheme}://{name}:{parts.port}"


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removesuffix(".")


def _behind(base: str, address: str) -> str:
    """`address` behind `base`, as Confluence means it; one that has the base's path in it already, as it is."""
    path = urlsplit(base).path.removesuffix("/")
    if address.startswith("//") or (path and address.startswith(f"{path}/")):
        return urljoin(base, address)
    return base + address if address.startswith("?") else f"{base.removesuffix('/')}/{address.removeprefix('/')}"


def _at_an_origin(there: SplitResult, asked: SplitResult, allowed: Collection[str]) -> str:
    origin = origin_of(there.geturl())
    if _is_own(there, asked):
        return urlunsplit((asked.scheme, asked.netloc, there.path, there.query, ""))
    if origin in map(origin_of, allowed):
        return urlunsplit((there.scheme, there.netloc, there.path, there.query, ""))
    raise AddressRefused(
        f"the API names a next page at another origin, {ascii(origin[:_SHOWN])[1:-1]}; name it in "
        "paginator.allowed_origins if it may be asked"
    )


def _is_own(there: SplitResult, asked: SplitResult) -> bool:
    ports = {None, _PORTS[there.scheme], asked.port or _PORTS[asked.scheme]}
    return _host(there) == _host(asked) and there.port in ports
