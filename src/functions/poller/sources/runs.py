"""Which run begins: by a schedule, or because somebody asked for it. Decisions only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from poller.errors import JobRejected
from poller.jobs.model import Job
from poller.jobs.source_run import SourceRun
from poller.sources.model import Outcome, Overlap, Run, Source
from poller.specs.cursor_value import CursorValue
from poller.specs.model import JobSpec

BEGINNING = timedelta(hours=1)
"""For so long a run that has no job yet may be about to get it; later, the job's row has expired."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a backfill reads: from `start`, up to `end` if that is given."""

    start: CursorValue
    end: CursorValue | None


def scheduled_job_id(source: Source, due: str) -> str:
    """The same for each call of one time. A source that is made anew has other ones."""
    return str(uuid5(NAMESPACE_URL, f"poller:{source.name}:{source.created_at.isoformat()}:{due}"))


def going(source: Source, find_job: Callable[[str], Job | None], now: datetime) -> str | None:
    """The job of the source's current run, if that has not ended."""
    run = source.run_of(source.current)
    if run is None:
        return None
    job = find_job(run.job_id)
    is_over = now - run.at > BEGINNING if job is None else job.status.is_final
    return None if is_over else run.job_id


def on_schedule(source: Source, spec: JobSpec, due: str, still: str | None, now: datetime) -> Source | None:
    """`source` with what becomes of the run that is due; None where there is nothing to do.

    `still` is the job that still goes.
    """
    if source.paused or (source.last_due is not None and due <= source.last_due):
        return None
    run = replace(_run(source, spec, scheduled_job_id(source, due), now), due=due)
    if still is not None and source.overlap is Overlap.SKIP:
        why = f"the run before it, job {still}, was still going"
        return source.with_run(replace(run, outcome=Outcome.SKIPPED, why=why))
    return source.with_run(run)


def by_hand(source: Source, spec: JobSpec, job_id: str, range_: Range | None, now: datetime) -> Source:
    """`source` with a run that begins now."""
    run = _run(source, spec, job_id, now)
    if range_ is not None:
        end = range_.end.text if range_.end else None
        run = replace(run, start=range_.start.text, end=end, is_backfill=True)
    return source.with_run(run)


def source_run(source: Source, run: Run) -> SourceRun:
    """What the run's job has to know of it."""
    return SourceRun(source.name, "" if run.is_backfill else source.memory, run.start, run.end)


def read_range(spec: JobSpec, start: object, end: object) -> Range | None:
    """What a backfill was asked to read, None where no range was given. Raises JobRejected."""
    if start is None and end is None:
        return None
    incremental = spec.incremental
    if incremental is None:
        raise JobRejected("from and until are for a source whose spec has incremental; leave them out")
    if start is None:
        raise JobRejected("until needs from, the value at which the range begins")
    first, last = incremental.read(start), incremental.read(end)
    for field, given, value in (("from", start, first), ("until", end, last)):
        if given is not None and value is None:
            raise JobRejected(f"{field} must be a {incremental.kind}, as incremental.initial_value is")
    if end is not None and incremental.end_param is None:
        raise JobRejected("until needs incremental.end_param, the parameter that tells the API where to end")
    if first is None or (last is not None and last.order < first.order):
        raise JobRejected("until lies before from; exchange them")
    return Range(first, last)


def _run(source: Source, spec: JobSpec, job_id: str, now: datetime) -> Run:
    start = None
    if spec.incremental is not None:
        start = spec.incremental.start_after(source.cursor.read if source.cursor else None).text
    return Run(job_id, now, Outcome.BEGUN, start=start)
