"""Sources as the API shows them."""

from collections.abc import Mapping
from typing import Any

from poller.jobs.model import Job
from poller.jobs.summary import shown_url
from poller.sources.model import Outcome, Run, Source
from poller.text import iso


def listed(source: Source) -> dict[str, Any]:
    """What a list says of a source."""
    schedule, cursor = source.schedule, source.cursor
    return {
        "Name": source.name,
        "Url": shown_url(source.spec["url"]),
        "Schedule": {
            "Expression": schedule.expression,
            "Timezone": schedule.timezone,
            "FlexibleMinutes": schedule.flexible_minutes,
        }
        if schedule
        else None,
        "Overlap": source.overlap.value,
        "Paused": source.paused,
        "Cursor": {"Value": cursor.value, "JobId": cursor.job_id, "MovedAt": iso(cursor.moved_at)} if cursor else None,
        "LastJobId": source.current,
        "CreatedAt": iso(source.created_at),
        "ChangedAt": iso(source.changed_at),
    }


def detailed(source: Source, jobs: Mapping[str, Job]) -> dict[str, Any]:
    """All there is to say of a source. `jobs` are those of its runs, as far as they are known."""
    return {
        **listed(source),
        "Spec": source.spec,
        "Runs": [run_shown(run, jobs.get(run.job_id)) for run in source.runs],
    }


def run_shown(run: Run, job: Job | None) -> dict[str, Any]:
    """A run whose job has expired has no Status; one that was skipped has no job."""
    is_skipped = run.outcome is Outcome.SKIPPED
    return {
        "JobId": None if is_skipped else run.job_id,
        "At": iso(run.at),
        "DueAt": run.due,
        "Outcome": run.outcome.value,
        "Why": run.why or None,
        "From": run.start,
        "Until": run.end,
        "Backfill": run.is_backfill,
        "Status": job.status.value if job else None,
    }
