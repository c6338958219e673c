"""PollerClient: the one way to talk to PollerHttpApi, for the command line, the tests and the benchmarks."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from requests.auth import AuthBase

from poller_local.answers import ResultObject, ResultsPage, Task
from poller_local.connection import FIRST_DELAY, LONGEST_DELAY, Connection
from poller_local.downloads import refuse_others, save_result
from poller_local.errors import ApiError, JobConflict, JobNotFound, JobRefused, PreviewRefused, WaitTimeout, one_line
from poller_local.source_client import SourceClient
from poller_local.summary import Summary, is_final, parse_summary, pending_summary

# A job is unknown between the answer to POST /jobs and the first step of its workflow.
UNKNOWN_IS_PENDING_SECONDS = 60.0
LATENESS = 0.1  # of the time waited: by so much a job may seem longer than it was
# Six tries take about six seconds: longer than a Lambda cold start or a throttled second.
PATIENT_TRIES = 6
# The largest pages that the API gives.
JOBS_PAGE, TASKS_PAGE = 50, 1000


class PollerClient:
    """Submits jobs, follows and steers them, and fetches their results.

    `auth` signs each API call or gives it a token (None: neither). Errors are subclasses of
    `PollerError`; where a job is named, JobNotFound and JobConflict are among them.
    """

    def __init__(
        self,
        api_url: str,
        auth: AuthBase | None = None,
        *,
        if_unreachable: str = "is it running, and is the address right?",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = Connection(api_url, auth, if_unreachable, sleep, clock)
        self.sources = SourceClient(self._connection)
        self._sleep = sleep
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.session.close()

    def submit(self, spec: Mapping[str, Any]) -> str:
        """Sends a job spec and returns the job's id. Raises JobRefused if the event bus does not take it.

        Sent again after a lost answer only if the spec has a `client_token`: without one, a job that
        began all the same would run twice.
        """
        body = json.dumps(spec, allow_nan=False).encode()
        answer = self._connection.call("POST", "/jobs", PATIENT_TRIES if spec.get("client_token") else 1, data=body)
        entry = (answer.get("Entries") or [{}])[0]
        if answer.get("FailedEntryCount") or not entry.get("EventId"):
            code, reason = entry.get("ErrorCode") or "no EventId", entry.get("ErrorMessage") or "no reason given"
            raise JobRefused(one_line(code), one_line(reason))
        return str(entry["EventId"])

    def preview(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """What a job of this spec would find and take. Raises PreviewRefused where it would be REJECTED."""
        body = json.dumps(spec, allow_nan=False).encode()
        try:
            return self._connection.call("POST", "/jobs/preview", data=body)
        except ApiError as error:
            if error.status == 400:
                raise PreviewRefused(error.said) from error
            raise

    def jobs(self, most: int | None = None, name: str | None = None, status: str | None = None) -> Iterator[Summary]:
        """Summaries of the stack's jobs, newest first: all of that name and status, or at most so many."""
        only = {key: value for key, value in (("name", name), ("status", status)) if value is not None}
        pages = self._connection.pages("/jobs", _page_size(most, JOBS_PAGE) | only, PATIENT_TRIES)
        return islice((parse_summary(job) for page in pages for job in page.get("Jobs") or []), most)

    def job(self, job_id: str) -> Summary:
        """The summary of a job."""
        with _about(job_id):
            return parse_summary(self._connection.call("GET", _path(job_id)))

    def wait(
        self,
        job_id: str,
        on_progress: Callable[[Summary], object] | None = None,
        timeout: float | None = None,
    ) -> Summary:
        """Follows a job to its end and returns the final summary.

        `on_progress` gets every summary seen, the final one too. An unknown id counts as PENDING for
        60 s, then raises JobNotFound; `timeout` (seconds) raises WaitTimeout.
        """
        started = self._clock()
        while True:
            waited = self._clock() - started
            try:
                summary = self._job_patiently(job_id)
            except JobNotFound:
                if waited >= UNKNOWN_IS_PENDING_SECONDS:
                    raise
                summary = pending_summary(job_id)
            if on_progress:
                on_progress(summary)
            if is_final(summary):
                return summary
            if timeout is not None and waited >= timeout:
                raise WaitTimeout(job_id, timeout)
            self._sleep(min(max(FIRST_DELAY, waited * LATENESS), LONGEST_DELAY))

    def tasks(self, job_id: str, state: str | None = None, most: int | None = None) -> Iterator[Task]:
        """The job's tasks that have begun: all, those in `state`, or at most so many of them."""
        params = _page_size(most, TASKS_PAGE) | ({"state": state} if state else {})
        return islice((task for page in self._pages(job_id, "tasks", params) for task in page.get("Tasks") or []), most)

    def cancel(self, job_id: str) -> str:
        """Asks for a job's end and returns what the stack says. Raises JobConflict if it has ended."""
        # May be sent again: to cancel twice is to cancel.
        return self._order("DELETE", job_id, "", PATIENT_TRIES, f"Job {job_id} is being cancelled")

    def redrive(self, job_id: str) -> str:
        """Runs again what failed, or may be to blame, and returns what the stack says. Raises JobConflict where nothing
        can be.

        From this answer on the job is PENDING: `wait` does not see its old end.
        """
        return self._order("POST", job_id, "/redrive", 1, f"Job {job_id} runs again")

    def redrive_plan(self, job_id: str) -> dict[str, Any]:
        """What a redrive would run again, and why; changes nothing. Raises JobConflict where nothing can be."""
        with _about(job_id):
            params = {"dry_run": "true"}
            return self._connection.call("POST", f"{_path(job_id)}/redrive", PATIENT_TRIES, params=params)

    def results(self, job_id: str, limit: int | None = None) -> Iterator[ResultObject]:
        """Every object the job has produced, page after page; `limit` is the page size asked for."""
        for page in self.result_pages(job_id, limit):
            yield from page["Results"]

    def result_pages(self, job_id: str, limit: int | None = None) -> Iterator[ResultsPage]:
        """Like `results`, page by page, each with the bucket and prefix that its objects lie under."""
        for page in self._pages(job_id, "results", {} if limit is None else {"limit": str(limit)}):
            yield {
                "Bucket": str(page.get("Bucket") or ""),
                "Prefix": str(page.get("Prefix") or ""),
                "Results": page.get("Results") or [],
            }

    def download(self, job_id: str, directory: Path) -> list[Path]:
        """Copies every result into `directory`, each verified by size and SHA-256, and returns the paths.

        A file that is already there and right is kept, so a broken download can be repeated. Raises
        DownloadFailed, also where `directory` holds another job's objects.
        """
        directory.mkdir(parents=True, exist_ok=True)
        session = self._connection.session
        paths = [save_result(session, item, directory, sleep=self._sleep) for item in self.results(job_id)]
        refuse_others(directory, paths)
        return paths

    def _job_patiently(self, job_id: str) -> Summary:
        """For one who waits anyway: every try, however long each takes."""
        with _about(job_id):
            return parse_summary(self._connection.call("GET", _path(job_id), PATIENT_TRIES, patience=math.inf))

    def _pages(self, job_id: str, what: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        with _about(job_id):
            yield from self._connection.pages(f"{_path(job_id)}/{what}", params, PATIENT_TRIES)

    def _order(self, method: str, job_id: str, what: str, tries: int, default: str) -> str:
        with _about(job_id):
            answer = self._connection.call(method, _path(job_id) + what, tries)
        return one_line(str(answer.get("message") or default))


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _page_size(most: int | None, largest: int) -> dict[str, str]:
    return {"limit": str(largest if most is None else min(most, largest))}


@contextmanager
def _about(job_id: str) -> Iterator[None]:
    """Refusals that concern the job itself get a type of their own."""
    try:
        yield
    except ApiError as error:
        if error.status == 404:
            raise JobNotFound(job_id) from error
        if error.status == 409:
            raise JobConflict(job_id, error.said) from error
        raise
