"""The bodies of `poller list`, `tasks` and `results`: a client and a screen in, an exit status out."""

from pathlib import Path

from poller_local import tables
from poller_local.answers import TaskState
from poller_local.client import PollerClient
from poller_local.errors import Interrupted
from poller_local.jobs import print_json
from poller_local.render import format_count
from poller_local.screen import Screen
from poller_local.summary import Summary, exit_status, is_final

NOT_ALL = "Not all are shown; see more with --limit"


def list_jobs(  # noqa: PLR0913  # as many as the command has options
    client: PollerClient, screen: Screen, *, name: str | None, status: str | None, limit: int, as_json: bool
) -> int:
    """Shows the newest jobs, and says so where there are more."""
    jobs = list(client.jobs(limit + 1, name, status))
    if as_json:
        print_json(jobs[:limit])
    elif jobs:
        tables.show_jobs(screen.out, jobs[:limit])
    elif name or status:
        screen.note("No job of the stack is so; see them all with: poller list")
    else:
        screen.note("No jobs yet; start one with: poller run URL")
    if len(jobs) > limit:
        screen.note(NOT_ALL)
    return 0


def list_tasks(  # noqa: PLR0913  # as many as the command has options
    client: PollerClient, job_id: str, screen: Screen, *, state: TaskState | None, limit: int, as_json: bool
) -> int:
    """Shows what became of a job's tasks, and says so where there are more."""
    tasks = list(client.tasks(job_id, state, most=limit + 1))
    shown = tasks[:limit]
    if as_json:
        print_json(shown)
    elif shown:
        tables.show_tasks(screen.out, shown)
    else:
        screen.note(f"No task of job {job_id} is {state}" if state else f"No task of job {job_id} has begun")
    if len(tasks) > limit:
        screen.note(NOT_ALL)
    return 0


def show_results(client: PollerClient, job_id: str, screen: Screen, directory: Path | None) -> int:
    """Lists what a job produced, or copies it into `directory`, verified: 0 only if that is the whole dataset."""
    job = client.job(job_id)
    if directory is None:
        tables.show_results(screen.out, client.result_pages(job_id))
        _note_what_is_missing(job, screen)
        return 0
    try:
        paths = client.download(job_id, directory)
    except KeyboardInterrupt as error:
        raise Interrupted("Stopped; what is downloaded is kept, the same command fetches the rest") from error
    screen.say(f"{format_count(len(paths), 'object')} in {directory}, verified by SHA-256")
    _note_what_is_missing(job, screen)
    return exit_status(job)


def _note_what_is_missing(job: Summary, screen: Screen) -> None:
    if not is_final(job):
        screen.note(f"Job {job['JobId']} is {job['Status']}: this is what it has produced so far")
    elif job["Status"] != "SUCCEEDED":
        screen.note(f"Job {job['JobId']} ended {job['Status']}: this is not all; see poller status {job['JobId']}")
