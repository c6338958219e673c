"""The local stack as a whole: `up` and `down`, both harmless when there is nothing to do."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypedDict

from poller_local import emulator_process
from poller_local.checkout import Checkout, read_json_object, require_checkout, write_json_atomically
from poller_local.deploy import Step, Tools, build_and_deploy, find_tools
from poller_local.emulator_process import Emulator
from poller_local.errors import LocalStackError
from poller_local.local_aws import local_environment

DEFAULT_PORT = 4566
_AWS_API = re.compile(r"https://(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?P<path>/.*)?")


class LocalStack(TypedDict):
    """`.poller/stack.json`: addresses reachable from this machine, and the stack's outputs as deployed."""

    endpoint_url: str
    api_url: str
    external_api_url: str | None
    outputs: dict[str, str]


def no_step(_name: str) -> nullcontext[None]:
    return nullcontext()


def up(
    *,
    directory: Path,
    port: int | None = None,
    enforce_iam: bool = True,
    step: Step = no_step,
    tools: Tools | None = None,
) -> LocalStack:
    """Starts the emulator and deploys the checkout that `directory` lies in; what is there already is kept.

    `port`: else that of the running emulator, the last one or 4566; state that is kept moves. `step` wraps each phase
    by name, to show it. Raises LocalStackError.
    """
    checkout = require_checkout(directory)
    tools = tools or find_tools()
    with _alone(checkout):
        emulator = _running_as_asked(checkout, port, enforce_iam)
        chosen_port = emulator.port if emulator else _port(checkout, port)
        environment = local_environment(chosen_port, tools.directories, os.environ)
        with nullcontext() if emulator else step("Starting the emulator"):
            if emulator is None:
                emulator = emulator_process.start(checkout, chosen_port, enforce_iam, environment, tools.emulator)
                write_json_atomically(checkout.port_file, {"port": chosen_port})
            emulator_process.wait_until_healthy(checkout, emulator)
        outputs = build_and_deploy(checkout, tools, emulator.endpoint_url, environment, step)
        stack = local_stack(emulator.endpoint_url, outputs)
        write_json_atomically(checkout.stack_file, stack)
        return stack


def down(*, directory: Path, purge: bool = False) -> str:
    """Stops what `up` started and returns a line saying so; with `purge`, state and logs are removed too."""
    checkout = require_checkout(directory)
    if not checkout.home.exists():
        return "Nothing is running here."
    with _alone(checkout):
        emulator = emulator_process.find_running(checkout)
        saved = emulator_process.stop(checkout, emulator) if emulator else True
        checkout.stack_file.unlink(missing_ok=True)
        checkout.emulator_file.unlink(missing_ok=True)
        if purge:
            shutil.rmtree(checkout.home)
    said = "Stopped." if emulator else "Nothing is running here."
    if purge:
        return f"{said} State and logs are removed."
    if not saved:
        return f"{said} The emulator did not end in time and was killed: its latest changes may be lost."
    return f"{said} State is kept; 'poller up' goes on from it." if emulator else said


def local_stack(endpoint_url: str, outputs: dict[str, str]) -> LocalStack:
    """What clients need to know of a stack on the emulator at `endpoint_url`, from its outputs."""
    if "PollerHttpApiUrl" not in outputs:
        raise LocalStackError("The stack was deployed without its output PollerHttpApiUrl; check template.yaml")
    external = outputs.get("ExternalHttpApiUrl")
    return {
        "endpoint_url": endpoint_url,
        "api_url": reachable_url(outputs["PollerHttpApiUrl"], endpoint_url),
        "external_api_url": reachable_url(external, endpoint_url) if external else None,
        "outputs": outputs,
    }


def reachable_url(url: str, endpoint_url: str) -> str:
    """Where an HTTP API answers on this machine: outputs name amazonaws.com, as they would on AWS."""
    api = _AWS_API.fullmatch(url)
    if api is None:
        return url
    path = (api["path"] or "").rstrip("/").removeprefix("/$default")
    return f"{endpoint_url}/_aws/execute-api/{api['id']}/$default{path}"


def _running_as_asked(checkout: Checkout, port: int | None, enforce_iam: bool) -> Emulator | None:
    emulator = emulator_process.find_running(checkout)
    if emulator and port not in (None, emulator.port):
        raise LocalStackError(
            f"The stack already runs here, on port {emulator.port}; to move it, run 'poller down' first"
        )
    if emulator and emulator.enforce_iam and not enforce_iam:
        raise LocalStackError("The stack already runs here, with IAM enforced; to change that, run 'poller down' first")
    return emulator


def _port(checkout: Checkout, asked_for: int | None) -> int:
    last = (read_json_object(checkout.port_file) or {}).get("port")
    return int(asked_for or last or DEFAULT_PORT)


@contextmanager
def _alone(checkout: Checkout) -> Iterator[None]:
    """One `up` or `down` at a time; the lock goes with the process that holds it."""
    checkout.home.mkdir(exist_ok=True)
    with (checkout.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalStackError(
                "Another 'poller up' or 'poller down' is at work in this checkout; wait for it"
            ) from error
        yield
