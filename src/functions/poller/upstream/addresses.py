"""Where requests may go: to public addresses over https, and only to the operator's hosts where those are named.

The rules say what is allowed, not what is known to be bad: an address block that nobody thought of is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

import idna

from poller.errors import AddressRefused

_Networks = tuple[IPv4Network | IPv6Network, ...]


def _networks(text: str) -> _Networks:
    return tuple(ip_network(network) for network in text.split())


_LOOPBACK = _networks("127.0.0.0/8 ::1/128")
# Own tables, because ipaddress.is_global gives different answers in Python 3.11 and 3.13. All of IPv6 that is
# assigned for global unicast is one block (RFC 4291, section 2.4, and IANA's registry): whatever embeds an IPv4
# address (::/96, ::ffff:0:0/96, 64:ff9b::/96, RFC 6052), is local (fc00::/7, fe80::/10, fec0::/10) or multicast lies
# outside it, or is one of the exceptions.
_PUBLIC = _networks("0.0.0.0/0 2000::/3")
# https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry, whole blocks where
# some of a block is not globally reachable; multicast (RFC 5771); reserved (RFC 1112, section 4).
_EXCEPT = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "2001::/23 2001:db8::/32 2002::/16 3fff::/20"
)
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_API_GATEWAY = re.compile(r"\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# What RFC 3986 allows in a path or query, and % for what is encoded already. Everything else is encoded.
_AS_IS = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is normalised; `path` holds the query too and is ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110, section 7.2): a port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def read_target(url: str, allow_loopback: bool, allowed_hosts: Iterable[str]) -> Target:
    """Take `url` apart, or raise AddressRefused without repeating more of it than its host.

    Any port is allowed: APIs on 8443 are common, a port says nothing about who owns the address, and a service on a
    public address is open to everyone already. What listens there gets a TLS greeting, never text of the caller's.
    """
    if not url.isprintable() or " " in url:
        raise AddressRefused("the URL holds white space or a control character; percent-encode it")
    try:
        parts = urlsplit(url)
    except ValueError:  # its message repeats the URL
        raise AddressRefused("the URL cannot be read; write it as https://host/path") from None
    if "@" in parts.netloc:
        raise AddressRefused("the URL holds a user name or password before its host; leave it out")
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None:
        raise AddressRefused("the URL's host or port is malformed; write it as https://host/path")
    host = host_name(authority["v6"] or authority["name"])
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise AddressRefused(f"the URL of {host} is not https; only https URLs are polled")
    port = int(authority["port"] or _default_port(parts.scheme))
    if not 1 <= port <= 65535:
        raise AddressRefused(f"the URL of {host} names port {port}, which does not exist")
    rules = tuple(allowed_hosts)
    if rules and not any(host == rule or (rule[0] == "." and host.endswith(rule)) for rule in rules):
        raise AddressRefused(f"{host} is not one of the hosts that this deployment may poll")
    path = quote(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", safe=_AS_IS)
    return Target(parts.scheme, host, port, path)


def host_rule(text: str) -> str:
    """One of the operator's allowed hosts, normalised: a name, an address, or `.example.com` for all names below it.

    Raises ValueError for what could never match, such as a URL: it would refuse everything without a word.
    """
    below = text.startswith(".")
    try:
        return "." + host_name(text[1:]) if below else host_name(text.strip("[]"))
    except AddressRefused:
        raise ValueError(
            f"{text!r} in the allowed hosts is not a host name such as api.example.com or .example.com"
        ) from None


@lru_cache(maxsize=1024)
def host_name(text: str) -> str:
    """A host in the one form that is compared, resolved and sent: lower case, ASCII, without a final dot.

    Raises AddressRefused for what is neither a name (RFC 1123, section 2.1, and `_`) nor an address. Names that end
    in a number are addresses (https://url.spec.whatwg.org/#ends-in-a-number-checker), and C libraries read them in
    forms of their own, such as 0177.0.0.1, 127.1 or 2130706433: only the usual form is taken.
    """
    shown = text[:60]
    try:
        # Non-transitional, as browsers do (RFC 5891): straße.de is not strasse.de, which someone else may own.
        host = (text if text.isascii() else idna.encode(text, uts46=True).decode()).lower().removesuffix(".")
    except UnicodeError:
        raise AddressRefused(f"{shown!r} is not a host name") from None
    labels = host.split(".")
    if ":" in host or _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ip_address(host))
        except ValueError:
            raise AddressRefused(f"{shown!r} is not an address in its usual form") from None
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise AddressRefused(f"{shown!r} is not a host name")
    return host


def not_public(host: str) -> AddressRefused:
    """What to say of a host that leads to an address that may not be polled."""
    message = f"{host} leads to an address that may not be polled; it is not public"
    if _API_GATEWAY.search(host):
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html
        message += (
            ". In a network with a private endpoint for execute-api every API of API Gateway has such an address: "
            "turn the endpoint's private DNS off, or poll from another network"
        )
    return AddressRefused(message)


def may_be_polled(address: str, allow_loopback: bool) -> bool:
    """Whether a request may be sent to `address`, which a host was resolved to."""
    ip = ip_address(address)
    if any(ip in network for network in _LOOPBACK):
        return allow_loopback
    return any(ip in network for network in _PUBLIC) and not any(ip in network for network in _EXCEPT)


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
