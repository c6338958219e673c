"""How tasks and their counters are written in PollerTasksTable, and read back."""

import json
from typing import Any

from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import TaskRow, TaskState
from poller.jobs.opening import read_opening, write_opening
from poller.jobs.rows import to_reason

COUNT = "#COUNT"
_COUNTERS = {
    "started": "Started",
    "payload_saved": "PayloadSaved",
    "enqueued": "Enqueued",
    "failed": "FailedToComplete",
    "complete": "SuccessfullyCompleted",
    "pages": "Pages",
    "records": "Records",
    "bytes": "Bytes",
    "lost": "PagesLost",
    "behind": "TasksBehind",
    "ends": "EndsSeen",
    "requests": "Requests",
    "retried": "Retried",
    "waited": "WaitedSeconds",
    "pages_arrived": "PagesArrived",
    "records_arrived": "RecordsArrived",
}


def from_task(row: TaskRow) -> dict[str, Any]:
    return {
        "TaskId": row.task_id,
        "State": row.state.value,
        "Attempts": row.attempts,
        "Pages": row.pages,
        "Records": row.records,
        "Bytes": row.bytes,
        "DatasetBytes": row.dataset_bytes,
        "Sha256": row.sha256 or None,
        "FirstDigest": row.first_digest or None,
        "LastDigest": row.last_digest or None,
        "FirstRecord": row.first_record or None,
        "LastRecord": row.last_record or None,
        "Overlaps": row.overlaps,
        "Declared": row.declared,
        "Raw": row.raw,
        "Part": row.part,
        "Error": row.error.as_dict() if row.error else None,
        "Keyless": row.keyless or None,
        "Begun": row.begun or None,
        "GoesOnAt": row.goes_on_at,
        "End": {"Kind": row.end.kind.value, "Said": row.end.said} if row.end else None,
        "More": row.more or None,
        "ShortPages": row.short_pages or None,
        "ShortPage": row.short_page,
        "LookedAgain": row.looked_again or None,
        "DigestAgain": row.digest_again or None,
        "TotalAgain": row.total_again,
        "Mended": row.mended or None,
        "Blanked": row.blanked or None,
        "Ignored": row.ignored or None,
        "IgnoredPage": row.ignored_page,
        "FailedRounds": row.failed_rounds or None,
        "Lost": row.lost or None,
        "BeginsBy": row.begins_by or None,
        "GoesOnBy": row.goes_on_by or None,
        "Guard": row.guard or None,
        "LeftOut": list(row.left_out) or None,
        "Partition": json.dumps(row.partition) if row.partition is not None else None,
        "Halves": json.dumps(row.halves) if row.halves else None,
        "Opening": write_opening(row.opening) if row.opening else None,
        "Reached": row.reached or None,
        "Cursorless": row.cursorless or None,
    }


def to_task(item: dict[str, Any]) -> TaskRow:
    return TaskRow(
        task_id=item["TaskId"],
        state=TaskState(item["State"]),
        attempts=item.get("Attempts", 0),
        pages=item.get("Pages", 0),
        records=item.get("Records", 0),
        bytes=item.get("Bytes", 0),
        dataset_bytes=item.get("DatasetBytes", 0),
        sha256=item.get("Sha256", ""),
        first_digest=item.get("FirstDigest", ""),
        last_digest=item.get("LastDigest", ""),
        first_record=item.get("FirstRecord", ""),
        last_record=item.get("LastRecord", ""),
        overlaps=item.get("Overlaps", False),
        declared=item.get("Declared"),
        raw=item.get("Raw", ""),
        part=item.get("Part", ""),
        error=to_reason(item.get("Error")),
        keyless=item.get("Keyless", 0),
        begun=item.get("Begun", 0),
        goes_on_at=item.get("GoesOnAt"),
        end=DataEnd(EndKind(item["End"]["Kind"]), item["End"]["Said"]) if item.get("End") else None,
        more=item.get("More", ""),
        short_pages=item.get("ShortPages", 0),
        short_page=item.get("ShortPage"),
        looked_again=item.get("LookedAgain", False),
        digest_again=item.get("DigestAgain", ""),
        total_again=item.get("TotalAgain"),
        mended=item.get("Mended", 0),
        blanked=item.get("Blanked", 0),
        ignored=item.get("Ignored", 0),
        ignored_page=item.get("IgnoredPage"),
        failed_rounds=item.get("FailedRounds", 0),
        lost=item.get("Lost", 0),
        begins_by=item.get("BeginsBy", ""),
        goes_on_by=item.get("GoesOnBy", ""),
        guard=item.get("Guard", ""),
        left_out=tuple(item.get("LeftOut", ())),
        partition=json.loads(item["Partition"]) if "Partition" in item else None,
        halves=tuple(json.loads(item.get("Halves", "[]"))),
        opening=read_opening(item["Opening"]) if "Opening" in item else None,
        reached=item.get("Reached", ""),
        cursorless=item.get("Cursorless", 0),
    )


def from_count_changes(changes: dict[str, int]) -> dict[str, int]:
    """Counter changes under the names of their attributes."""
    return {_COUNTERS[name]: amount for name, amount in changes.items()}


def to_counts(item: dict[str, Any]) -> dict[str, int]:
    return {name: int(item.get(attribute, 0)) for name, attribute in _COUNTERS.items()}
