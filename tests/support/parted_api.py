"""An API on loopback that has its records by parts: one list for each value of what is asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.loopback import QuietHandler, listening

OFFSET = {"type": "offset", "limit": 3}
LINK = {"type": "json_link", "next_url_path": "next"}


@dataclass
class PartedApi:
    """`parts` are the records by the value that asks for them, in pages of `cap`.

    `answers` are what single parts answer in their place: a status. `totals` are declared instead of the true ones.
    `linked`: each page has the address of the next one, and no total; `echoes`: it says how it is asked for.
    """

    parts: dict[str, list[Any]] = field(default_factory=dict)
    cap: int = 3
    answers: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    linked: bool = False
    echoes: bool = False
    url: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def spec(self, **more: Any) -> dict[str, Any]:
        """A job spec for it, with the part as a step of the path."""
        return {
            "url": f"{self.url}/{{part}}/rows",
            "paginator": dict(LINK if self.linked else OFFSET),
            "data_selector": "rows",
            "partitions": [{"type": "list", "name": "part", "values": list(self.parts)}],
            **more,
        }

    def rows(self, *parts: str) -> list[str]:
        """Every record of these parts, or of all, as the dataset has it."""
        return [as_line(row) for part in parts or self.parts for row in self.parts[part]]

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        split = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        part, start = unquote(split.path.split("/")[1]), int(query.get("offset", 0))
        with self.lock:
            self.asked.append((part, start))
        if part in self.answers:
            return self.answers[part], {"error": "no"}
        return 200, self.page(part, start, min(self.cap, int(query.get("limit", self.cap))), split.path)

    def page(self, part: str, start: int, size: int, path: str) -> dict[str, Any]:
        rows = self.parts[part]
        if not self.linked:
            paging = {"offset": start, "limit": self.cap} if self.echoes else {}
            return {"rows": rows[start : start + size], "total": self.totals.get(part, len(rows)), **paging}
        is_last = start + size >= len(rows)
        return {"rows": rows[start : start + size], "next": None if is_last else f"{path}?offset={start + size}"}


def as_line(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def parts_of(**sizes: int) -> dict[str, list[Any]]:
    """Parts with so many records, each with an id of its own."""
    return {part: [{"id": f"{part}-{n}", "n": n} for n in range(size)] for part, size in sizes.items()}


@contextmanager
def parted_api(api: PartedApi) -> Iterator[PartedApi]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, content = api.answer(self.path)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as origin:
        api.url = origin
        yield api
