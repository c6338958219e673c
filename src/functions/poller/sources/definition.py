"""What a caller says a source is: the body of PUT /sources/{name}, checked."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from poller.errors import JobRejected
from poller.readers import kind_of, one_of
from poller.sources.model import Overlap, Schedule, Source
from poller.sources.schedule import read_schedule
from poller.specs.cursor_value import read_cursor_value
from poller.specs.model import JobSpec
from poller.specs.parse import accept_source_spec
from poller.text import nearest, shown

_FIELDS = ("spec", "schedule", "overlap")


@dataclass(frozen=True, slots=True)
class Definition:
    """`spec` as it was sent, with a name; `parsed` is what it says."""

    spec: dict[str, Any]
    parsed: JobSpec
    schedule: Schedule | None
    overlap: Overlap


def read_definition(name: str, raw: Any) -> Definition:
    """Raises JobRejected naming the field, what is wrong with it and what is allowed."""
    if not isinstance(raw, dict):
        raise JobRejected(
            f'the source is {kind_of(raw)}; it must be an object such as {{"spec": {{"url": "https://…"}}}}'
        )
    for field in raw:
        if field not in _FIELDS:
            meant = nearest(field, _FIELDS)
            hint = f"did you mean {meant}? It" if meant else "it"
            raise JobRejected(f"{shown(field)} is not a field of a source; {hint} has {', '.join(_FIELDS)}")
    if "spec" not in raw:
        raise JobRejected('spec is missing; the smallest source is {"spec": {"url": "https://…"}}')
    spec = {"name": name, **raw["spec"]} if isinstance(raw["spec"], dict) else raw["spec"]
    schedule = raw.get("schedule")
    return Definition(
        spec,
        accept_source_spec(spec),
        None if schedule is None else read_schedule("schedule", schedule),
        Overlap(one_of(*Overlap)("overlap", raw.get("overlap", Overlap.SKIP))),
    )


def defined(name: str, standing: Source | None, definition: Definition, memory: str, now: datetime) -> Source:
    """The source as it is now defined. It keeps its cursor while that means the same; otherwise it gets `memory`."""
    if standing is None:
        return Source(name, definition.spec, memory, now, now, definition.schedule, definition.overlap)
    after = replace(
        standing,
        spec=definition.spec,
        schedule=definition.schedule,
        overlap=definition.overlap,
        changed_at=now,
    )
    if _what_cursors_mean(standing.spec) == _what_cursors_mean(definition.spec):
        return after
    return replace(after, memory=memory, cursor=None)


def _what_cursors_mean(spec: dict[str, Any]) -> tuple[Any, ...]:
    """Of a spec that was accepted once: whose values they are, and of which kind."""
    incremental = spec.get("incremental") or {}
    first = read_cursor_value(incremental.get("initial_value"))
    return spec.get("url"), incremental.get("cursor_path"), incremental.get("start_param"), first and first.kind
