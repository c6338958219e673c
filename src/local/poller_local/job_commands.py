"""The commands about jobs, as Typer reads them: each finds its stack and calls one body."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from poller_local import jobs, listings, logs, previews
from poller_local.answers import TaskState, parse_state
from poller_local.screen import Screen
from poller_local.spec_input import build_spec
from poller_local.summary import STATUSES, parse_status
from poller_local.target import resolve_target

ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        metavar="URL",
        envvar="POLLER_API_URL",
        help="The poller API to talk to; POLLER_TOKEN is sent to it.",
    ),
]
StackName = Annotated[
    str | None,
    typer.Option(
        "--stack-name",
        metavar="NAME",
        envvar="POLLER_STACK_NAME",
        help="A stack on AWS; calls are signed, or carry POLLER_TOKEN.",
    ),
]
Region = Annotated[str | None, typer.Option("--region", metavar="REGION", help="The stack's AWS region.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, as 'poller run' printed it.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, and nothing else there.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be run again, and why; change nothing.")]
Strict = Annotated[bool, typer.Option("--strict", help="With --wait, exit 2 on a success that has a Notice.")]


def run(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    source: Annotated[
        str | None,
        typer.Argument(metavar="[URL|FILE]", help="The API to poll, which goes before the file's, or the spec file."),
    ] = None,
    spec: Annotated[
        str | None, typer.Option("--spec", metavar="FILE", help="A job spec in JSON; - reads standard input.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the dataset is called.")] = None,
    client_token: Annotated[
        str | None,
        typer.Option("--client-token", metavar="TOKEN", help="Submitted twice with the same token, a job runs once."),
    ] = None,
    wait: Wait = False,
    strict: Strict = False,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Submit a job. With --wait, exits 0 on SUCCEEDED, 2 on PARTIAL and 1 otherwise."""
    ways = jobs.Ways(wait=wait, as_json=as_json, strict=strict)
    job_spec = build_spec(source, spec, name, client_token)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(jobs.run_job(client, job_spec, Screen(), ways))


def preview(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    source: Annotated[str | None, typer.Argument(metavar="[URL|FILE]", help="As with 'run'.")] = None,
    spec: Annotated[
        str | None, typer.Option("--spec", metavar="FILE", help="A job spec in JSON; - reads standard input.")
    ] = None,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Show what a job would find and take: first page, paginator, records, time and dollars. Starts nothing."""
    job_spec = build_spec(source, spec, None)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(previews.show_preview(client, job_spec, Screen(), as_json=as_json))


def list_(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only jobs of this dataset.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help=f"Only these: {', '.join(STATUSES)}.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """List the stack's jobs, newest first."""
    only = None if status is None else parse_status(status)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(listings.list_jobs(client, Screen(), name=name, status=only, limit=limit, as_json=as_json))


def status(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    job: Job,
    wait: Wait = False,
    strict: Strict = False,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Show how far a job is. With --wait, exits as 'run --wait' does."""
    ways = jobs.Ways(wait=wait, as_json=as_json, strict=strict)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(jobs.show_status(client, job, Screen(), ways))


def tasks(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    job: Job,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"Only these: {', '.join(TaskState)}.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 100,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Show what became of a job's tasks; a failed one with a curl line to try it by hand."""
    only = None if state is None else parse_state(state)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(listings.list_tasks(client, job, Screen(), state=only, limit=limit, as_json=as_json))


def results(
    job: Job,
    download: Annotated[
        Path | None,
        typer.Option("--download", metavar="DIR", file_okay=False, help="Copy them here, verified."),
    ] = None,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """List the objects a job has produced, or copy them to this machine; that exits as 'run --wait' does."""
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(listings.show_results(client, job, Screen(), download))


def cancel(
    job: Job,
    wait: Wait = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Cancel a job: it sends no new requests. With --wait, exits 0 only if it ended CANCELLED."""
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        raise typer.Exit(jobs.cancel_job(client, job, Screen(), wait=wait))


def redrive(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    job: Job,
    wait: Wait = False,
    strict: Strict = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Run again what failed of a job, or may be to blame. With --wait, exits as 'run --wait' does."""
    ways = jobs.Ways(wait=wait, as_json=as_json, strict=strict)
    with resolve_target(api_url, stack_name, region, Path.cwd()).client() as client:
        if dry_run:
            raise typer.Exit(jobs.show_redrive(client, job, Screen(), as_json=as_json))
        raise typer.Exit(jobs.redrive_job(client, job, Screen(), ways))


def show_logs(
    job: Job,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the last so many lines.")] = None,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Show what the stack's functions logged about a job, in time order."""
    target = resolve_target(api_url, stack_name, region, Path.cwd())
    with target.client() as client:
        raise typer.Exit(logs.show_logs(client, target.deployed, job, Screen(), limit))


COMMANDS: dict[str, Callable[..., Any]] = {
    "run": run,
    "preview": preview,
    "list": list_,
    "status": status,
    "tasks": tasks,
    "results": results,
    "cancel": cancel,
    "redrive": redrive,
    "logs": show_logs,
}
