"""PollerClient: the one way to talk to PollerHttpApi, for the command line, the tests and the benchmarks."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from poller_local.downloads import ResultObject, save_result
from poller_local.errors import (
    ApiError,
    JobNotFound,
    JobRefused,
    PollerError,
    StackUnreachable,
    WaitTimeout,
    one_line,
)
from poller_local.summary import Summary, is_final, parse_summary, pending_summary

# Seconds to connect, and to wait for bytes: API Gateway itself gives up after 30.
TIMEOUT = (5.0, 35.0)
# A job is unknown between the answer to POST /jobs and the first step of its workflow.
UNKNOWN_IS_PENDING_SECONDS = 60.0
FIRST_DELAY, LONGEST_DELAY, DELAY_GROWTH = 0.3, 2.0, 1.3
# Six tries take about eight seconds: longer than a Lambda cold start or a throttled second.
PATIENT_TRIES = 6


class PollerClient:
    """Submits jobs, follows them and fetches their results.

    `auth` signs each API call (None: unsigned). Errors are subclasses of `PollerError`.
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
        self._api_url = api_url.rstrip("/")
        self._auth = auth
        self._if_unreachable = if_unreachable
        self._sleep = sleep
        self._clock = clock
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of this machine has anything to do with the stack.
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def submit(self, spec: Mapping[str, Any]) -> str:
        """Sends a job spec and returns the job's id. Raises JobRefused if the event bus does not take it.

        Never sent twice: an answer that was lost may have been a job that began.
        """
        answer = self._call("POST", "/jobs", data=json.dumps(spec, allow_nan=False).encode())
        entry = (answer.get("Entries") or [{}])[0]
        if answer.get("FailedEntryCount") or not entry.get("EventId"):
            code, reason = (
                entry.get("ErrorCode") or "no EventId",
                entry.get("ErrorMessage") or "no reason given",
            )
            raise JobRefused(one_line(code), one_line(reason))
        return str(entry["EventId"])

    def job(self, job_id: str) -> Summary:
        """The summary of a job. Raises JobNotFound."""
        return self._job(job_id, tries=1)

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
        started, delay = self._clock(), FIRST_DELAY
        while True:
            waited = self._clock() - started
            try:
                summary = self._job(job_id, tries=PATIENT_TRIES)
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
            self._sleep(delay)
            delay = min(delay * DELAY_GROWTH, LONGEST_DELAY)

    def results(self, job_id: str, limit: int | None = None) -> Iterator[ResultObject]:
        """Every object the job has produced, page after page; `limit` is the page size asked for."""
        params = {} if limit is None else {"limit": str(limit)}
        seen: set[str] = set()
        while True:
            path = f"/jobs/{quote(job_id, safe='')}/results"
            page = self._get(path, job_id, params, tries=PATIENT_TRIES)
            yield from page.get("Results") or []
            token = page.get("Next")
            if not token:
                return
            if token in seen:
                raise ApiError(200, f"The stack gave the same page of results of job {job_id} twice")
            seen.add(token)
            params = {**params, "next": token}

    def download(
        self,
        job_id: str,
        directory: Path,
        on_object: Callable[[ResultObject, Path], object] | None = None,
    ) -> list[Path]:
        """Copies every result into `directory`, each verified by size and SHA-256, and returns the paths.

        A file that is already there and right is kept, so a broken download can be repeated. Raises
        DownloadFailed.
        """
        directory.mkdir(parents=True, exist_ok=True)
        paths = []
        for item in self.results(job_id):
            # Without self._auth: the link carries its own signature, and goes to S3.
            paths.append(save_result(self._session, item, directory, sleep=self._sleep))
            if on_object:
                on_object(item, paths[-1])
        return paths

    def _job(self, job_id: str, tries: int) -> Summary:
        return parse_summary(self._get(f"/jobs/{quote(job_id, safe='')}", job_id, {}, tries))

    def _get(self, path: str, job_id: str, params: Mapping[str, str], tries: int) -> dict[str, Any]:
        delay = FIRST_DELAY
        for tries_left in reversed(range(tries)):
            try:
                return self._call("GET", path, params=params)
            except PollerError as error:
                if isinstance(error, ApiError) and error.status == 404:
                    raise JobNotFound(job_id) from error
                if not error.retryable or not tries_left:
                    raise
            self._sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)
        raise AssertionError("tries is at least 1")

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._session.request(
                method,
                self._api_url + path,
                auth=self._auth,
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,  # the API has none, and a signature is good for one address
                **options,
            )
        except requests.RequestException as error:
            raise StackUnreachable(
                f"No answer from {self._api_url} ({_reason(error)}); {self._if_unreachable}"
            ) from error
        answer = _json_object(response)
        if not response.ok:
            raise ApiError(response.status_code, _refusal(response.status_code, answer))
        if answer is None:
            raise ApiError(
                response.status_code, f"{self._api_url} does not answer like a poller; is the address right?"
            )
        return answer


def _json_object(response: requests.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(status: int, answer: Mapping[str, Any] | None) -> str:
    said = one_line(str((answer or {}).get("message") or (answer or {}).get("Message") or "no reason given"))
    advice = {
        401: "; give credentials this stack accepts",
        403: "; check your AWS credentials and their permission to invoke the API",
    }.get(status, "")
    return f"The stack answered {status}: {said}{advice}"


def _reason(error: requests.RequestException) -> str:
    # The exception's own text is three nested reprs; what helps is its kind.
    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    return one_line(str(error))
