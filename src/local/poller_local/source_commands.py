"""The commands about sources, as Typer reads them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from poller_local import sources
from poller_local.client import PollerClient
from poller_local.errors import BadUsage
from poller_local.job_commands import ApiUrl, Json, Region, StackName, Strict, Wait
from poller_local.jobs import Ways
from poller_local.screen import Screen
from poller_local.spec_input import build_source_spec
from poller_local.target import resolve_target

app = typer.Typer(help="Save job specs, and have them run by hand or by a schedule.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the source is called.")]


@app.command()
def put(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    name: Name,
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The API to poll, which goes before the file's.")
    ] = None,
    spec: Annotated[
        str | None, typer.Option("--spec", metavar="FILE", help="A job spec in JSON; - reads standard input.")
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option("--schedule", metavar="EXPRESSION", help="'rate(1 hour)' or 'cron(0 6 * * ? *)'; none: by hand."),
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="Of a cron expression.")] = None,
    flexible: Annotated[
        int | None, typer.Option("--flexible-minutes", metavar="N", help="How much later a run may begin.")
    ] = None,
    overlap: Annotated[
        str | None, typer.Option("--overlap", metavar="HOW", help="While the run before still goes: skip or allow.")
    ] = None,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Save a source, or replace its spec and schedule. Its cursor stays."""
    if schedule is None and (timezone is not None or flexible is not None):
        raise BadUsage("--timezone and --flexible-minutes are for a schedule; add --schedule")
    definition: dict[str, Any] = {"spec": build_source_spec(url, spec)}
    when = {"expression": schedule, "timezone": timezone, "flexible_minutes": flexible}
    if schedule is not None:
        definition["schedule"] = {field: value for field, value in when.items() if value is not None}
    if overlap is not None:
        definition["overlap"] = overlap
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.put_source(client, name, definition, Screen()))


@app.command("list")
def list_(as_json: Json = False, api_url: ApiUrl = None, stack_name: StackName = None, region: Region = None) -> None:
    """List the stack's sources, by name."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.list_sources(client, Screen(), as_json=as_json))


@app.command()
def show(
    name: Name, as_json: Json = False, api_url: ApiUrl = None, stack_name: StackName = None, region: Region = None
) -> None:
    """Show a source, its cursor, and its latest runs."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.show_source(client, name, Screen(), as_json=as_json))


@app.command()
def run(  # noqa: PLR0913, PLR0917  # Typer reads its options off the signature
    name: Name,
    start: Annotated[
        str | None, typer.Option("--from", metavar="VALUE", help="Read a range again, from here on; the cursor stays.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="VALUE", help="Where that range ends.")] = None,
    wait: Wait = False,
    strict: Strict = False,
    as_json: Json = False,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Run a source now. With --wait, exits as 'poller run --wait' does."""
    ways = Ways(wait=wait, as_json=as_json, strict=strict)
    range_ = {field: value for field, value in (("from", start), ("until", until)) if value is not None}
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.run_source(client, name, range_, Screen(), ways))


@app.command()
def pause(name: Name, api_url: ApiUrl = None, stack_name: StackName = None, region: Region = None) -> None:
    """Have a source's schedule rest."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.pause_source(client, name, Screen(), paused=True))


@app.command()
def resume(name: Name, api_url: ApiUrl = None, stack_name: StackName = None, region: Region = None) -> None:
    """Have a paused source go on."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.pause_source(client, name, Screen(), paused=False))


@app.command()
def reset(
    name: Name,
    to: Annotated[str | None, typer.Option("--to", metavar="VALUE", help="Where; without it, initial_value.")] = None,
    api_url: ApiUrl = None,
    stack_name: StackName = None,
    region: Region = None,
) -> None:
    """Have a source's next run begin anew."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.reset_source(client, name, to, Screen()))


@app.command()
def delete(name: Name, api_url: ApiUrl = None, stack_name: StackName = None, region: Region = None) -> None:
    """Delete a source and its schedule; its jobs and datasets stay."""
    with _client(api_url, stack_name, region) as client:
        raise typer.Exit(sources.delete_source(client, name, Screen()))


def _client(api_url: str | None, stack_name: str | None, region: str | None) -> PollerClient:
    return resolve_target(api_url, stack_name, region, Path.cwd()).client()
