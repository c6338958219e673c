"""A partner's API on loopback: real HTTP, with a few ways to misbehave."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import QuietHandler, listening


@dataclass
class Partner:
    """`total` records in pages of at most `cap`; each page fails `failures` times before it comes.

    `clamps_at`: asked for an offset beyond this one, it sends this one's page again, as some servers do.
    Pages at the offsets in `broken` fail each time, and those in `refused` are refused. `pause_once`: the second page
    asked for is answered once with 429 and a Retry-After of so many seconds. `quota`: so many more requests are let
    through, and all others answered with 429 and a Retry-After of half a minute.
    """

    total: int = 95
    cap: int = 10
    failures: int = 0
    ignores_offset: bool = False
    clamps_at: int | None = None
    refuses_page_from: int | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_once: int | None = None
    quota: int | None = None
    broken: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        with self.lock:
            self.requests.append(query)
            self.times.append(time.monotonic())
            earlier = self.requests.count(query) - 1
            if self.pause_once and len(self.requests) > 1:
                pause, self.pause_once = self.pause_once, None
                return 429, b"{}", {"Retry-After": str(pause)}
            if self.quota is not None:
                self.quota -= 1
                if self.quota < 0:
                    return 429, b"{}", {"Retry-After": "30"}
        return *self.page(query, earlier), self.headers

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        if self.body is not None or self.status != 200:
            return self.status, self.body or b"{}"
        if earlier < self.failures:
            return 500, b'{"message": "now and then"}'
        if int(query.get("offset", 0)) in self.broken:
            return 500, b'{"message": "broken"}'
        if int(query.get("offset", 0)) in self.refused:
            return 404, b'{"message": "no such page"}'
        offset = 0 if self.ignores_offset else int(query.get("offset", 0))
        offset = offset if self.clamps_at is None else min(offset, self.clamps_at)
        if self.refuses_page_from is not None and offset >= self.refuses_page_from:
            return 404, b'{"message": "no such page"}'
        limit = min(int(query.get("limit", self.cap)), self.cap)
        rows = [record(n) for n in range(offset, min(offset + limit, self.total))]
        return 200, json.dumps({"data": rows, "offset": offset, "limit": limit, "total": self.total}).encode()


def record(number: int) -> dict[str, Any]:
    return {"id": number, "amount": float(number), "name": f"n°{number}"}


@contextmanager
def serving(partner: Partner) -> Iterator[Partner]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            status, body, headers = partner.answer(self.path)
            self.send_response(status)
            for name, value in {
                "Content-Type": partner.content_type, "Content-Length": str(len(body)), **headers
            }.items():  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as origin:
        partner.url = f"{origin}/orders"
        yield partner


Answer = Callable[[int, int], tuple[dict[str, Any], dict[str, str]]]
"""From the offset asked for and the number of the request to a body and headers."""


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[int]]]:
    """The URL of an API that answers so, and the offsets that it is asked for."""
    asked: list[int] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append(int(query.get("offset", ["0"])[0]))
            body, headers = answer(asked[-1], len(asked))
            content = json.dumps(body).encode()
            self.send_response(200)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as origin:
        yield f"{origin}/items", asked
