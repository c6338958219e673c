"""The answer to GET /jobs/{jobId}."""

from datetime import UTC, datetime
from typing import Any

from poller.credentials import without_secrets
from poller.jobs.model import Counts, Job
from poller.jobs.plan import Partitions, Ranges
from poller.jobs.source_run import SourceRun
from poller.text import iso

_MAX_URL = 500
"""Characters: a page of summaries has fifty."""


def shown_url(url: Any) -> str | None:
    """The URL of a spec that need not be one, as summaries show it: short and without secrets."""
    if not isinstance(url, str):
        return None
    shown = without_secrets(url).encode(errors="replace").decode()  # half a surrogate pair cannot be stored
    return shown if len(shown) <= _MAX_URL else f"{shown[:_MAX_URL]}…"


def summarize(job: Job, counts: Counts) -> dict[str, Any]:
    """The job as the contract shows it. The first six fields count tasks by their present state.

    Pages and Records count what is stored; while the job runs, PagesArrived and RecordsArrived are ahead of them.
    """
    is_parted = isinstance(job.plan, Partitions)
    total, is_over = job.total(counts), job.status.is_final
    planned = job.plan.pages if isinstance(job.plan, Ranges) and job.total_is_final else None
    return {
        "Started": counts.started,
        "PayloadSaved": counts.payload_saved,
        "Enqueued": counts.enqueued,
        "SuccessfullyCompleted": counts.complete,
        "FailedToComplete": counts.failed,
        "Total": total,
        "JobId": job.job_id,
        "Name": job.name,
        "Url": job.url or (shown_url(job.spec.url) if job.spec else None),
        "Status": job.status.value,
        "Pending": max(0, total - counts.seen),
        "TotalIsFinal": job.total_is_final or (is_over if is_parted else counts.ends > 0),
        "Pages": counts.pages,
        "RecordsReceived": counts.records,
        "RecordsExpected": job.records_expected,
        "Bytes": counts.bytes,
        "PagesPlanned": planned,
        "PagesArrived": counts.pages if is_over else max(counts.pages, counts.pages_arrived),
        "RecordsArrived": counts.records if is_over else max(counts.records, counts.records_arrived),
        "Requests": counts.requests,
        "Retried": counts.retried,
        "WaitedSeconds": counts.waited,
        "DownSince": iso(datetime.fromtimestamp(job.down_since, UTC)) if job.down_since and not is_over else None,
        "StartedAt": iso(job.started_at),
        "FinishedAt": iso(job.finished_at) if job.finished_at else None,
        "RedrivenAt": iso(job.redriven_at) if job.redriven_at else None,
        "RunSeconds": job.run_seconds if job.finished_at else None,
        "ExecutionArn": job.owner.execution_arn,
        "Error": job.error.as_dict() if job.error else None,
        "Notice": job.notice.as_dict() if job.notice else None,
        "DuplicateOf": job.duplicate_of,
        "Proof": job.proof,
        "Detected": job.detected,
        "Source": _source(job.source) if job.source else None,
    }


def _source(run: SourceRun) -> dict[str, Any]:
    return {"Name": run.source, "From": run.start, "Until": run.end, "Reached": run.reached or None}
