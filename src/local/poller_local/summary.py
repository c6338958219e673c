"""The summary of a job as `GET /jobs/{jobId}` answers it, and what follows from it."""

from typing import Any, NotRequired, TypedDict

from poller_local.errors import BadUsage

FINAL_STATUSES = ("SUCCEEDED", "PARTIAL", "FAILED", "CANCELLED", "REJECTED")
STATUSES = ("PENDING", "RUNNING", *FINAL_STATUSES)


class JobError(TypedDict):
    Type: str
    Message: str


class Proof(TypedDict):
    """What shows that the dataset is whole.

    `End`: "seen", "refused" or "not asked"; `EndSaid` is what the API answered behind the last page. `Distinct` and
    `Repeated` count records by the fields of `Key`, or by all of each record where it is None. `Moved`: whether the
    first page or the total was another one at the end, None where nobody looked. `Mended` counts pages that were
    asked for again, and then were whole. `NotShown` is why `Distinct` is None, if it is.
    """

    End: str
    EndSaid: str | None
    Distinct: int | None
    Repeated: int
    Key: list[str] | None
    Moved: bool | None
    Mended: int
    NotShown: NotRequired[str | None]


class Detected(TypedDict):
    """What `auto` found: the `Spec` that pins it, and the `Evidence` in a sentence."""

    Spec: dict[str, Any]
    Evidence: str


class Summary(TypedDict):
    """Task counts by state, then the job: sizes in bytes, times in ISO 8601, UTC.

    `Url` is without secrets, `RunSeconds` without the time between an end and a redrive; both, and `RedrivenAt`, are
    None where the stack is older than they are. `Notice` is something to know about a success; `DuplicateOf` is the
    job that this one repeats, having the same client token. The last eight are not there, or None, where the stack is
    older than they are or the job has not come so far.
    """

    Started: int
    PayloadSaved: int
    Enqueued: int
    SuccessfullyCompleted: int
    FailedToComplete: int
    Total: int
    JobId: str
    Name: str | None
    Url: str | None
    Status: str
    Pending: int
    TotalIsFinal: bool
    Pages: int
    RecordsReceived: int
    RecordsExpected: int | None
    Bytes: int
    StartedAt: str | None
    FinishedAt: str | None
    RedrivenAt: str | None
    RunSeconds: int | None
    ExecutionArn: str | None
    Error: JobError | None
    Notice: JobError | None
    DuplicateOf: str | None
    Proof: NotRequired["Proof | None"]
    Detected: NotRequired["Detected | None"]
    PagesArrived: NotRequired[int | None]
    PagesPlanned: NotRequired[int | None]
    RecordsArrived: NotRequired[int | None]
    Requests: NotRequired[int | None]
    Retried: NotRequired[int | None]
    WaitedSeconds: NotRequired[float | None]
    DownSince: NotRequired[str | None]


def parse_summary(answer: dict[str, Any]) -> Summary:
    """The API's answer as a `Summary`; what an API of another version leaves out or adds is let through."""
    known = pending_summary(str(answer.get("JobId", "")))
    return {**known, **answer}  # type: ignore[typeddict-item]  # a field the API adds is shown by --json


def pending_summary(job_id: str) -> Summary:
    """The summary of a job whose workflow has not taken its first step yet."""
    return {
        "Started": 0,
        "PayloadSaved": 0,
        "Enqueued": 0,
        "SuccessfullyCompleted": 0,
        "FailedToComplete": 0,
        "Total": 0,
        "JobId": job_id,
        "Name": None,
        "Url": None,
        "Status": "PENDING",
        "Pending": 0,
        "TotalIsFinal": False,
        "Pages": 0,
        "RecordsReceived": 0,
        "RecordsExpected": None,
        "Bytes": 0,
        "StartedAt": None,
        "FinishedAt": None,
        "RedrivenAt": None,
        "RunSeconds": None,
        "ExecutionArn": None,
        "Error": None,
        "Notice": None,
        "DuplicateOf": None,
    }


def parse_status(text: str) -> str:
    """The status that a user names, in whatever case. Raises BadUsage."""
    if text.upper() not in STATUSES:
        raise BadUsage(f"'{text}' is no status of a job; choose one of {', '.join(STATUSES)}")
    return text.upper()


def is_final(summary: Summary) -> bool:
    return summary["Status"] in FINAL_STATUSES


def finished_tasks(summary: Summary) -> int:
    return summary["SuccessfullyCompleted"] + summary["FailedToComplete"]


def exit_status(summary: Summary, strict: bool = False) -> int:
    """What `poller run --wait` exits with: 0 SUCCEEDED, 2 PARTIAL, 1 otherwise. `strict`: 2 on a Notice too."""
    if strict and summary["Status"] == "SUCCEEDED" and summary["Notice"]:
        return 2
    return {"SUCCEEDED": 0, "PARTIAL": 2}.get(summary["Status"], 1)
