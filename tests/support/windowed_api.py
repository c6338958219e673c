"""An API on loopback that takes windows of numbers, and does not page deeper than its cap."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import QuietHandler, listening


@dataclass
class WindowedApi:
    """One record for each of `moments`; no more than `depth` of a window can be had.

    `inclusive`: the end belongs to a window. `declares`: answers have a total; `capped`: it ends at `depth`, too.
    """

    moments: list[int]
    depth: int = 10
    inclusive: bool = False
    declares: bool = True
    capped: bool = False
    url: str = ""
    windows: list[tuple[int, int]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def spec(self, **window: Any) -> dict[str, Any]:
        usual = {"type": "window", "start_param": "from", "end_param": "to", "kind": "integer", "start": 0, "end": 100,
                 "step": 25, "most_records": self.depth, "inclusive": self.inclusive}  # fmt: skip
        return {
            "url": f"{self.url}/rows",
            "paginator": {"type": "offset", "limit": 4},
            "data_selector": "rows",
            "partitions": [{**usual, **window}],
        }

    def rows(self) -> list[str]:
        return [json.dumps({"id": n, "at": at}, separators=(",", ":")) for n, at in enumerate(self.moments)]

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        query = {name: int(values[0]) for name, values in parse_qs(urlsplit(target).query).items()}
        begin, end, start = query["from"], query["to"] + self.inclusive, query.get("offset", 0)
        with self.lock:
            self.windows.append((query["from"], query["to"]))
        found = [{"id": n, "at": at} for n, at in enumerate(self.moments) if begin <= at < end]
        if start >= self.depth:
            return 400, {"error": "too deep"}
        total = {"total": min(self.depth, len(found)) if self.capped else len(found)} if self.declares else {}
        return 200, {"rows": found[start : min(start + query.get("limit", 4), self.depth)], **total}


@contextmanager
def windowed_api(api: WindowedApi) -> Iterator[WindowedApi]:
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
