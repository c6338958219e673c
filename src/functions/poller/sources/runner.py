"""Beginning a run of a source: it is noted with the source, then the job has its row, then its execution starts.

Each step may be done twice. A run that was noted and got no further is taken up by whoever comes next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from poller.jobs.job_store import JobStore
from poller.jobs.model import Job, JobStatus
from poller.jobs.owner import Owner
from poller.jobs.summary import shown_url
from poller.jobs.workflow import Workflow
from poller.sources import runs
from poller.sources.model import Outcome, Overlap, Run, Source
from poller.sources.runs import Range
from poller.sources.store import SourceStore
from poller.specs.model import JobSpec
from poller.specs.parse import accept_source_spec


class StillGoing(Exception):
    """The run before has not ended. `job_id` is its job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


@dataclass(frozen=True, slots=True)
class Runner:
    """What beginning a run takes. `workflow_arn` is what its jobs are executions of."""

    sources: SourceStore
    jobs: JobStore
    workflow: Workflow
    workflow_arn: str
    retention: timedelta

    def on_schedule(self, name: str, due: str) -> Run | None:
        """The run that is due at `due`, begun or skipped; None where there is nothing to do.

        `due` is RFC 3339 in UTC, whole seconds. May be called more than once for one time.
        """

        def decide(source: Source | None, spec: JobSpec, now: datetime) -> Source | None:
            return source and runs.on_schedule(source, spec, due, runs.going(source, self.jobs.job, now), now)

        after = self._begin(name, decide)
        return after.runs[0] if after else None

    def by_hand(self, name: str, range_of: Callable[[JobSpec], Range | None]) -> Run | None:
        """A run that begins now, None where there is no such source. Raises StillGoing, or what `range_of` raises."""
        job_id = str(uuid4())

        def decide(source: Source | None, spec: JobSpec, now: datetime) -> Source | None:
            if source is None:
                return None
            still = runs.going(source, self.jobs.job, now)
            if still is not None and source.overlap is Overlap.SKIP:
                raise StillGoing(still)
            return runs.by_hand(source, spec, job_id, range_of(spec), now)

        after = self._begin(name, decide)
        return after.runs[0] if after else None

    def _begin(self, name: str, decide: Callable[[Source | None, JobSpec, datetime], Source | None]) -> Source | None:
        standing = self.sources.source(name)
        if standing is None:
            return None
        self._take_up(standing)

        def decided(source: Source | None) -> Source | None:
            return decide(source, accept_source_spec(source.spec), datetime.now(UTC)) if source else None

        after = self.sources.change(name, decided)
        if after is not None and after.runs[0].outcome is Outcome.BEGUN:
            self._start(after, after.runs[0])
        return after

    def _take_up(self, source: Source) -> None:
        """Go on with the current run, if it was noted and may have got no further."""
        run = source.run_of(source.current)
        if run is None or datetime.now(UTC) - run.at > runs.BEGINNING:
            return
        job = self.jobs.job(run.job_id)
        if job is None or (job.status is JobStatus.PENDING and not job.preparations):
            self._start(source, run)

    def _start(self, source: Source, run: Run) -> None:
        execution = f"{self.workflow_arn.replace(':stateMachine:', ':execution:')}:{run.job_id}"
        job = Job(
            job_id=run.job_id,
            name=source.spec["name"],
            status=JobStatus.PENDING,
            owner=Owner(execution),
            started_at=run.at,
            expires_at=int((run.at + self.retention).timestamp()),
            url=shown_url(source.spec["url"]),
            source=runs.source_run(source, run),
        )
        self.jobs.claim(job)
        self.workflow.start(execution, run.job_id, run.at, source.spec)
