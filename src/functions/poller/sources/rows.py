"""How sources are written in PollerTasksTable, and read back. Such rows do not expire."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from poller.sources.model import Cursor, Outcome, Overlap, Run, Schedule, Source

SOURCES = "#SOURCES"
"""The partition of all sources, by name. No job's id begins so."""


def from_source(source: Source) -> dict[str, Any]:
    """The row's attributes; None stands for one that is left out."""
    cursor = source.cursor
    return {
        "JobId": SOURCES,
        "TaskId": source.name,
        "Spec": json.dumps(source.spec),
        "Memory": source.memory,
        "CreatedAt": source.created_at.isoformat(),
        "ChangedAt": source.changed_at.isoformat(),
        "Schedule": asdict(source.schedule) if source.schedule else None,
        "Overlap": source.overlap.value,
        "Paused": source.paused,
        "Cursor": {"Value": cursor.value, "JobId": cursor.job_id, "MovedAt": cursor.moved_at.isoformat()}
        if cursor
        else None,
        "Current": source.current,
        "LastDue": source.last_due,
        "Runs": [_from_run(run) for run in source.runs],
        "Version": source.version,
    }


def to_source(item: dict[str, Any]) -> Source:
    cursor = item.get("Cursor")
    return Source(
        name=item["TaskId"],
        spec=json.loads(item["Spec"]),
        memory=item["Memory"],
        created_at=datetime.fromisoformat(item["CreatedAt"]),
        changed_at=datetime.fromisoformat(item["ChangedAt"]),
        schedule=Schedule(**item["Schedule"]) if "Schedule" in item else None,
        overlap=Overlap(item["Overlap"]),
        paused=item["Paused"],
        cursor=Cursor(cursor["Value"], cursor["JobId"], datetime.fromisoformat(cursor["MovedAt"])) if cursor else None,
        current=item.get("Current"),
        last_due=item.get("LastDue"),
        runs=tuple(map(_to_run, item["Runs"])),
        version=item["Version"],
    )


def _from_run(run: Run) -> dict[str, Any]:
    written = {
        "JobId": run.job_id,
        "At": run.at.isoformat(),
        "Outcome": run.outcome.value,
        "Due": run.due,
        "Start": run.start,
        "End": run.end,
        "IsBackfill": run.is_backfill,
        "Why": run.why or None,
    }
    return {name: value for name, value in written.items() if value is not None}


def _to_run(item: dict[str, Any]) -> Run:
    return Run(
        job_id=item["JobId"],
        at=datetime.fromisoformat(item["At"]),
        outcome=Outcome(item["Outcome"]),
        due=item.get("Due"),
        start=item.get("Start"),
        end=item.get("End"),
        is_backfill=item["IsBackfill"],
        why=item.get("Why", ""),
    )
