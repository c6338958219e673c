"""A stand-in for the SDK tells which process has imported it."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import Emulator, eventually

SDK = {"boto3/__init__.py": "import os\nprocess = os.getpid()\n"}
ASKING = """
import os
import random
import subprocess
import sys

import boto3

def handler(event, context):
    print("seen", os.environ["WHO"])
    if event.get("exit"):
        os._exit(3)
    return {
        "sdk": boto3.process,
        "worker": os.getpid(),
        "who": os.environ["WHO"],
        "here": os.getcwd() == os.path.realpath(os.path.dirname(__file__)),
        "child": subprocess.run([sys.executable, "-c", "exit(7)"]).returncode,
        "chance": random.random(),
    }
"""


SLEEPING = """
import os
import time

def handler(event, context):
    time.sleep(event)
    return os.getpid()
"""


def asked(emulator: Emulator, function: str, **event: Any) -> Any:
    return json.load(emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))["Payload"])


def named(emulator: Emulator, who: str) -> str:
    """A function whose package is that of all others; only the environment differs."""
    return emulator.function(ASKING, SDK, Environment={"Variables": {"WHO": who}})


def has_ended(process: int) -> bool:
    """Whether a process is gone, or a zombie that nobody has collected yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.gap
def test_workers_of_a_package_share_one_import_of_the_sdk_and_nothing_else(emulator: Emulator) -> None:
    first, second = (asked(emulator, named(emulator, who)) for who in ("one", "two"))

    assert first["sdk"] == second["sdk"]
    assert len({first["sdk"], first["worker"], second["worker"]}) == 3
    assert (first["who"], second["who"]) == ("one", "two")
    assert first["chance"] != second["chance"]


@pytest.mark.gap
def test_forked_worker_is_a_process_like_any_other(emulator: Emulator) -> None:
    answer = asked(emulator, named(emulator, "one"))

    assert answer["here"]
    assert answer["child"] == 7  # it can start processes, and collect them


@pytest.mark.gap
def test_worker_that_has_ended_is_replaced(emulator: Emulator) -> None:
    function = named(emulator, "one")
    before = asked(emulator, function)["worker"]

    failed = asked(emulator, function, exit=True)

    assert failed["errorType"] == "Runtime.ExitError"
    assert asked(emulator, function)["worker"] != before


@pytest.mark.gap
def test_worker_that_takes_too_long_is_killed(emulator: Emulator) -> None:
    function = emulator.function(SLEEPING, SDK, Timeout=1)
    worker = json.load(emulator.client("lambda").invoke(FunctionName=function, Payload="0")["Payload"])

    late = json.load(emulator.client("lambda").invoke(FunctionName=function, Payload="60")["Payload"])

    assert "timed out" in late["errorMessage"]
    eventually(lambda: has_ended(worker))


@pytest.mark.gap
def test_without_its_server_a_worker_starts_all_the_same(emulator: Emulator) -> None:
    server = asked(emulator, named(emulator, "one"))["sdk"]
    os.kill(server, signal.SIGKILL)
    eventually(lambda: has_ended(server))

    answer = asked(emulator, named(emulator, "two"))

    assert answer["sdk"] == answer["worker"]
    eventually(lambda: (again := asked(emulator, named(emulator, "three")))["sdk"] != again["worker"])


@pytest.mark.gap
def test_log_of_a_forked_worker_arrives(emulator: Emulator) -> None:
    function = named(emulator, "somebody")
    asked(emulator, function)

    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    events = emulator.client("logs").filter_log_events(logGroupName=group)["events"]

    assert "seen somebody" in [event["message"] for event in events]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    answer = asked(plain, named(plain, "one"))

    assert answer["sdk"] == answer["worker"]
