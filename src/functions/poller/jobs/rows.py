"""How jobs are written in PollerTasksTable, and read back."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from poller.errors import ErrorType, Reason
from poller.jobs.model import Job, JobStatus, StopRequest
from poller.jobs.owner import Owner
from poller.jobs.plan import Partitions, Plan, Ranges, Walks
from poller.jobs.source_run import SourceRun
from poller.specs.stored import read_stored, write_stored
from poller.text import iso

JOB = "#JOB"
TOKEN = "#TOKEN"  # noqa: S105  # nosec B105  # a sort key
LISTING = "JOBS"
"""The partition of the index that lists all jobs by StartedAt."""


def from_job(job: Job) -> dict[str, Any]:
    """The row's attributes; None stands for an attribute that is left out. Their names outlive ours: rows do too."""
    owner = job.owner
    return {
        "JobId": job.job_id,
        "TaskId": JOB,
        "Name": job.name,
        "Url": job.url,
        "Status": job.status.value,
        "ExecutionArn": owner.execution_arn,
        "Executions": owner.executions,
        "Successor": owner.successor,
        "HandedOverAt": _written(owner.handed_over_at),
        "StartedAt": iso(job.started_at),
        "FinishedAt": iso(job.finished_at) if job.finished_at else None,
        "RedrivenAt": iso(job.redriven_at) if job.redriven_at else None,
        "RunSeconds": job.run_seconds,
        "ExpiresAt": job.expires_at,
        "Spec": write_stored(job.spec) if job.spec else None,
        **_from_plan(job.plan),
        "TotalIsFinal": job.total_is_final,
        "RecordsExpected": job.records_expected,
        "FirstPageDigest": job.first_page_digest or None,
        "MapConcurrency": job.map_concurrency,
        "Threads": job.threads,
        "DeadlineAt": _written(job.deadline_at),
        "NotBefore": job.not_before,
        "Preparations": job.preparations,
        "ProbeFailures": job.probe_failures or None,
        "ProbeSeen": job.probe_seen or None,
        "Visits": job.iterations,
        "PlanRound": job.plan_round,
        "ProgressMark": job.progress_mark,
        "ProgressAt": _written(job.progress_at),
        "IdleRounds": job.stalled_rounds,
        "Stop": from_stop(job.stop) if job.stop else None,
        "Error": job.error.as_dict() if job.error else None,
        "Notice": job.notice.as_dict() if job.notice else None,
        "DuplicateOf": job.duplicate_of,
        "RecordKey": list(job.record_key) or None,
        "Proof": job.proof,
        "Detected": job.detected,
        "DownSince": job.down_since or None,
        "Source": job.source.as_dict() if job.source else None,
        "RedrivenFor": job.redriven_for.as_dict() if job.redriven_for else None,
    }


def to_job(item: dict[str, Any]) -> Job:
    """The job of a row, whatever release wrote it. Where that cannot be, one that says so in its error."""
    try:
        return _to_job(item)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return _unreadable(item, error)


def _to_job(item: dict[str, Any]) -> Job:
    return Job(
        job_id=item["JobId"],
        name=item["Name"],
        status=JobStatus(item["Status"]),
        owner=_to_owner(item),
        started_at=datetime.fromisoformat(item["StartedAt"]),
        finished_at=_read(item.get("FinishedAt")),
        redriven_at=_read(item.get("RedrivenAt")),
        run_seconds=item.get("RunSeconds"),
        expires_at=item["ExpiresAt"],
        url=item.get("Url"),
        spec=read_stored(item["Spec"]) if "Spec" in item else None,
        plan=_to_plan(item),
        total_is_final=item.get("TotalIsFinal", False),
        records_expected=item.get("RecordsExpected"),
        first_page_digest=item.get("FirstPageDigest", ""),
        map_concurrency=item.get("MapConcurrency", 1),
        threads=item.get("Threads", 1),
        deadline_at=_read(item.get("DeadlineAt")),
        not_before=item.get("NotBefore", 0),
        preparations=item.get("Preparations", 0),
        probe_failures=item.get("ProbeFailures", 0),
        probe_seen=item.get("ProbeSeen", ""),
        iterations=item.get("Visits", 0),
        plan_round=item.get("PlanRound", 0),
        progress_mark=item.get("ProgressMark", 0),
        progress_at=_read(item.get("ProgressAt")),
        stalled_rounds=item.get("IdleRounds", 0),
        stop=_to_stop(item["Stop"]) if "Stop" in item else None,
        error=to_reason(item.get("Error")),
        notice=to_reason(item.get("Notice")),
        duplicate_of=item.get("DuplicateOf"),
        record_key=tuple(item.get("RecordKey", ())),
        proof=item.get("Proof"),
        detected=item.get("Detected"),
        down_since=item.get("DownSince", 0),
        redriven_for=to_reason(item.get("RedrivenFor")),
        source=SourceRun.from_dict(item["Source"]) if "Source" in item else None,
    )


def _unreadable(item: dict[str, Any], error: Exception) -> Job:
    """What can be said of a row that another release wrote: enough to show it, and to end it."""
    what = f"{type(error).__name__}: {error}" if not isinstance(error, KeyError) else f"no {error}"
    status = item.get("Status")
    return Job(
        job_id=item["JobId"],
        name=str(item.get("Name", "default")),
        status=JobStatus(status) if status in list(JobStatus) else JobStatus.FAILED,
        owner=Owner(str(item.get("ExecutionArn", "unknown"))),
        started_at=_read_or(item.get("StartedAt"), datetime.fromtimestamp(0, UTC)),
        expires_at=int(item.get("ExpiresAt", 0)),
        error=Reason(
            ErrorType.UNREADABLE, f"another release wrote the job's row, and it cannot be read ({what[:200]})"
        ),
        is_readable=False,
    )


def _from_plan(plan: Plan | None) -> dict[str, Any]:
    absent = dict.fromkeys(("PageCount", "PagesPerTask", "PageSize", "IsOpen", "Chains", "Partitions"))
    match plan:
        case Ranges(pages, pages_per_task, page_size, is_open):
            planned = {"PageCount": pages, "PagesPerTask": pages_per_task, "PageSize": page_size, "IsOpen": is_open}
            return absent | planned
        case Walks(chains):
            return absent | {"Chains": chains}
        case Partitions():  # as JSON: values have fractions, which rows have not
            return absent | {"Partitions": json.dumps(asdict(plan))}
        case None:
            return absent


def _to_plan(item: dict[str, Any]) -> Plan | None:
    if "PageCount" in item:
        return Ranges(item["PageCount"], item["PagesPerTask"], item["PageSize"], item.get("IsOpen", False))
    if "Partitions" in item:
        stored = json.loads(item["Partitions"])
        return Partitions(**{**stored, "samples": tuple(stored["samples"])})
    return Walks(item["Chains"]) if "Chains" in item else None


def _to_owner(item: dict[str, Any]) -> Owner:
    return Owner(
        item["ExecutionArn"], item.get("Executions", 1), item.get("Successor"), _read(item.get("HandedOverAt"))
    )


def from_stop(stop: StopRequest) -> dict[str, Any]:
    return {"Status": stop.status.value, "Error": stop.reason.as_dict()}


def _to_stop(stored: dict[str, Any]) -> StopRequest:
    return StopRequest(JobStatus(stored["Status"]), Reason.from_dict(stored["Error"]))


def to_reason(stored: dict[str, Any] | None) -> Reason | None:
    return Reason.from_dict(stored) if stored else None


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _read_or(text: Any, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
