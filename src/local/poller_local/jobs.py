"""The bodies of `poller run`, `status` and `results`: a client and a screen in, an exit status out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from poller_local import render
from poller_local.client import PollerClient
from poller_local.errors import Interrupted
from poller_local.render import Screen
from poller_local.summary import exit_status


def run_job(client: PollerClient, spec: Mapping[str, Any], screen: Screen, *, wait: bool, as_json: bool) -> int:
    """Submits a job and, with `wait`, follows it to its end. With `as_json` stdout holds one JSON object."""
    job_id = client.submit(spec)
    if not wait:
        if as_json:
            print_json({"JobId": job_id})
        else:
            screen.say(job_id)
        screen.note(f"See it with: poller status {job_id}")
        return 0
    screen.note(f"Job {job_id} is submitted")
    with stop_waiting_on_interrupt(job_id), render.progress_bar(screen.err) as draw:
        summary = client.wait(job_id, draw)
    if as_json:
        print_json(summary)
    else:
        render.show_summary(screen.out, summary)
    return exit_status(summary)


def show_status(client: PollerClient, job_id: str, screen: Screen, *, as_json: bool) -> int:
    summary = client.job(job_id)
    if as_json:
        print_json(summary)
    else:
        render.show_summary(screen.out, summary)
    return 0


def show_results(client: PollerClient, job_id: str, screen: Screen, directory: Path | None) -> int:
    """Lists what a job produced, or copies it into `directory`, verified."""
    if directory is None:
        render.show_results(screen.out, client.results(job_id))
        return 0
    try:
        paths = client.download(job_id, directory)
    except KeyboardInterrupt as error:
        raise Interrupted("Stopped; what is downloaded is kept, the same command fetches the rest") from error
    screen.say(f"{len(paths):,} objects in {directory}, each verified by its SHA-256")
    return 0


@contextmanager
def stop_waiting_on_interrupt(job_id: str) -> Iterator[None]:
    """Ctrl-C ends the waiting, not the job: the user is told how to come back to it."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"Stopped waiting; the job goes on. See it with: poller status {job_id}") from error


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
