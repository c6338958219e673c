"""What PATCH /sources/{name} changes: whether a source is paused, and where its cursor stands."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from poller.errors import JobRejected
from poller.readers import flag, kind_of
from poller.sources.model import Cursor, Source
from poller.specs.incremental import cursor_value
from poller.specs.parse import accept_source_spec
from poller.text import shown

_BY_HAND = "set by hand"


@dataclass(frozen=True, slots=True)
class Change:
    """`paused` None: as it is. `sets_cursor`: to `cursor`, or with None to where the first run begins."""

    paused: bool | None = None
    sets_cursor: bool = False
    cursor: str | int | None = None


def read_change(raw: Any) -> Change:
    """Raises JobRejected naming the field."""
    if not isinstance(raw, dict) or not raw:
        what = "an empty object" if raw == {} else kind_of(raw)
        raise JobRejected(
            f'the change is {what}; it must be an object such as {{"paused": true}} or {{"cursor": null}}'
        )
    if unknown := next((name for name in raw if name not in ("paused", "cursor")), None):
        raise JobRejected(f"{shown(unknown)} cannot be changed by itself; paused and cursor can, and PUT sets the rest")
    cursor = raw.get("cursor")
    return Change(
        flag("paused", raw["paused"]) if "paused" in raw else None,
        "cursor" in raw,
        None if cursor is None else cursor_value("cursor", cursor),
    )


def changed(source: Source, change: Change, memory: str, now: datetime) -> Source:
    """`source` after `change`; with its cursor set, it gets `memory`. Raises JobRejected where it has no cursor."""
    if change.paused is not None:
        source = replace(source, paused=change.paused, changed_at=now)
    if not change.sets_cursor:
        return source
    incremental = accept_source_spec(source.spec).incremental
    if incremental is None:
        raise JobRejected("cursor is for a source whose spec has incremental; this one reads everything in each run")
    cursor = None
    if change.cursor is not None:
        value = incremental.read(change.cursor)
        if value is None:
            raise JobRejected(f"cursor must be a {incremental.kind}, as incremental.initial_value is")
        cursor = Cursor(value.text, _BY_HAND, now)
    return replace(source, cursor=cursor, memory=memory, changed_at=now)
