"""An API on loopback that counts when requests arrive."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from tests.support.loopback import QuietHandler, listening


@dataclass
class CountedApi:
    """Answers `[1]` after up to `seconds`, and each request of which `redirects` is left with a redirect first."""

    seconds: float = 0.0
    redirects: int = 0
    url: str = ""
    arrivals: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def most_in(self, seconds: float) -> int:
        """The most requests in a window of so many seconds, of which the end is no part."""
        ordered = sorted(self.arrivals)
        return max((sum(first <= at < first + seconds for at in ordered) for first in ordered), default=0)


@contextmanager
def counted_api(api: CountedApi) -> Iterator[CountedApi]:
    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with api.lock:
                api.arrivals.append(time.monotonic())
                leads_on, api.redirects = api.redirects > 0, max(0, api.redirects - 1)
            time.sleep(api.seconds * random.random())
            self.send_response(302 if leads_on else 200)
            if leads_on:
                self.send_header("Location", "/again")
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"[1]")

    with listening(Handler) as origin:
        api.url = f"{origin}/rows"
        yield api
