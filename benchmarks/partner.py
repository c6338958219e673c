"""A partner's API on loopback: `GET /orders?offset=&limit=` and `GET /chain?cursor=`, each answer after a fixed time.

It knows the names of the public sample too, which can poll nothing else: `startAt` and `count`, and in the answer
`totalRecords` and `maxRecordsPerPage`.

One asyncio process of its own, with pages rendered once, so that it is not what limits a measurement: `/usage` says
how much processor time it took. It ends with the process that started it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

PAGE_RECORDS = 100
_CITIES = ("Zürich", "São Paulo", "東京", "Nairobi", "Kraków", "Reykjavík")


@dataclass(frozen=True)
class Partner:
    """A running partner: the addresses of its collection, of the same by cursor, and of its own accounts."""

    url: str
    chain_url: str
    usage_url: str

    def processor_seconds(self) -> float:
        with urlopen(self.usage_url) as answer:  # noqa: S310  # our own address
            return float(json.load(answer)["processor_seconds"])

    def spec(self, **more: object) -> dict[str, object]:
        """A job spec for the collection."""
        paginator = {"type": "offset", "limit": PAGE_RECORDS, "total_path": "total"}
        return {"url": self.url, "data_selector": "data", "paginator": paginator, **more}

    def chain_spec(self) -> dict[str, object]:
        """A job spec for the collection, page after page."""
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
        return {"url": self.chain_url, "data_selector": "data", "paginator": paginator}


@contextmanager
def serving(pages: int, latency_seconds: float) -> Iterator[Partner]:
    """A partner with `pages` pages of PAGE_RECORDS records."""
    command = [sys.executable, "-m", __name__, str(pages), str(latency_seconds)]
    with subprocess.Popen(  # noqa: S603  # this very module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both are pipes")
        origin = f"http://127.0.0.1:{int(process.stdout.readline())}"
        try:
            yield Partner(f"{origin}/orders", f"{origin}/chain", f"{origin}/usage")
        finally:
            process.stdin.close()


def record(number: int) -> str:
    """Record `number` as JSON text, with numbers that careless readers change."""
    return (
        f'{{"id": {number}, "serial": {9_007_199_254_740_993 + number}, "amount": {number % 1000}.{number % 100:02}, '
        f'"city": "{_CITIES[number % len(_CITIES)]}", "paid": {"true" if number % 3 else "false"}}}'
    )


@cache
def page(offset: int, limit: int, total: int) -> bytes:
    """A whole HTTP answer; with 100 records its body has about 10 KB."""
    rows = ", ".join(record(number) for number in range(offset, min(offset + min(limit, PAGE_RECORDS), total)))
    head = f'"total": {total}, "totalRecords": {total}, "maxRecordsPerPage": {PAGE_RECORDS}'
    return _answer(f'{{{head}, "data": [{rows}]}}'.encode())


@cache
def link(offset: int, total: int) -> bytes:
    """The same page, with where the next one begins in place of a total."""
    behind = offset + PAGE_RECORDS
    rows = ", ".join(map(record, range(offset, min(behind, total))))
    return _answer(f'{{"next": {json.dumps(str(behind) if behind < total else None)}, "data": [{rows}]}}'.encode())


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class _Connection(asyncio.Protocol):
    def __init__(self, total: int, latency_seconds: float) -> None:
        self._total, self._latency_seconds, self._read = total, latency_seconds, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, target: str) -> None:
        parts = urlsplit(target)
        if parts.path == "/usage":
            self._send(_answer(json.dumps({"processor_seconds": time.process_time()}).encode()))
            return
        query = dict(parse_qsl(parts.query))
        if parts.path == "/chain":
            answer = link(int(query.get("cursor", "0")), self._total)
        else:
            offset, limit = (
                query.get("offset", query.get("startAt", "0")),
                query.get("limit", query.get("count", "100")),
            )
            answer = page(int(offset), int(limit), self._total)
        asyncio.get_running_loop().call_later(self._latency_seconds, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)  # type: ignore[attr-defined]


async def _serve(pages: int, latency_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pages * PAGE_RECORDS, latency_seconds), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # read by `serving`
    await loop.run_in_executor(None, sys.stdin.read)  # until the process that started this one is gone
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", type=int)
    parser.add_argument("latency_seconds", type=float)
    given = parser.parse_args()
    asyncio.run(_serve(given.pages, given.latency_seconds))
