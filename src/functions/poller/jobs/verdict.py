"""How a job ends whose tasks are all finished."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from poller.credentials import MASK
from poller.errors import ErrorType, Reason
from poller.fetching.data_end import EndKind
from poller.jobs.model import Counts, Job, JobStatus, TaskRow
from poller.jobs.not_as_asked import not_as_asked
from poller.jobs.plan import Partitions, Ranges
from poller.jobs.proof import Proof, data_end
from poller.jobs.proof_reasons import alike, moved, records_repeat
from poller.text import counted


@dataclass(frozen=True, slots=True)
class End:
    """The job is over. `notice` is something to know about a success."""

    status: JobStatus
    error: Reason | None = None
    notice: Reason | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Every task is finished, and `verdict` says how the job ends."""


def exceeds_tolerance(job: Job, counts: Counts) -> bool:
    """Whether more pages failed to come than the spec tolerates. Without a limit, any number is."""
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    return limit is not None and counts.lost * 100 > limit * _pages(job, counts)


def too_many_failures(job: Job, counts: Counts) -> Reason:
    limit = job.spec.tolerated_failure_percentage if job.spec else None
    message = f"{counts.lost:,} of {counted(_pages(job, counts), 'page')} failed"
    return Reason(ErrorType.TOLERATED_FAILURES_EXCEEDED, f"{message}; tolerated_failure_percentage allows {limit:g} %")


def _pages(job: Job, counts: Counts) -> int:
    """Of the job: as many as were planned, or came and failed to come. A partition has one at least."""
    reached = counts.pages + counts.lost
    match job.plan:
        case Ranges(pages):
            return max(pages, reached)
        case Partitions(count):
            return max(count, reached)
    return reached


def verdict(job: Job, counts: Counts, rows: Iterable[TaskRow], proof: Proof | None = None) -> End:
    """How a job ends whose tasks are all finished and that nothing stopped.

    `proof`: what the records themselves show; None where they were not looked at.
    """
    rows = sorted(rows, key=lambda row: row.task_id)
    if counts.failed:
        status = JobStatus.PARTIAL if counts.complete else JobStatus.FAILED
        return End(status, _first_failure(job, counts, rows))
    if reason := _repetition(rows, proof) or _end_not_seen(job, counts, rows) or not_as_asked(job, counts, rows):
        return End(JobStatus.PARTIAL, reason)
    mismatch = _total_not_reached(job, counts, rows)
    if mismatch and not _is_accepted(job, proof):
        return End(JobStatus.PARTIAL, mismatch)
    notice = mismatch or alike(proof) or _grew(job, counts, rows) or moved(proof) or _only_refused(job, rows)
    for kind, said in ((ErrorType.PAGES_IGNORED, _ignored(rows)), (ErrorType.CREDENTIALS_BLANKED, _blanked(rows))):
        if said:
            notice = Reason(kind, f"{said}; {notice.message}" if notice else said)
    return End(JobStatus.SUCCEEDED, notice=notice)


def _blanked(rows: list[TaskRow]) -> str:
    """How many records are not as they were sent; "" where all are."""
    number = sum(row.blanked for row in rows)
    message = f'the API repeats the credentials that it was asked with; {counted(number, "record")} with "{MASK}"'
    return f"{message} in their place may hold less than was sent" if number else ""


def _ignored(rows: list[TaskRow]) -> str:
    """Which pages were ignored; "" where none was."""
    number, first = sum(row.ignored for row in rows), next((row for row in rows if row.ignored), None)
    if first is None:
        return ""
    place = (first.ignored_page or 0) + 1
    message = f"response_actions ignored {counted(number, 'page')}, the first of them page {place}"
    return f"{message}, behind which nothing was asked for" if place == sum(row.pages for row in rows) == 1 else message


def _repetition(rows: list[TaskRow], proof: Proof | None) -> Reason | None:
    """How some records came in place of others."""
    if proof and proof.uniqueness.each_came_once:
        return None
    if repeated := _first_repeated(rows):
        message = f"task {repeated} begins with the records that the task before it ends with"
        advice = "the API seems to ignore the page asked for: correct the paginator and submit a new job"
        return Reason(ErrorType.PAGINATION_LOOP, f"{message}; {advice}")
    if _second_page_overlaps(rows):
        message = "the second page begins with the record that the first one ends with, so others may be missing"
        advice = "if running the job again ends the same, the API counts its records from 1, or its pages overlap"
        return Reason(ErrorType.PAGES_OVERLAP, f"{message}; {advice}")
    return records_repeat(proof) if proof else None


def _is_accepted(job: Job, proof: Proof | None) -> bool:
    """Whether the spec takes a dataset that is shown to be whole for one, whatever the API's total says."""
    if proof is None or proof.end is None or job.spec is None:
        return False
    is_whole = proof.end.kind is EndKind.SEEN and proof.uniqueness.each_came_once
    return is_whole and job.spec.on_total_mismatch == "accept"


def _end_not_seen(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason | None:
    """Why the last page may not be the last one."""
    end, more = data_end(rows), rows[-1].more if rows else ""
    if end is None:
        if more:  # where only one page can be asked for
            message = f"the response says that there is more ({more}), and single_page asks for one page only"
            return Reason(ErrorType.END_NOT_SEEN, f"{message}; set another paginator")
        return None
    came = f"{counted(counts.records, 'record')} came"
    if end.kind is EndKind.CUT:
        return Reason(ErrorType.END_NOT_SEEN, f"{end.said}; {came}. Raise maximum_pages, or narrow the request")
    if end.kind is EndKind.REFUSED and (more or not job.total_is_final):
        why = f"the last page says that there is more ({more})" if more else "nothing else says where the data end"
        advice = (
            "Where an API limits how deep one may page, split the job, by dates for instance, into smaller ones"
            if more
            else "If this is everything, set paginator to single_page; if an HTTP status says that there is no more, "
            "name it in paginator.end_status_codes"
        )
        return Reason(ErrorType.END_NOT_SEEN, f"{came}, and {why}, but the API refuses to go on: {end.said}. {advice}")
    return None


def _total_not_reached(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason | None:
    """How many records are missing, by the API's own total."""
    expected, received = job.records_expected, counts.records
    short = next((row for row in rows if row.short_page is not None), None)
    where = f"; page {(short.short_page or 0) + 1} is the first that came short" if short else ""
    if expected is None:
        pages, shorter = counts.pages, sum(row.short_pages for row in rows)
        if where and 2 * shorter < pages and not _may_be_short(job):
            message = f"{shorter:,} of {counted(pages, 'page')} came short, also when asked for again{where}"
            return Reason(ErrorType.TOTALS_DISAGREE, message)
        return None
    declared = [row.declared for row in rows if row.declared is not None]
    last = next((row for row in rows if row.end is not None), None)
    if last is None and expected <= received <= max(declared, default=expected):
        return None
    if last is not None and received >= max(expected, last.declared or 0):  # other tasks may have asked later
        return None
    seen = sorted({expected, *declared})
    totals = counted(expected, "record") if len(seen) == 1 else f"between {seen[0]:,} and {counted(seen[-1], 'record')}"
    ignored = f"; {said}" if (said := _ignored(rows)) else ""
    return Reason(ErrorType.TOTALS_DISAGREE, f"the API declared {totals} and sent {received:,}{where}{ignored}")


def _may_be_short(job: Job) -> bool:
    """Whether pages of any length are usual, by the spec: where they may be empty in the midst of the data."""
    return job.spec is not None and not job.spec.paginator.stop_on_empty


def _grew(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason | None:
    """What to know of a job that brought more than was declared when it was planned."""
    expected, received = job.records_expected, counts.records
    if expected is None:
        return None
    latest = max([expected, *(row.declared for row in rows if row.declared is not None)])
    if received == expected == latest:
        return None
    if latest > expected:
        message = (
            f"the API declared {counted(expected, 'record')} when the job was planned and {latest:,} while it ran; "
            f"{received:,} arrived. Records may be missing or repeated where others were added: run the job again"
        )
        return Reason(ErrorType.GREW_AFTER_PLAN, message)
    message = f"the API declares {counted(expected, 'record')}, and sent {received:,} up to the end of its data"
    return Reason(ErrorType.TOTAL_TOO_LOW, f"{message}: its total is capped, or counts something else")


def _only_refused(job: Job, rows: list[TaskRow]) -> Reason | None:
    """What to know where the number of pages is all that speaks for the end."""
    end = data_end(rows)
    if end is None or end.kind is not EndKind.REFUSED or job.records_expected is not None:
        return None
    return Reason(ErrorType.END_NOT_SEEN, f"as many pages came as were declared; the API refuses to go on: {end.said}")


def _first_repeated(rows: list[TaskRow]) -> str | None:
    """The first task whose first page repeats its neighbour's last. Pages without records have no digest."""
    pairs = ((before, row) for before, row in pairwise(rows) if before.last_digest)
    return next((row.task_id for before, row in pairs if before.last_digest == row.first_digest), None)


def _second_page_overlaps(rows: list[TaskRow]) -> bool:
    """An API that counts from 1 and takes 0 for 1 repeats one record there, and leaves out the last one."""
    if rows and rows[0].pages > 1:
        return rows[0].overlaps
    return len(rows) > 1 and rows[0].last_record == rows[1].first_record != ""


def _first_failure(job: Job, counts: Counts, rows: list[TaskRow]) -> Reason:
    message = f"{counts.failed:,} of {counted(job.total(counts), 'task')} failed"
    first = next((row for row in rows if row.error), None)
    if first and first.error:
        message += f"; the first, {first.task_id}, with {first.error.type}: {first.error.message}"
    return Reason(ErrorType.TASKS_FAILED, message)
