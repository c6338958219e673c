"""How jobs, tasks and counters are written in PollerTasksTable, and read back."""

import json
from typing import Any

from poller.jobs.model import Geometry, Job, JobStatus, TaskRow, TaskState
from poller.specs.parse import job_spec_as_dict, parse_job_spec

JOB = "#JOB"
COUNT = "#COUNT"
TOKEN = "#TOKEN"  # noqa: S105  # nosec B105  # a sort key
LISTING = "JOBS"
"""The partition of the index that lists all jobs by StartedAt."""
_COUNTERS = {
    "started": "Started",
    "payload_saved": "PayloadSaved",
    "enqueued": "Enqueued",
    "failed": "FailedToComplete",
    "complete": "SuccessfullyCompleted",
    "pages": "Pages",
    "records": "Records",
    "bytes": "Bytes",
}


def from_job(job: Job) -> dict[str, Any]:
    """The row's attributes; None stands for an attribute that is left out."""
    shape = job.geometry
    return {
        "JobId": job.job_id,
        "TaskId": JOB,
        "Name": job.name,
        "Url": job.url,
        "Status": job.status.value,
        "ExecutionArn": job.execution_arn,
        "StartedAt": job.started_at,
        "FinishedAt": job.finished_at,
        "RedrivenAt": job.redriven_at,
        "RunSeconds": job.run_seconds,
        "ExpiresAt": job.expires_at,
        "Spec": json.dumps(job_spec_as_dict(job.spec)) if job.spec else None,
        "PageCount": shape.pages if shape else None,
        "PagesPerTask": shape.pages_per_task if shape else None,
        "PageSize": shape.page_size if shape else None,
        "TotalIsFinal": job.total_is_final,
        "RecordsExpected": job.records_expected,
        "FirstPageDigest": job.first_page_digest or None,
        "MapConcurrency": job.map_concurrency,
        "Threads": job.threads,
        "Executions": job.executions,
        "Successor": job.successor,
        "HandedOverAt": job.handed_over_at,
        "DeadlineAt": job.deadline_at or None,
        "NotBefore": job.not_before,
        "Preparations": job.preparations,
        "ProbeFailures": job.probe_failures or None,
        "ProbeSeen": job.probe_seen or None,
        "Visits": job.visits,
        "PlanRound": job.plan_round,
        "ProgressMark": job.progress_mark,
        "ProgressAt": job.progress_at or None,
        "IdleRounds": job.idle_rounds,
        "Stop": job.stop,
        "Error": job.error,
        "Notice": job.notice,
        "DuplicateOf": job.duplicate_of,
    }


def to_job(item: dict[str, Any]) -> Job:
    shape = None
    if "PageCount" in item:
        shape = Geometry(int(item["PageCount"]), int(item["PagesPerTask"]), int(item["PageSize"]))
    return Job(
        job_id=item["JobId"],
        name=item["Name"],
        status=JobStatus(item["Status"]),
        execution_arn=item["ExecutionArn"],
        started_at=item["StartedAt"],
        finished_at=item.get("FinishedAt"),
        redriven_at=item.get("RedrivenAt"),
        run_seconds=int(item["RunSeconds"]) if "RunSeconds" in item else None,
        expires_at=int(item["ExpiresAt"]),
        url=item.get("Url"),
        spec=parse_job_spec(json.loads(item["Spec"])) if "Spec" in item else None,
        geometry=shape,
        total_is_final=item["TotalIsFinal"],
        records_expected=int(item["RecordsExpected"]) if "RecordsExpected" in item else None,
        first_page_digest=item.get("FirstPageDigest", ""),
        map_concurrency=int(item["MapConcurrency"]),
        threads=int(item["Threads"]),
        executions=int(item["Executions"]),
        successor=item.get("Successor"),
        handed_over_at=item.get("HandedOverAt"),
        deadline_at=item.get("DeadlineAt", ""),
        not_before=int(item["NotBefore"]),
        preparations=int(item["Preparations"]),
        probe_failures=int(item.get("ProbeFailures", 0)),
        probe_seen=item.get("ProbeSeen", ""),
        visits=int(item["Visits"]),
        plan_round=int(item["PlanRound"]),
        progress_mark=int(item["ProgressMark"]),
        progress_at=item.get("ProgressAt", ""),
        idle_rounds=int(item["IdleRounds"]),
        stop=item.get("Stop"),
        error=item.get("Error"),
        notice=item.get("Notice"),
        duplicate_of=item.get("DuplicateOf"),
    )


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
        "Error": row.error,
    }


def to_task(item: dict[str, Any]) -> TaskRow:
    return TaskRow(
        task_id=item["TaskId"],
        state=TaskState(item["State"]),
        attempts=int(item["Attempts"]),
        pages=int(item["Pages"]),
        records=int(item["Records"]),
        bytes=int(item["Bytes"]),
        dataset_bytes=int(item["DatasetBytes"]),
        sha256=item.get("Sha256", ""),
        first_digest=item.get("FirstDigest", ""),
        last_digest=item.get("LastDigest", ""),
        first_record=item.get("FirstRecord", ""),
        last_record=item.get("LastRecord", ""),
        overlaps=item["Overlaps"],
        declared=int(item["Declared"]) if "Declared" in item else None,
        raw=item["Raw"],
        part=item["Part"],
        error=_error(item.get("Error")),
    )


def _error(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """A task's error; numbers come back from DynamoDB as decimals."""
    if stored is None or "Page" not in stored:
        return stored
    return {**stored, "Page": int(stored["Page"])}


def from_deltas(deltas: dict[str, int]) -> dict[str, int]:
    """Counter changes under the names of their attributes."""
    return {_COUNTERS[name]: amount for name, amount in deltas.items()}


def to_counts(item: dict[str, Any]) -> dict[str, int]:
    return {name: int(item.get(attribute, 0)) for name, attribute in _COUNTERS.items()}
