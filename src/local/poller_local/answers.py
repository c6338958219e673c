"""The items of the API's listings: tasks of a job, and the objects it produced."""

from enum import StrEnum
from typing import TypedDict

from poller_local.errors import BadUsage
from poller_local.summary import JobError


class TaskState(StrEnum):
    """Where a task is, in the order it goes through them. A task that has not begun is in none."""

    STARTED = "STARTED"
    PAYLOAD_SAVED = "PAYLOAD_SAVED"
    ENQUEUED = "ENQUEUED"
    FAILED = "FAILED"
    COMPLETE = "COMPLETE"


class Task(TypedDict):
    """One entry of `GET /jobs/{jobId}/tasks`: `Request` is a curl line that asks for what failed."""

    TaskId: str
    State: str
    Attempts: int
    FirstPage: int
    Pages: int
    Records: int
    Bytes: int
    Error: JobError | None
    Request: str | None


class ResultObject(TypedDict):
    """One entry of `GET /jobs/{jobId}/results`: `Url` is presigned, `Sha256` hex, over the stored bytes."""

    Key: str
    Url: str
    Size: int
    Records: int
    Sha256: str
    TaskId: str


class ResultsPage(TypedDict):
    """A page of `GET /jobs/{jobId}/results`: each object's key begins with `Prefix`."""

    Bucket: str
    Prefix: str
    Results: list[ResultObject]


def s3_location(page: ResultsPage) -> str:
    """The folder of the job's objects, `s3://bucket/prefix/`."""
    return f"s3://{page['Bucket']}/{page['Prefix']}"


def parse_state(text: str) -> TaskState:
    """The state that a user names, in whatever case. Raises BadUsage."""
    try:
        return TaskState(text.upper())
    except ValueError:
        raise BadUsage(f"'{text}' is no state of a task; choose one of {', '.join(TaskState)}") from None
