"""The answer to GET /jobs/{jobId}."""

from datetime import datetime
from typing import Any

from poller.jobs.model import Counts, Job
from poller.specs.credentials import without_secrets

_MAX_URL = 500
"""Characters: a page of summaries has fifty."""


def iso(moment: datetime) -> str:
    """Whole seconds in UTC, as the contract shows times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def shown_url(url: Any) -> str | None:
    """The URL of a spec that need not be one, as summaries show it: short and without secrets."""
    if not isinstance(url, str):
        return None
    shown = without_secrets(url).encode(errors="replace").decode()  # half a surrogate pair cannot be stored
    return shown if len(shown) <= _MAX_URL else f"{shown[:_MAX_URL]}…"


def summary(job: Job, counts: Counts) -> dict[str, Any]:
    """The job as the contract shows it. The first six fields count tasks by their present state."""
    return {
        "Started": counts.started,
        "PayloadSaved": counts.payload_saved,
        "Enqueued": counts.enqueued,
        "SuccessfullyCompleted": counts.complete,
        "FailedToComplete": counts.failed,
        "Total": job.total,
        "JobId": job.job_id,
        "Name": job.name,
        "Url": job.url or (shown_url(job.spec.url) if job.spec else None),
        "Status": job.status.value,
        "Pending": max(0, job.total - counts.seen),
        "TotalIsFinal": job.total_is_final,
        "Pages": counts.pages,
        "RecordsReceived": counts.records,
        "RecordsExpected": job.records_expected,
        "Bytes": counts.bytes,
        "StartedAt": job.started_at,
        "FinishedAt": job.finished_at,
        "RedrivenAt": job.redriven_at,
        "RunSeconds": job.run_seconds if job.finished_at else None,
        "ExecutionArn": job.execution_arn,
        "Error": job.error,
        "Notice": job.notice,
        "DuplicateOf": job.duplicate_of,
    }
