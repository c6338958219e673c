"""The commands about secrets, as Typer reads them."""

from pathlib import Path
from typing import Annotated

import typer

from poller_local.job_commands import Region, StackName
from poller_local.screen import Screen
from poller_local.target import Target, resolve_target

app = typer.Typer(help="Store, list and delete the secrets that jobs may name.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What specs call it, in auth.secret.")]
# Not Typer's own kind of path or URL: what is wrong with an origin is said as the stack would say it.
Origins = Annotated[
    list[str] | None,
    typer.Option("--allow-origin", metavar="URL", help="An API that may receive it; may be given several times."),
]


@app.command()
def put(name: Name, allow_origin: Origins = None, stack_name: StackName = None, region: Region = None) -> None:
    """Store a secret, or replace it. Its value is asked for, or read from standard input."""
    from poller_local import secrets  # noqa: PLC0415  # brings in boto3, see local_aws.client

    secrets.put_secret(_target(stack_name, region), name, allow_origin or [], Screen())


@app.command("list")
def list_(stack_name: StackName = None, region: Region = None) -> None:
    """List the stack's secrets, and who may receive them; never their values."""
    from poller_local import secrets  # noqa: PLC0415  # as above

    secrets.list_secrets(_target(stack_name, region), Screen())


@app.command()
def delete(name: Name, stack_name: StackName = None, region: Region = None) -> None:
    """Delete a secret for good, and the tokens that were got for it."""
    from poller_local import secrets  # noqa: PLC0415  # as above

    secrets.delete_secret(_target(stack_name, region), name, Screen())


def _target(stack_name: str | None, region: str | None) -> Target:
    return resolve_target(None, stack_name, region, Path.cwd())
