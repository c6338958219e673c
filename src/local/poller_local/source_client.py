"""The sources of a stack, as its API has them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from poller_local.connection import Connection
from poller_local.errors import ApiError, BadInput, SourceConflict, SourceNotFound, one_line

_PAGE = 50  # as many as the API gives at once
_TRIES = 6  # for what may be done twice, as all of this may but beginning a run


class SourceClient:
    """Saves, lists, steers and deletes sources. Raises BadInput, SourceNotFound or SourceConflict, as the API says."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Save a source; returns it."""
        return self._call("PUT", name, json=definition)

    def all(self) -> Iterator[dict[str, Any]]:
        """Every source, by name."""
        for page in self._connection.pages("/sources", {"limit": str(_PAGE)}, _TRIES):
            yield from page.get("Sources") or []

    def source(self, name: str) -> dict[str, Any]:
        """One with its spec and its latest runs."""
        return self._call("GET", name)

    def change(self, name: str, **change: Any) -> dict[str, Any]:
        """Set `paused` or `cursor`; returns the source."""
        return self._call("PATCH", name, json=change)

    def delete(self, name: str) -> str:
        """Delete a source, and return what the stack says."""
        return one_line(str(self._call("DELETE", name).get("message") or f"Source {name} is deleted"))

    def run(self, name: str, range_: Mapping[str, str]) -> str:
        """Begin a run now, over a range if one is given; returns the job's id."""
        with _about(name):
            answer = self._connection.call("POST", f"{_path(name)}/runs", 1, json=range_ or None)
        return str(answer["JobId"])

    def _call(self, method: str, name: str, **options: Any) -> dict[str, Any]:
        with _about(name):
            return self._connection.call(method, _path(name), _TRIES, **options)


def _path(name: str) -> str:
    return f"/sources/{quote(name, safe='')}"


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Refusals that concern the source get a type of their own."""
    try:
        yield
    except ApiError as error:
        if error.status == 400 and error.said:
            raise BadInput(error.said) from error
        if error.status == 404:
            raise SourceNotFound(name) from error
        if error.status == 409:
            raise SourceConflict(error.said) from error
        raise
