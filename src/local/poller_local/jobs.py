"""The bodies of `poller run`, `status`, `cancel` and `redrive`: a client and a screen in, an exit status out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer

from poller_local.client import PollerClient
from poller_local.errors import BadUsage, Interrupted, JobConflict, one_line
from poller_local.progress import job_progress
from poller_local.render import next_command, show_summary
from poller_local.screen import Screen
from poller_local.summary import Summary, exit_status


@dataclass(frozen=True, slots=True)
class Ways:
    """How a command treats its job: `wait` follows it to its end, `strict` exits 2 where that has a Notice, and with
    `as_json` stdout holds one JSON object.

    Raises BadUsage where `strict` has no end to judge.
    """

    wait: bool = False
    as_json: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        if self.strict and not self.wait:
            raise BadUsage("--strict says how --wait exits; add --wait")


def run_job(client: PollerClient, spec: Mapping[str, Any], screen: Screen, ways: Ways) -> int:
    """Submits a job and, if asked to, follows it to its end."""
    job_id = client.submit(spec)
    return follow_or_name(client, job_id, f"Job {job_id} is submitted", screen, ways)


def follow_or_name(client: PollerClient, job_id: str, said: str, screen: Screen, ways: Ways) -> int:
    """Follows a job that has just begun, or says its id."""
    if ways.wait:
        return follow_job(client, job_id, said, screen, ways)
    if ways.as_json:
        print_json({"JobId": job_id})
    else:
        screen.say(job_id)
    screen.note(f"See it with: poller status {job_id}")
    return 0


def follow_job(client: PollerClient, job_id: str, said: str, screen: Screen, ways: Ways) -> int:
    """Follows a job to its end and shows that."""
    return _show_end(_follow(client, job_id, said, screen), screen, ways)


def redrive_job(client: PollerClient, job_id: str, screen: Screen, ways: Ways) -> int:
    """Runs again what failed of a job, and follows it as `run_job` does."""
    said = client.redrive(job_id)
    if ways.wait:
        return follow_job(client, job_id, said, screen, ways)
    if ways.as_json:
        print_json({"JobId": job_id, "message": said})
    else:
        screen.say(said)
    screen.note(f"See it with: poller status {job_id}")
    return 0


def show_redrive(client: PollerClient, job_id: str, screen: Screen, *, as_json: bool) -> int:
    """Shows what a redrive would run again, and changes nothing."""
    plan = client.redrive_plan(job_id)
    if as_json:
        print_json(plan)
        return 0
    screen.say(one_line(str(plan.get("message") or f"Job {job_id} can be redriven")))
    for reason in plan.get("Reasons") or []:
        more = "" if reason["Tasks"] == 1 else f" and {reason['Tasks'] - 1:,} more"
        screen.say("  " + one_line(f"{reason['FirstTask']}{more}: {reason['Why']}"))
    screen.note(f"Run them again with: poller redrive {job_id}")
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
    show_summary(screen.out, final)
    return 0 if final["Status"] == "CANCELLED" else 1


def show_status(client: PollerClient, job_id: str, screen: Screen, ways: Ways) -> int:
    """Shows how far a job is, or its end, as `run_job` does."""
    if ways.wait:
        return follow_job(client, job_id, f"Waiting for job {job_id}", screen, ways)
    _show(client.job(job_id), screen, ways)
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
        with job_progress(screen.err) as show:
            return client.wait(job_id, show)


def _show(summary: Summary, screen: Screen, ways: Ways) -> None:
    if ways.as_json:
        print_json(summary)
    else:
        show_summary(screen.out, summary)


def _show_end(summary: Summary, screen: Screen, ways: Ways) -> int:
    """Shows how a job ended, and to people what they may want to do next; returns the exit status."""
    _show(summary, screen, ways)
    following = next_command(summary)
    if following and not ways.as_json:
        screen.note(following)
    return exit_status(summary, ways.strict)
