"""Errors, named after what the caller should do.

    PollerError
    ├── TransientUpstreamError   ask for the same page again, after `retry_after` seconds if given
    ├── RetriablePollerError     run the same step again later (the workflow's Retry names this class)
    ├── PauseRequested           go on when the job's NotBefore has come; nothing is wrong, and nothing is lost
    │   └── UpstreamDown         the same, but nobody asked for it: the API gives no page at all
    ├── JobStopped               do nothing more for this job
    └── PermanentPollerError     the same step would fail again: record it and go on
        ├── JobRejected          the job cannot start as it is written; says what to change
        ├── AddressRefused       the URL leads where no request may go
        ├── AuthFailed           the credentials that the job names cannot be had, or may not be used here
        ├── UpstreamRefused      the API answered, and asking again will not change the answer
        ├── UpstreamUnavailable  the API gave no usable answer in all the attempts allowed
        ├── InvalidPayload       the API answered with something that is no page of records
        └── PaginationLoop       the API sent the same page again

Messages reach users: they name the field or the URL's place, say what was seen, and never hold a secret.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_MESSAGE = 1000
"""Characters of a message. Some repeat what a spec or an API wrote, and all end up in rows, events and states."""


class ErrorType(StrEnum):
    """What jobs and tasks show as the Type of their Error or Notice, beside the names of the classes below."""

    CANCELLED = "Cancelled"
    CHANGED_WHILE_POLLED = "ChangedWhilePolled"
    CREDENTIALS_BLANKED = "CredentialsBlanked"
    CURSOR_MISSING = "CursorMissing"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    END_NOT_SEEN = "EndNotSeen"
    EXECUTION_ENDED = "ExecutionEnded"
    FIELDS_LEFT_OUT = "FieldsLeftOut"
    GREW_AFTER_PLAN = "GrewAfterPlan"
    NOT_PLANNED = "NotPlanned"
    NOT_SHOWN = "NotShown"
    NO_PROGRESS = "NoProgress"
    PAGES_IGNORED = "PagesIgnored"
    PAGES_OVERLAP = "PagesOverlap"
    PAGINATION_LOOP = "PaginationLoop"
    PROCESSING_FAILED = "ProcessingFailed"
    RECORDS_REPEAT = "RecordsRepeat"
    TASKS_FAILED = "TasksFailed"
    TOLERATED_FAILURES_EXCEEDED = "ToleratedFailuresExceeded"
    TOTAL_TOO_LOW = "TotalTooLow"
    TOTALS_DISAGREE = "TotalsDisagree"
    UNREADABLE = "Unreadable"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job or a task ended as it did, or what to know of its success. `page` is the index of the page to blame.

    `type` is an ErrorType, the name of an error class below, or what the workflow calls an error that is not ours.
    """

    type: str
    message: str
    page: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As rows, answers and events show it: `{"Type", "Message"}`, and `"Page"` where one is to blame."""
        shown = {"Type": str(self.type), "Message": self.message}
        return shown if self.page is None else {**shown, "Page": self.page}

    @classmethod
    def from_dict(cls, shown: dict[str, Any]) -> "Reason":
        return cls(shown["Type"], shown["Message"], int(shown["Page"]) if "Page" in shown else None)


def shortened(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


class PollerError(Exception):
    """Root of all errors that this product raises on purpose.

    Of one that leaves a page for later, `failures` is how many attempts at it have failed so far, `seen` what the last
    one brought ("" where there was none), and `page` the index of the page, as for one that is to blame.
    """

    failures: int = 0
    seen: str = ""
    page: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__()
        self.retell(message)

    def retell(self, message: str) -> None:
        """Say it in other words, for who knows more of the case."""
        self.message = shortened(message)
        self.args = (self.message,)

    @property
    def reason(self) -> Reason:
        """The error as jobs and tasks keep it."""
        return Reason(type(self).__name__, self.message)


class TransientUpstreamError(PollerError):
    """One request failed in a way that often passes. `retry_after` is in seconds, None if not said.

    `is_limit`: the API has nothing against the request, only against its moment.
    """

    def __init__(self, message: str, retry_after: float | None = None, is_limit: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.is_limit = retry_after, is_limit


class RetriablePollerError(PollerError):
    """Nothing is wrong with the work itself; the time or the service ran out."""


class PauseRequested(PollerError):
    """The API asked for a longer pause than a function should be paid to wait. `not_before` is in epoch seconds."""

    def __init__(self, message: str, not_before: int) -> None:
        super().__init__(message)
        self.not_before = not_before


class UpstreamDown(PauseRequested):
    """The API gives no page at all. It is asked again at `not_before`, until the job's deadline."""


class JobStopped(PollerError):
    """The job is over, cancelled or past its deadline."""


class PermanentPollerError(PollerError):
    """Repeating the step would give the same result. `page` is the index of the page to blame, if one is."""

    @property
    def reason(self) -> Reason:
        return Reason(type(self).__name__, self.message, self.page)


class JobRejected(PermanentPollerError):
    """The job's spec, or the API's first answer to it, allows no complete plan.

    `secret_sent`: the spec holds a credential, which is stored wherever the spec has come by now.
    """

    def __init__(self, message: str, secret_sent: bool = False) -> None:
        super().__init__(message)
        self.secret_sent = secret_sent


class AddressRefused(PermanentPollerError):
    """The URL's scheme, host or resolved address is not one that requests may go to."""


class AuthFailed(PermanentPollerError):
    """A secret that is not there, not as its use wants it, or not meant for the origin; or no token is given for it."""


class UpstreamRefused(PermanentPollerError):
    """An HTTP `status` that says no: most of 4xx, or a redirect that is not followed."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class UpstreamUnavailable(PermanentPollerError):
    """Every attempt that the spec's `retry` allows ended in a transient error."""


class InvalidPayload(PermanentPollerError):
    """A successful answer whose body is not JSON, or does not hold records where they should be.

    `may_pass`: it is no JSON at all, as a maintenance page is; where pages arrived before, one may arrive again.
    """

    def __init__(self, message: str, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class PaginationLoop(PermanentPollerError):
    """Two different page requests were answered with the same records."""
