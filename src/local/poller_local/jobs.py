"""The bodies of `poller run`, `status`, `cancel` and `redrive`: a client and a screen in, an exit status out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from poller_local.client import PollerClient
from poller_local.errors import Interrupted, JobConflict, one_line
from poller_local.progress import progress_bar
from poller_local.render import next_command, show_summary
from poller_local.screen import Screen
from poller_local.summary import Summary, exit_status


def run_job(client: PollerClient, spec: Mapping[str, Any], screen: Screen, *, wait: bool, as_json: bool) -> int:
    """Submits a job and, with `wait`, follows it to its end. With `as_json` stdout holds one JSON object."""
    job_id = client.submit(spec)
    if wait:
        return _show_end(_follow(client, job_id, f"Job {job_id} is submitted", screen), screen, as_json)
    if as_json:
        print_json({"JobId": job_id})
    else:
        screen.say(job_id)
    screen.note(f"See it with: poller status {job_id}")
    return 0


def redrive_job(client: PollerClient, job_id: str, screen: Screen, *, wait: bool, as_json: bool) -> int:
    """Runs again what failed of a job; `wait` and `as_json` as for `run_job`."""
    said = client.redrive(job_id)
    if wait:
        return _show_end(_follow(client, job_id, said, screen), screen, as_json)
    if as_json:
        print_json({"JobId": job_id, "message": said})
    else:
        screen.say(said)
    screen.note(f"See it with: poller status {job_id}")
    return 0


def cancel_job(client: PollerClient, job_id: str, screen: Screen, *, wait: bool) -> int:
    """Cancels a job, which may be so already. With `wait`, 0 only if it ended CANCELLED: it may have been faster."""
    try:
        said = client.cancel(job_id)
    except JobConflict as conflict:
        if client.job(job_id)["Status"] != "CANCELLED":
            raise
        said = conflict.said
    if not wait:
        screen.say(said)
        return 0
    final = _follow(client, job_id, said, screen, goes_on="the job is being cancelled all the same")
    _show(final, screen, as_json=False)
    return 0 if final["Status"] == "CANCELLED" else 1


def show_status(client: PollerClient, job_id: str, screen: Screen, *, wait: bool, as_json: bool) -> int:
    """Shows how far a job is; with `wait`, its end, as `run_job` does."""
    if wait:
        return _show_end(_follow(client, job_id, f"Waiting for job {job_id}", screen), screen, as_json)
    _show(client.job(job_id), screen, as_json)
    return 0


@contextmanager
def stop_waiting_on_interrupt(job_id: str, goes_on: str = "the job goes on") -> Iterator[None]:
    """Ctrl-C ends the waiting, not the job: the user is told how to come back to it."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"Stopped waiting; {goes_on}. See it with: poller status {job_id}") from error


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _follow(client: PollerClient, job_id: str, said: str, screen: Screen, goes_on: str = "the job goes on") -> Summary:
    """Waits for the job's end, or for that of the job it repeats."""
    summary = _wait(client, job_id, said, screen, goes_on)
    first = summary["DuplicateOf"]
    if first:
        said = f"Job {job_id} has the client token of job {one_line(first)} and did nothing; following that one"
        summary = _wait(client, first, said, screen, goes_on)
    return summary


def _wait(client: PollerClient, job_id: str, said: str, screen: Screen, goes_on: str) -> Summary:
    # From the line that names the job on, Ctrl-C is answered with how to find it again.
    with stop_waiting_on_interrupt(job_id, goes_on):
        screen.note(said)
        with progress_bar(screen.err) as draw:
            return client.wait(job_id, draw)


def _show(summary: Summary, screen: Screen, as_json: bool) -> int:
    """Shows a job's summary; returns the exit status of a command that waited for it."""
    if as_json:
        print_json(summary)
    else:
        show_summary(screen.out, summary)
    return exit_status(summary)


def _show_end(summary: Summary, screen: Screen, as_json: bool) -> int:
    """Like `_show`, and for people with what they may want to do next."""
    status = _show(summary, screen, as_json)
    following = next_command(summary)
    if following and not as_json:
        screen.note(following)
    return status
