"""A copy of this tree with its own local stack, brought up by the command that users run."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from poller_local.client import PollerClient
from tests.support.template import ROOT

POLLER = Path(sys.executable).with_name("poller")


@dataclass
class LocalStack:
    root: Path
    port: int
    described: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """One `poller` command in the copy."""
        done = subprocess.run(
            [str(POLLER), *arguments],
            cwd=self.root, capture_output=True, text=True, check=False, timeout=300, **options,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done

    def up(self, *arguments: str) -> None:
        self.run("up", "--port", str(self.port), *arguments)
        self.described = json.loads((self.root / ".poller" / "stack.json").read_text())

    def client(self) -> PollerClient:
        return PollerClient(self.described["api_url"])

    def output(self, name: str) -> str:
        return str(self.described["outputs"][name])

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.described["endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


class RecordedStack(LocalStack):
    """A stack whose emulator writes down every decision of IAM, however often it is started again."""

    @property
    def iam_log(self) -> Path:
        return self.root / "iam.jsonl"

    def run(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **options.pop("env", {}), "POLLER_IAM_LOG": str(self.iam_log)}
        return super().run(*arguments, check=check, env=environment, **options)


def copy_tree(destination: Path) -> Path:
    """The files that git knows or would add, as a fresh clone would have them, with this .venv."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in names:
        if (ROOT / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)
    (destination / ".venv").symlink_to(Path(sys.prefix))
    return destination


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def without_aws() -> dict[str, str]:
    """This environment without anything that belongs to an AWS account."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
