"""An API on loopback whose pages each say where the next one begins, in every style there is."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from poller.values import PageRequest, Response
from tests.support.loopback import QuietHandler, listening
from tests.support.partner import record

CURSOR = {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}
BODY = {"type": "cursor", "cursor_path": "data.page.end", "cursor_body_path": "variables.after"}
HEADER_CURSOR = {"type": "header_cursor", "cursor_header": "X-Next-Cursor", "cursor_param": "cursor"}
JSON_LINK = {"type": "json_link", "next_url_path": "links.next"}
HEADER_LINK = {"type": "header_link"}
BARE_LINK = {"type": "header_link", "next_url_header": "X-Next-Page"}
STYLES: dict[str, dict[str, Any]] = {
    "cursor": CURSOR, "body": BODY, "header_cursor": HEADER_CURSOR, "json_link": JSON_LINK,
    "header_link": HEADER_LINK, "bare_link": BARE_LINK,
}  # fmt: skip


@dataclass
class WalkedApi:
    """`pages` of records, each asked for by its `cursors` text (the first without one).

    `told_end` is what stands where a cursor would be at the end; MISSING for nothing at all. `leads` changes where a
    page leads: from its index to another's. `answers` are what single pages answer instead, a status and a body; `more`
    is in every body besides. `link` writes an address as another server would.
    """

    style: str = "cursor"
    pages: list[list[Any]] = field(default_factory=list)
    cursors: list[Any] = field(default_factory=list)
    told_end: Any = None
    leads: dict[int, int] = field(default_factory=dict)
    answers: dict[int, tuple[int, Any]] = field(default_factory=dict)
    more: Callable[[int], dict[str, Any]] = lambda _: {}
    link: Callable[[str], str] = str
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    url: str = ""
    asked: list[int] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def spec(self, **more: Any) -> dict[str, Any]:
        """A job spec for it."""
        post = (
            {"method": "POST", "json": {"query": "{ all }", "variables": {"first": 10}}} if self.style == "body" else {}
        )
        return {"url": self.url, "paginator": dict(STYLES[self.style]), "data_selector": "rows", **post, **more}

    def rows(self) -> list[str]:
        """Every record as the dataset has it."""
        return [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for page in self.pages for row in page]

    def send(self, request: PageRequest) -> Response:
        """The answer without a network between."""
        status, body, headers = self.answer(request.url, request.body or b"")
        return Response(status, {name.lower(): text for name, text in headers.items()}, body)

    def answer(self, path: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        text = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True)).get("cursor")
        if self.style == "body":
            text = json.loads(body)["variables"].get("after")
        index = 0 if text is None else self.cursors.index(text)
        with self.lock:
            self.asked.append(index)
        time.sleep(self.seconds)
        if index in self.answers:
            status, said = self.answers[index]
            return status, json.dumps(said).encode(), self.headers
        content, headers = self.page(index)
        return 200, json.dumps(content).encode(), headers | self.headers

    def page(self, index: int) -> tuple[dict[str, Any], dict[str, str]]:
        behind = self.leads.get(index, index + 1)
        is_last = behind >= len(self.pages)
        content = {"rows": self.pages[index], **self.more(index)}
        cursor = self.told_end if is_last else self.cursors[behind]
        link = self.told_end if is_last else self.link(f"{self.url}?cursor={quote(str(self.cursors[behind]), safe='')}")
        if cursor is MISSING:
            return content, {}
        match self.style:
            case "cursor":
                return {**content, "next_cursor": cursor}, {}
            case "body":
                return {**content, "data": {"page": {"end": cursor}}}, {}
            case "json_link":
                return {**content, "links": {"next": link}}, {}
        if is_last:
            return content, {}
        match self.style:
            case "header_cursor":
                return content, {"X-Next-Cursor": cursor}
            case "header_link":
                return content, {
                    "Link": f'<{self.url}>; rel="first"; title="a, <b>; rel=next", <{link}>; rel="next last"'
                }
        return content, {"X-Next-Page": link}


MISSING = object()


def pages_of(*sizes: int) -> list[list[Any]]:
    """Pages of so many records each, numbered on."""
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [[record(start + n) for n in range(size)] for start, size in zip(starts, sizes, strict=True)]


def walked(style: str, *sizes: int, **more: Any) -> WalkedApi:
    """An API with pages of so many records."""
    return WalkedApi(style, pages_of(*sizes), [f"c{n}" for n in range(len(sizes))], **more)


@contextmanager
def walked_api(api: WalkedApi) -> Iterator[WalkedApi]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with api.lock:
                api.requests.append((self.path, dict(self.headers), body))
            status, content, headers = api.answer(self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

    with listening(Handler) as origin:
        api.url = f"{origin}/rows"
        yield api
