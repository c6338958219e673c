"""`sam build` and `sam deploy` against the emulator, skipped when there is nothing new."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess  # nosec B404  # argument lists only, never a shell
import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from poller_local import emulator_process
from poller_local.checkout import Checkout, read_json_object, write_json_atomically
from poller_local.errors import LocalStackError, one_line
from poller_local.local_aws import STACK_NAME, cloudformation

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

SOURCES = ("template.yaml", "samconfig.toml", "src/functions", "api", "statemachine", "demo-api")
LONGEST_REASON = 400
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
# CloudFormation cannot update a stack that never came up, or whose creation was cut off with the emulator.
STILLBORN = ("CREATE_FAILED", "CREATE_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED")

Step = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True)
class Tools:
    """The programs that `up` starts."""

    sam: Path
    uv: Path
    emulator: tuple[str, ...] = emulator_process.COMMAND

    @property
    def directories(self) -> list[Path]:
        # This interpreter's too: sam's builders look for a python on the PATH.
        return [self.sam.parent, self.uv.parent, Path(sys.executable).parent]


def find_tools(beside: Path = Path(sys.executable), path: str | None = None) -> Tools:
    """`sam` and `uv` from beside the interpreter, else from `path` (PATH). Raises LocalStackError."""
    search = os.pathsep.join([str(beside.parent), os.environ.get("PATH", "") if path is None else path])
    found = {name: shutil.which(name, path=search) for name in ("sam", "uv")}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        raise LocalStackError(f"Not installed here: {' and '.join(missing)}; run 'make setup' in the checkout")
    return Tools(sam=Path(found["sam"] or ""), uv=Path(found["uv"] or ""))


def build_and_deploy(
    checkout: Checkout, tools: Tools, endpoint_url: str, environment: Mapping[str, str], step: Step
) -> dict[str, str]:
    """Brings the stack up to date with the tree and returns its outputs. Raises LocalStackError."""
    client = cloudformation(endpoint_url)
    sources = sources_hash(checkout.root)
    noted = read_json_object(checkout.deployed_file) or {}
    if noted.get("built") != sources or not (checkout.root / ".aws-sam/build/template.yaml").is_file():
        with step("Building the functions"):
            _build(checkout, tools, environment)
        write_json_atomically(checkout.deployed_file, {"built": sources})
    stack = describe(client)
    if stack is None or noted != _note(sources, stack) or stack["StackStatus"] not in DEPLOYED:
        with step("Deploying the stack"):
            _deploy(checkout, tools, client, environment, stack)
        stack = describe(client)
        if stack is None:
            raise LocalStackError(f"The stack is not there after its deploy; see {checkout.sam_log}")
    write_json_atomically(checkout.deployed_file, _note(sources, stack))
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def sources_hash(root: Path) -> str:
    """SHA-256 over the names and contents of everything that `sam` reads, in hex."""
    digest = hashlib.sha256()
    for source in SOURCES:
        place = root / source
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                digest.update(f"{file.relative_to(root)}\0{content}\n".encode())
    return digest.hexdigest()


def describe(client: CloudFormationClient) -> StackTypeDef | None:
    """The deployed stack, or None."""
    try:
        return client.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise LocalStackError(f"The emulator's CloudFormation refuses: {one_line(str(error))}") from error
    except BotoCoreError as error:
        raise LocalStackError(f"The emulator's CloudFormation does not answer: {one_line(str(error))}") from error


def _note(sources: str, stack: StackTypeDef) -> dict[str, str]:
    # The stack's id, because a purged or lost emulator has another stack or none under the same name.
    return {"built": sources, "stack_id": stack.get("StackId", "")}


def _build(checkout: Checkout, tools: Tools, environment: Mapping[str, str]) -> None:
    checkout.sam_log.unlink(missing_ok=True)
    command = [str(tools.sam), "build", "--config-env", "local"]
    if _run(command, checkout, environment) != 0:
        raise LocalStackError(f"sam build failed: {_logged_error(checkout.sam_log)}; its log is {checkout.sam_log}")


def _deploy(
    checkout: Checkout,
    tools: Tools,
    client: CloudFormationClient,
    environment: Mapping[str, str],
    stack: StackTypeDef | None,
) -> None:
    if stack and stack["StackStatus"] in STILLBORN:
        _delete(client)
    started = datetime.now(UTC) - timedelta(seconds=1)
    command = [str(tools.sam), "deploy", "--config-env", "local", "--stack-name", STACK_NAME, "--resolve-s3"]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    if _run(command, checkout, environment) != 0:
        reason = _first_failure(client, started) or _logged_error(checkout.sam_log)
        raise LocalStackError(f"The deploy failed: {reason}; the log is {checkout.sam_log}")


def _delete(client: CloudFormationClient) -> None:
    try:
        client.delete_stack(StackName=STACK_NAME)
        client.get_waiter("stack_delete_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(
            f"The half-made stack of an earlier deploy cannot be deleted: {one_line(str(error))}; "
            "start afresh with 'poller down --purge' and 'poller up'"
        ) from error


def _run(command: list[str], checkout: Checkout, environment: Mapping[str, str]) -> int:
    with checkout.sam_log.open("ab") as log:
        return subprocess.run(  # nosec B603  # our own list of arguments
            command,
            cwd=checkout.root,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def _first_failure(client: CloudFormationClient, since: datetime) -> str | None:
    """`LogicalId: reason` of the first resource that failed after `since`: the others follow from it."""
    try:
        events = client.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    except (BotoCoreError, ClientError):
        return None
    failures = [
        event
        for event in events
        if event["Timestamp"] >= since
        and event.get("ResourceStatus", "").endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
    if not failures:
        return None
    first = min(failures, key=lambda event: event["Timestamp"])
    return _tidy(f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason')}")


def _logged_error(log: Path) -> str:
    """What sam says after its last `Error:`, or its last line."""
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    reason = re.split(r"^Error: ", text, flags=re.MULTILINE)[-1] if "Error: " in text else text.rpartition("\n")[2]
    return _tidy(reason) or "sam left no message"


def _tidy(reason: str) -> str:
    """One line that another clause can follow, and that still is one on a terminal."""
    return textwrap.shorten(one_line(reason).rstrip("."), LONGEST_REASON, placeholder=" …")
