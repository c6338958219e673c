"""What one request is, and what came back for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

JSON = Any
"""A JSON value as `paging.lossless_json.loads` reads it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request, complete: anyone can send it again."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one request. Header names are lower case; `body` is decoded from its transfer coding.

    `is_blanked`: it repeated credentials, which were taken out of `body`.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = 0.0
    is_blanked: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A response that holds records, found with `selector`.

    `line` is its JSON text on one line, "" where it has none; `url` is what was asked for, "" where that is not known.
    `ignored` and `end` are what came, where the job's own response_actions ignore it, or call it the end of the data.
    Credentials may have been taken out of so many `blanked` records.
    """

    value: JSON
    records: list[JSON]
    selector: str
    headers: dict[str, str]
    line: str
    url: str = ""
    ignored: str = ""
    end: str = ""
    blanked: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether it is an answer without a body, which means that there are no records, and says nothing else."""
        return not self.line


Sign = Callable[[PageRequest], PageRequest]
"""From a request to the same with credentials."""


class SigningSender(Protocol):
    """`upstream.client.Upstream`, or what holds its requests back."""

    def send(self, request: PageRequest, sign: Sign | None = None) -> Response: ...


class Sender(Protocol):
    """What requests are sent with: `upstream.client.Upstream`, or that with a job's credentials."""

    def send(self, request: PageRequest) -> Response: ...
