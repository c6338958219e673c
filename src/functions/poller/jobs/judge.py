"""How a job ends whose tasks are all finished, and what shows it: as a whole, or partition by partition."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from poller.errors import ErrorType, Reason
from poller.fetching.data_end import DataEnd, EndKind
from poller.jobs.model import Counts, Job, JobStatus, TaskRow
from poller.jobs.one_partition import by_partition, job_in
from poller.jobs.plan import Partitions
from poller.jobs.proof import Proof, prove
from poller.jobs.proof_reasons import alike, not_shown, records_repeat
from poller.jobs.task_state import add_counts, count_changes
from poller.jobs.uniqueness import Uniqueness
from poller.jobs.verdict import End, verdict
from poller.partitions.values import Values, in_words
from poller.text import counted

_TOO_LARGE = (
    "the API declares as many records as most_records or more, and the window cannot be halved: some may be cut off. "
    "Write start as a time with seconds, if it is a date; or split the job by another value, too"
)


@dataclass(frozen=True, slots=True)
class PartEnd:
    """How one partition ended, with these values and these rows. `proof` is None where nothing of it was looked at."""

    values: Values
    rows: Sequence[TaskRow]
    end: End
    proof: Proof | None = None

    @property
    def is_whole(self) -> bool:
        return self.end.status is JobStatus.SUCCEEDED


def judge(job: Job, counts: Counts, rows: Sequence[TaskRow], uniqueness: Uniqueness | None) -> tuple[End, Proof | None]:
    """How the job ends, and the proof. `uniqueness`: what the records show; None where they were not looked at."""
    if not isinstance(job.plan, Partitions):
        proof = prove(job, rows, uniqueness) if uniqueness else None
        return verdict(job, counts, rows, proof), proof
    parts, total = part_ends(job, rows, uniqueness), len(job.plan) + sum(1 for row in rows if row.halves)
    proof = _proof(job, parts, total, uniqueness) if uniqueness else None
    return _verdict(job, counts, parts, total, proof), proof


def part_ends(job: Job, rows: Iterable[TaskRow], uniqueness: Uniqueness | None = None) -> list[PartEnd]:
    """How each partition ended that has begun, in order. In the place of one that was halved are its halves."""
    read = by_partition(row for row in rows if not row.halves)
    return [_part_end(job, part, its_rows, uniqueness) for part, its_rows in sorted(read.items())]


def _part_end(job: Job, part: str, rows: Sequence[TaskRow], uniqueness: Uniqueness | None) -> PartEnd:
    first = next((row for row in rows if row.task_id == part), None)
    values = rows[0].partition or {}
    counts = Counts()
    for row in rows:
        counts = add_counts(counts, count_changes(None, row))
    if first is None or first.opening is None:
        return PartEnd(values, rows, End(JobStatus.FAILED, first.error if first else None))
    alone, proof = job_in(job, values, first.opening), None
    if uniqueness:
        is_clean = not uniqueness.not_shown and not {row.task_id for row in rows} & set(uniqueness.tasks)
        keyless = sum(row.keyless for row in rows)
        proof = prove(alone, rows, Uniqueness(counts.records, keyless, counts.records if is_clean else None))
    end = verdict(alone, counts, rows, proof)
    if end.status is JobStatus.SUCCEEDED and first.opening.is_too_large:
        end = End(JobStatus.PARTIAL, Reason(ErrorType.END_NOT_SEEN, _TOO_LARGE))
    failed = next((row.error for row in rows if row.error), None) if counts.failed else None
    return PartEnd(values, rows, replace(end, error=failed or end.error), proof)


def _proof(job: Job, parts: Sequence[PartEnd], total: int, uniqueness: Uniqueness) -> Proof:
    proofs = [part.proof for part in parts if part.proof]
    ends = [proof.end for proof in proofs if proof.end]
    end = next((end for end in ends if end.kind is not EndKind.SEEN), None)
    if end is None and ends:
        end = DataEnd(EndKind.SEEN, f"in {len(ends):,} of {counted(total, 'partition')}")
    moved = [proof.moved for proof in proofs if proof.moved is not None]
    mended, whole = sum(proof.mended for proof in proofs), sum(part.is_whole for part in parts)
    return Proof(end, uniqueness, job.record_key, any(moved) if moved else None, mended, total, whole)


def _verdict(job: Job, counts: Counts, parts: Sequence[PartEnd], total: int, proof: Proof | None) -> End:
    broken = [part for part in parts if not part.is_whole]
    missing = total - len(parts)
    if counts.failed or broken or missing:
        first = broken[0] if broken else None
        reason = (first.end.error if first else None) or Reason(ErrorType.NO_PROGRESS, "it has not begun")
        which = f"the first, {in_words(first.values)}: " if first else ""
        message = f"{len(broken) + missing:,} of {counted(total, 'partition')} are not whole; {which}{reason.message}"
        if counts.failed:
            failed = f"{counts.failed:,} of {counted(job.total(counts), 'task')} failed"
            reason = Reason(ErrorType.TASKS_FAILED, f"{failed}, and {message}")
        else:
            reason = Reason(reason.type, message)
        return End(JobStatus.PARTIAL if counts.complete else JobStatus.FAILED, reason)
    if proof and (repeat := records_repeat(proof)):
        windows = "; or set inclusive, if the API takes both ends of a window for a part of it"
        advice = windows if job.spec and any(not part.MAY_SHARE for part in job.spec.partitions) else ""
        return End(JobStatus.PARTIAL, Reason(repeat.type, repeat.message + advice))
    notice = alike(proof) or _shared(proof) or _told(parts, total) or (not_shown(proof) if proof else None)
    return End(JobStatus.SUCCEEDED, notice=notice)


def _shared(proof: Proof | None) -> Reason | None:
    """What to know of records that are in several partitions."""
    if proof is None or not proof.uniqueness.shared:
        return None
    by = f" by {' and '.join(proof.key)}" if proof.key else ""
    message = f"{counted(proof.uniqueness.shared, 'record')} came in one partition and in another one before{by}"
    return Reason(ErrorType.RECORDS_REPEAT, f"{message}; the dataset has them in each")


def _told(parts: Sequence[PartEnd], total: int) -> Reason | None:
    """What to know of partitions that are whole."""
    told = [(part, part.end.notice) for part in parts if part.end.notice]
    if not told:
        return None
    part, notice = told[0]
    which = f"in {len(told):,} of {counted(total, 'partition')}, first in {in_words(part.values)}"
    return Reason(notice.type, f"{which}: {notice.message}")
