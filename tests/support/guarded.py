"""A partner's API that wants credentials, and repeats in its refusals what it was given."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from tests.support.loopback import QuietHandler, listening
from tests.support.partner import Partner

Admits = Callable[[Mapping[str, str], dict[str, str]], bool]
"""From the request's headers (of any case) and query to whether it may pass."""


@dataclass
class Guarded:
    """`came` are the headers of each request, `refused` how many were."""

    url: str
    origin: str
    came: list[Mapping[str, str]] = field(default_factory=list)
    refused: int = 0
    echoes: bool = False
    redirects: dict[str, str] = field(default_factory=dict)


@contextmanager
def guarded(partner: Partner, admits: Admits) -> Iterator[Guarded]:
    """`partner` behind a guard. Where it `echoes`, the pages link to themselves with all that came."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            api.came.append(self.headers)
            path = urlsplit(self.path).path
            if path in api.redirects:
                return self.say(302, b"", {"Location": api.redirects[path]})
            if not admits(self.headers, dict(parse_qsl(urlsplit(self.path).query))):
                api.refused += 1
                given = f"{self.path} {self.headers.get('Authorization', '')} {self.headers.get('X-Key', '')}"
                return self.say(401, json.dumps({"message": f"who is {given}?"}).encode(), {})
            status, body, headers = partner.answer(self.path)
            if api.echoes:
                given = f"{self.path} {self.headers.get('Authorization', '')} {self.headers.get('X-Key', '')}"
                body = json.dumps({**json.loads(body), "self": given}).encode()
                headers = {**headers, "X-Asked": given}
            return self.say(status, body, headers)

        def say(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as origin:
        api = Guarded(f"{origin}/orders", origin)
        yield api


def bearer(token: str) -> Admits:
    return lambda headers, _query: headers.get("Authorization") == f"Bearer {token}"


def key(name: str, value: str) -> Admits:
    """In a header or in the query."""
    return lambda headers, query: value in (headers.get(name), query.get(name))
