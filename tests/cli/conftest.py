"""The command line against a poller API that is not there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from poller_local.cli import execute
from poller_local.client import PollerClient
from tests.support.fake_api import FakeApi, FakeTime
from tests.support.template import SOURCES


@pytest.fixture
def api(httpserver: HTTPServer) -> FakeApi:
    return FakeApi(httpserver)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(api: FakeApi, time: FakeTime):
    with PollerClient(api.url, sleep=time.sleep, clock=time.clock) as poller_client:
        yield poller_client


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's environment without anything that would name a stack or an AWS account."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POLLER_"))}
    return own | {
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def command(
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `poller …` within the test's own process, which is faster, in an empty directory."""
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        status = execute(arguments)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, out, err)

    return run


@pytest.fixture
def start_poller(tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Starts `poller …` as a process of its own, in an empty directory."""

    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "poller_local", *arguments],
            **{
                "cwd": tmp_path,
                "env": environment,
                "stdin": subprocess.PIPE,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                # A test run in the background of a shell would otherwise hand down an ignored Ctrl-C.
                "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                **options,
            },
        )

    return start


@pytest.fixture
def poller(start_poller: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `poller …` to its end."""

    def run(*arguments: str, stdin: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
        with start_poller(*arguments, **options) as process:
            out, err = process.communicate(stdin, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run
