"""The answer to GET /jobs/{jobId}."""

from datetime import datetime
from typing import Any

from poller.jobs.model import Counts, Job


def iso(moment: datetime) -> str:
    """Whole seconds in UTC, as the contract shows times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
        "Status": job.status.value,
        "Pending": max(0, job.total - counts.seen),
        "TotalIsFinal": job.total_is_final,
        "Pages": counts.pages,
        "RecordsReceived": counts.records,
        "RecordsExpected": job.records_expected,
        "Bytes": counts.bytes,
        "StartedAt": job.started_at,
        "FinishedAt": job.finished_at,
        "ExecutionArn": job.execution_arn,
        "Error": job.error,
        "Notice": job.notice,
        "DuplicateOf": job.duplicate_of,
    }
