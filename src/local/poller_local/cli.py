"""The `poller` command: options in, a body called, one line if it goes wrong.

Exit statuses: 0 done, 1 an error, 2 a job that ended PARTIAL (with --strict, or with a Notice) or a command line that
cannot be read (nothing was sent then), 130 Ctrl-C.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from poller_local import stack as local_stack
from poller_local.demo import run_demo
from poller_local.errors import BadUsage, Interrupted, PollerError, is_full, one_line
from poller_local.job_commands import COMMANDS as JOB_COMMANDS
from poller_local.progress import step
from poller_local.screen import Screen
from poller_local.secret_commands import app as secrets_app
from poller_local.source_commands import app as sources_app
from poller_local.stack import DEFAULT_PORT, LocalStack
from poller_local.usage import describe_misuse, refuse_empty_words

app = typer.Typer(
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Fetches every page of a paginated HTTP API into S3, in parallel and checked.",
)

# The bracket is escaped, for Rich takes it for markup; a default of Typer's own would hide the port of a kept state.
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help=f"Of the embedded AWS. \\[default: {DEFAULT_PORT}]"),
]
NoEnforceIam = Annotated[bool, typer.Option("--no-enforce-iam", help="Let the functions do what their roles forbid.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"poller {version('api-poller')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _poller(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False,  # noqa: ARG001  # `run` takes it, wherever it stands
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def up(port: Port = None, no_enforce_iam: NoEnforceIam = False) -> None:
    """Start the embedded AWS on this machine, build, and deploy the stack to it."""
    screen = Screen()
    stack = _bring_up(screen, port, not no_enforce_iam)
    screen.say(f"API                {stack['api_url']}")
    if stack["external_api_url"]:
        screen.say(f"Demonstration API  {stack['external_api_url']}")
    screen.say(f"AWS endpoint       {stack['endpoint_url']}")
    screen.say("Outputs")
    for name, value in sorted(stack["outputs"].items()):
        screen.say(f"  {name:<28} {value}")
    if stack["external_api_url"]:
        screen.note(f"Poll something with: poller run --wait {stack['external_api_url']}/payload")


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove the stack, its data and the logs too.")] = False,
) -> None:
    """Stop what 'up' started; its state is kept for the next 'up'."""
    Screen().say(local_stack.down(directory=Path.cwd(), purge=purge))


@app.command()
def demo(port: Port = None) -> None:
    """Bring the stack up and poll the demonstration API: 10,000 records, with errors and delays."""
    screen = Screen()
    stack = _bring_up(screen, port, enforce_iam=True)
    raise typer.Exit(run_demo(stack, Path.cwd(), screen))


for _name, _command in JOB_COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(secrets_app, name="secrets")
app.add_typer(sources_app, name="sources")
COMMANDS = ("up", "down", "demo", *JOB_COMMANDS, "secrets", "sources")


def _bring_up(screen: Screen, port: int | None, enforce_iam: bool) -> LocalStack:
    try:
        return local_stack.up(directory=Path.cwd(), port=port, enforce_iam=enforce_iam, step=partial(step, screen.err))
    except KeyboardInterrupt as error:
        raise Interrupted("Stopped before the stack was ready; 'poller up' goes on, 'poller down' stops it") from error


def execute(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit status; every error ends as one line on standard error."""
    debug = "--debug" in arguments
    words = [argument for argument in arguments if argument != "--debug"]
    try:
        refuse_empty_words(words)
        status = app(args=words, prog_name="poller", standalone_mode=False)
        # Here, where what is wrong with it (a full disk) can still be said.
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and is_full(error)):
            # Whatever is still buffered would fail again when Python ends, and not in one line.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 1  # the reader of our output has left (`poller results … | head`): nobody to tell
        line, exit_status = _explain(error, words)
        typer.echo(line, err=True)
        return exit_status


def _explain(error: Exception, words: Sequence[str]) -> tuple[str, int]:
    if isinstance(error, Interrupted):
        return str(error), error.exit_status
    if isinstance(error, TyperException):
        error = BadUsage(describe_misuse(error, words, COMMANDS))
    if isinstance(error, PollerError):
        return f"poller: {error}", error.exit_status
    if isinstance(error, OSError) and is_full(error):
        where = f" to {one_line(str(error.filename))}" if error.filename else ""
        return f"poller: Cannot write{where}: {error.strerror}; make room and run it again", 1
    if isinstance(error, OSError) and error.filename:
        return f"poller: Cannot use {one_line(str(error.filename))}: {error.strerror}; check the path and its rights", 1
    reason = one_line(f"{type(error).__name__}: {error}")
    return f"poller: unexpected {reason}; run it again with --debug and report what it shows", 1
