"""An API on loopback whose records change, and which is asked for those that changed since a time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import QuietHandler, listening


@dataclass
class ChangingApi:
    """`rows` by id, with the time at which each changed; in pages of `size`, sorted by that time.

    Offsets beyond `refused_from` are refused.
    """

    size: int = 3
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    refused_from: int | None = None
    url: str = ""

    def change(self, at: str, *ids: int) -> None:
        for number in ids:
            self.rows[number] = {"id": number, "updated_at": at, "value": f"{number} at {at}"}

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        self.asked.append(query)
        offset = int(query.get("offset", 0))
        if self.refused_from is not None and offset >= self.refused_from:
            return 404, {"message": "no such page"}
        since, until = query.get("since", ""), query.get("until", "9999")
        found = [row for row in self.rows.values() if since <= row.get("updated_at", "9998") <= until]
        found.sort(key=lambda row: (row.get("updated_at", ""), row["id"]))
        return 200, {"data": found[offset:][: self.size], "total": len(found)}


@contextmanager
def changing(api: ChangingApi) -> Iterator[ChangingApi]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            status, answer = api.answer(self.path)
            body = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as origin:
        api.url = f"{origin}/orders"
        yield api
