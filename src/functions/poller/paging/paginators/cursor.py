"""`cursor`: each answer holds the cursor of the next page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from poller.errors import InvalidPayload
from poller.paging.body_path import body_path
from poller.paging.change import Change, Mark
from poller.paging.detection import Detection
from poller.paging.envelope import Envelope
from poller.paging.lossless_json import dumps
from poller.paging.next_places import cursors_in_body
from poller.paging.paginators.following import FOLLOWING, Following, cursor_in
from poller.paging.said import Word
from poller.paging.selector import identifier, select
from poller.readers import Reader, path_of, text
from poller.text import plain
from poller.values import JSON, Page


@dataclass(frozen=True, slots=True)
class Cursor(Following):
    """A cursor may also be the id of the last record: data[-1].id."""

    cursor_path: str
    cursor_param: str | None = None
    cursor_body_path: str | None = None
    has_more_path: str | None = None
    has_more_header: str | None = None
    has_more_when: Word | None = None
    end_status_codes: tuple[int, ...] = ()
    stop_on_empty: bool = False

    TYPE: ClassVar = "cursor"
    READERS: ClassVar[dict[str, Reader]] = {
        "cursor_path": path_of,
        "cursor_param": text,
        "cursor_body_path": body_path,
        **FOLLOWING,
    }

    @classmethod
    def candidates(cls, first: Envelope, sent: JSON) -> "Iterator[Detection[Cursor]]":
        """What may be the paginator, where the request `sent` that body, if any; asking for the second page shows
        whether it is."""
        for path, flag, names in cursors_in_body(first):
            for place in names if sent is None else _paths(sent, names):
                found = cls(path, place) if sent is None else cls(path, None, place)
                evidence = f"{path}, sent as {place}, leads to other records"
                yield Detection(replace(found, has_more_path=flag), evidence)

    @property
    def page_params(self) -> dict[str, str]:
        """The query parameter that changes page by page, by the field that names it."""
        return {"cursor_param": self.cursor_param} if self.cursor_param else {}

    @property
    def body_paths(self) -> dict[str, str]:
        """The same for what changes in the body."""
        return {"cursor_body_path": self.cursor_body_path} if self.cursor_body_path else {}

    @property
    def place(self) -> str:
        """Where the next page's cursor is, in words."""
        return self.cursor_path

    def contradiction(self) -> str | None:
        """Fields that are missing, or exclude each other, as a sentence."""
        if (self.cursor_param is None) == (self.cursor_body_path is None):
            return (
                "the next page's cursor is sent in a query parameter or in the body; give paginator.cursor_param or "
                "paginator.cursor_body_path"
            )
        return Following.contradiction(self)

    def mark_in(self, page: Page) -> Mark:
        """The next page's cursor; None where there is none. Raises InvalidPayload for what is none."""
        cursor = cursor_in(select(page.value, self.cursor_path), self.cursor_path)
        if isinstance(cursor, dict | list) and self.cursor_param:
            raise InvalidPayload(
                f"the cursor at {self.cursor_path} is no text or number, and fits no query parameter; set "
                "paginator.cursor_body_path if the API takes it in the body"
            )
        return cursor

    def change_at(self, mark: Mark) -> Change:
        """What the request for the page at `mark` has of its own."""
        if mark is None:
            return Change()
        if self.cursor_body_path:
            return Change(body={self.cursor_body_path: mark})
        return Change(params={str(self.cursor_param): as_parameter(mark)})


def _paths(sent: JSON, names: list[str]) -> list[str]:
    """Where in the body that was `sent` a cursor of one of these names may go: GraphQL has variables."""
    variables = sent.get("variables") if isinstance(sent, dict) else None
    if not isinstance(variables, dict):
        return [identifier(name) for name in names]
    there = [name for name in variables if plain(name) in ("after", "cursor")]
    return [f"variables.{identifier(name)}" for name in dict.fromkeys([*there, *names])]


def as_parameter(cursor: Mark) -> str:
    """A cursor as a query parameter holds it, before it is encoded: the text as it is, a number as it was written."""
    return cursor if isinstance(cursor, str) else dumps(cursor)
