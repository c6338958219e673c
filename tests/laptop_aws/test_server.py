"""The server's process: what it binds, how it stops, what is there when it starts again."""

import os
import signal
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.support.emulated_apis import answering
from tests.support.emulator import ACCOUNT, Emulator

LISTENING = "0A"


def test_deployed_stack_survives_sigterm(server: Emulator) -> None:
    server.start()
    ask = answering(server)
    before = ask()
    waiting = server.state_machine({"Type": "Wait", "Seconds": 600, "End": True})
    server.client("stepfunctions").start_execution(stateMachineArn=waiting)

    started = time.monotonic()
    assert server.ended(20, by=signal.SIGTERM) == 0
    took = time.monotonic() - started
    server.start()

    assert took < 10
    assert ask() == before != ""


def test_stops_when_the_process_that_started_it_is_gone(server: Emulator) -> None:
    server.start()
    assert server.process is not None
    assert server.process.stdin is not None

    server.process.stdin.close()

    assert server.ended(10) == 0


def test_signal_from_the_keyboard_stops_it(server: Emulator) -> None:
    server.start()

    ended = server.ended(10, by=signal.SIGINT)

    assert ended == 0


def test_directory_is_used_by_one_emulator_only(emulator: Emulator) -> None:
    second = Emulator(emulator.data)

    with pytest.raises(pytest.fail.Exception, match="Another emulator uses"):
        second.start()

    assert second.ended() == 1


def test_port_in_use_is_said(emulator: Emulator, server: Emulator) -> None:
    server.port = emulator.port

    server.start()  # the port answers: it is the other emulator's

    assert server.ended(20) == 1
    assert f"Cannot serve on 127.0.0.1:{emulator.port}" in (server.data / "log").read_text()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads sockets from /proc")
def test_listens_on_loopback_only(emulator: Emulator) -> None:
    assert emulator.process is not None
    descriptors = Path(f"/proc/{emulator.process.pid}/fd").iterdir()
    ours = {os.readlink(descriptor) for descriptor in descriptors}

    table = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    bound = [row[1] for row in table if row[3] == LISTENING and f"socket:[{row[9]}]" in ours]

    assert bound == [f"0100007F:{emulator.port:04X}"]


def test_unknown_credentials_are_refused(emulator: Emulator) -> None:
    stranger = Emulator(emulator.data, port=emulator.port).client("sqs", key="stranger")

    with pytest.raises(ClientError) as refusal:
        stranger.list_queues()

    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_developers_environment_has_no_say(server: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PERSIST_STATE", "0")
    server.options = ("--no-enforce-iam",)

    server.start()

    assert server.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert server.client("sqs", key="stranger").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert server.ended(20, by=signal.SIGTERM) == 0
    assert (server.data / "state" / "sqs.json").exists()
