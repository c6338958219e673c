"""What can go wrong for someone at the command line, each said in one line.

PollerError                 what is wrong; what to do
├── BadInput                the job spec, or what else was given, cannot be used
│   └── BadUsage            the command line itself: exits 2, as is the custom
├── NoStack                 nothing to talk to
├── StackUnreachable        no answer (worth another try)
├── ApiError                an answer that is no success (worth another try on 429 and 5xx)
│   ├── JobNotFound
│   ├── JobConflict         the job's state does not allow it
│   ├── SourceNotFound
│   └── SourceConflict      a run of the source still goes
├── JobRefused              the event bus did not take the job
├── WaitTimeout             the job goes on, the waiting ended
├── DownloadFailed          an object did not arrive, or not as it was stored
├── LogsUnreadable          CloudWatch Logs refuses, or does not answer
├── SecretsUnreachable      Secrets Manager refuses, or does not answer
├── LocalStackError         `poller up` and `poller down`
└── Interrupted             Ctrl-C
"""

import errno

NO_JOB_SPEC = 'the body of POST /jobs must be a job spec, one JSON object such as {"url": "https://…"}'
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PollerError(Exception):
    """One printable line for the caller: what is wrong; what to do."""

    exit_status = 1
    retryable = False


class BadInput(PollerError):
    """The job spec, or what else was given, cannot be used as it is."""


class BadUsage(BadInput):
    """The command line does not make sense: nothing was sent, nothing was done."""

    exit_status = 2


class NoStack(PollerError):
    """No target is named, and no local stack is running here."""


class StackUnreachable(PollerError):
    """Nobody answered at the API's address."""

    retryable = True


class ApiError(PollerError):
    """The API answered with an HTTP `status` that is not a success, or with something that is not JSON.

    `said` is the API's own message, where it gave one.
    """

    def __init__(self, status: int, message: str, said: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.said = said
        self.retryable = status == 429 or status >= 500


class JobNotFound(ApiError):
    """The stack knows no job by this id (yet)."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            404,
            f"Job {job_id} not found; check the id and the stack (a new job appears within a minute)",
        )
        self.job_id = job_id


class JobConflict(ApiError):
    """What was asked for is not possible in the job's present state, which `said` names."""

    def __init__(self, job_id: str, said: str) -> None:
        super().__init__(409, said, said)
        self.job_id = job_id


class SourceNotFound(ApiError):
    """The stack has no source of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(404, f"Source {one_line(name)} not found; see them all with: poller sources list")


class SourceConflict(ApiError):
    """What was asked for has to wait, as `said` says."""

    def __init__(self, said: str) -> None:
        super().__init__(409, said, said)


class JobRefused(PollerError):
    """The event bus did not accept the job: `code` and `reason` are EventBridge's own.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
    """

    def __init__(self, code: str, reason: str) -> None:
        advice = f"; {NO_JOB_SPEC}" if code in ("MalformedDetail", "InvalidArgument") else ""
        super().__init__(f"The event bus refused the job: {code}: {reason.rstrip('.')}{advice}")
        self.code = code
        self.reason = reason


class PreviewRefused(PollerError):
    """A job of the spec would be REJECTED, for the reason that `said` gives."""

    def __init__(self, said: str) -> None:
        super().__init__(f"Such a job would be REJECTED: {said}")


class WaitTimeout(PollerError):
    """The job had not ended after the given number of seconds."""

    def __init__(self, job_id: str, seconds: float) -> None:
        super().__init__(f"Job {job_id} has not ended after {seconds:g} s; see it with: poller status {job_id}")
        self.job_id = job_id


class DownloadFailed(PollerError):
    """A result could not be fetched, or its bytes are not those that were stored."""


class LogsUnreadable(PollerError):
    """The stack's log groups cannot be listed or read."""


class SecretsUnreachable(PollerError):
    """The stack's secrets cannot be listed, stored or deleted."""


class LocalStackError(PollerError):
    """The local stack could not be started, deployed or stopped."""


class Interrupted(PollerError):
    """The user pressed Ctrl-C; the message says what goes on without them."""

    exit_status = 130


def is_full(error: OSError) -> bool:
    """Whether there was no room for what was to be written: on the disk, in a quota, or in a file's largest size."""
    return error.errno in NO_ROOM


def printable(text: str) -> str:
    """`text` on one line and free of control characters: it may come from any server or log."""
    return "".join(character if character.isprintable() else " " for character in text)


def one_line(text: str) -> str:
    """Like `printable`, with every run of spaces made one: for prose, not for what is copied."""
    return " ".join(printable(text).split())
