"""Where in a request a credential stands."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit, urlunsplit

from poller.credentials import MASK
from poller.values import PageRequest

HEADER, QUERY = "header", "query"


@dataclass(frozen=True, slots=True)
class Place:
    """A header or a query parameter, by its name."""

    location: str
    name: str

    def fill(self, request: PageRequest, value: str) -> PageRequest:
        """`request` with `value` here, in place of what stood here: an API's own link may bring its key along."""
        if self.location == HEADER:
            others = {name: held for name, held in request.headers.items() if name.lower() != self.name.lower()}
            return replace(request, headers=others | {self.name: value})
        parts = urlsplit(request.url)
        pairs = [pair for pair in parts.query.split("&") if pair and not self._is_parameter(pair)]
        query = "&".join([*pairs, f"{quote(self.name, safe='')}={quote(value, safe='')}"])
        return replace(request, url=urlunsplit(parts._replace(query=query)))

    def shown(self, request: PageRequest) -> PageRequest:
        """`request` as it may be shown: something belongs here, and not what."""
        return self.fill(request, MASK)

    def is_taken(self, url: str, params: Iterable[str], headers: Iterable[str]) -> bool:
        """Whether a request's own URL, parameters or headers have something here."""
        if self.location == HEADER:
            return self.name.lower() in {name.lower() for name in headers}
        return self.name in {*params, *(name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))}

    def _is_parameter(self, pair: str) -> bool:
        return unquote_plus(pair.partition("=")[0]) == self.name


AUTHORIZATION = Place(HEADER, "Authorization")
"""RFC 9110, section 11.6.2."""
