"""`poller up` and `poller down` with a fake emulator and a fake sam, both real processes."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from poller_local import emulator_process, stack
from poller_local.checkout import Checkout
from poller_local.deploy import Tools, find_tools, sources_hash
from poller_local.errors import LocalStackError
from tests.support.template import ROOT

SUPPORT = ROOT / "tests" / "support"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A checkout, whose emulator is stopped after the test."""
    (tmp_path / "src" / "functions" / "poller").mkdir(parents=True)
    (tmp_path / "src" / "functions" / "poller" / "models.py").write_text("A = 1\n")
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    yield tmp_path
    stack.down(directory=tmp_path)


@pytest.fixture
def tools() -> Tools:
    return Tools(
        sam=SUPPORT / "fake_sam.sh",
        uv=SUPPORT / "fake_sam.sh",
        emulator=(sys.executable, str(SUPPORT / "fake_emulator.py"), emulator_process.MODULE),
    )


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sam_calls(root: Path) -> list[str]:
    calls = root / "sam-calls"
    return [call.split()[0] for call in calls.read_text().splitlines()] if calls.exists() else []


def worker_is_alive(root: Path) -> bool:
    """The fake emulator's worker holds a lock for as long as it lives (a zombie holds none)."""
    with (root / ".poller" / "data" / "worker.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def wait_for_worker(root: Path) -> None:
    deadline = time.monotonic() + 60
    while not ((root / ".poller" / "data" / "worker.lock").exists() and worker_is_alive(root)):
        assert time.monotonic() < deadline, "the fake emulator never started its worker"
        time.sleep(0.02)


def test_up_writes_down_how_the_stack_is_reached(root: Path, tools: Tools, port: int):
    started = stack.up(directory=root / "src", port=port, tools=tools)

    assert started == json.loads((root / ".poller" / "stack.json").read_text())
    assert started["endpoint_url"] == f"http://127.0.0.1:{port}"
    assert started["api_url"] == f"http://127.0.0.1:{port}/_aws/execute-api/abc123/$default"
    assert started["external_api_url"] == f"http://127.0.0.1:{port}/_aws/execute-api/def456/$default"
    assert started["outputs"]["DatasetBucket"] == "poller-dataset"
    assert sam_calls(root) == ["build", "deploy"]


def test_the_emulator_s_state_is_for_its_owner_only(root: Path, tools: Tools, port: int):
    (root / ".poller" / "data").mkdir(parents=True, mode=0o755)  # as an older release left it

    stack.up(directory=root, port=port, tools=tools)

    assert (root / ".poller" / "data").stat().st_mode & 0o777 == 0o700


def test_the_deploy_can_reach_the_emulator_only(root: Path, tools: Tools, port: int, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, "prod")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    stack.up(directory=root, port=port, tools=tools)

    lines = (root / "sam-environment").read_text().splitlines()
    environment = dict(line.split("=", 1) for line in lines if "=" in line)
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert environment["NO_PROXY"].endswith("127.0.0.1,localhost")
    assert environment["PATH"].startswith(str(SUPPORT))


def test_up_twice_is_harmless_and_quick(root: Path, tools: Tools, port: int):
    first = stack.up(directory=root, port=port, tools=tools)
    process = json.loads((root / ".poller" / "emulator.json").read_text())

    second = stack.up(directory=root, tools=tools)

    assert second == first
    assert json.loads((root / ".poller" / "emulator.json").read_text()) == process
    assert sam_calls(root) == ["build", "deploy"]


def test_a_changed_source_is_built_and_deployed_again(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)
    (root / "src" / "functions" / "poller" / "models.py").write_text("A = 2\n")

    stack.up(directory=root, tools=tools)

    assert sam_calls(root) == ["build", "deploy", "build", "deploy"]


def test_what_python_caches_is_no_change(root: Path):
    before = sources_hash(root)
    (root / "src" / "functions" / "__pycache__").mkdir()
    (root / "src" / "functions" / "__pycache__" / "models.pyc").write_bytes(b"\0")

    after = sources_hash(root)

    assert before == after


def test_state_survives_down_and_up(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)

    said = stack.down(directory=root)
    stack.up(directory=root, port=port, tools=tools)

    assert said == "Stopped. State is kept; 'poller up' goes on from it."
    assert (root / ".poller" / "data" / "saved").exists()
    assert sam_calls(root) == ["build", "deploy"]


def test_kept_state_stays_on_its_port_until_it_is_moved(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)
    stack.down(directory=root)
    again = stack.up(directory=root, tools=tools)
    stack.down(directory=root)

    moved = stack.up(directory=root, port=port + 1, tools=tools)
    stack.down(directory=root)
    there = stack.up(directory=root, tools=tools)

    assert again["endpoint_url"] == f"http://127.0.0.1:{port}"
    assert moved["endpoint_url"] == there["endpoint_url"] == f"http://127.0.0.1:{port + 1}"
    assert sam_calls(root) == ["build", "deploy"]


def test_down_leaves_no_worker_and_no_stack_file(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)
    wait_for_worker(root)

    stack.down(directory=root)

    assert not worker_is_alive(root)
    assert not (root / ".poller" / "stack.json").exists()
    emulator_process.require_free(port)


def test_purge_removes_everything(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)

    said = stack.down(directory=root, purge=True)

    assert said == "Stopped. State and logs are removed."
    assert not (root / ".poller").exists()


@pytest.mark.parametrize(
    ("purge", "said"),
    [(False, "Nothing is running here."), (True, "Nothing is running here. State and logs are removed.")],
)
def test_down_with_nothing_running_is_friendly(root: Path, purge: bool, said: str):
    (root / ".poller").mkdir()

    assert stack.down(directory=root, purge=purge) == said


def test_down_in_a_fresh_checkout_leaves_no_trace(root: Path):
    said = stack.down(directory=root)

    assert said == "Nothing is running here."
    assert not (root / ".poller").exists()


def test_a_killed_emulator_is_started_again(root: Path, tools: Tools, port: int):
    stack.up(directory=root, port=port, tools=tools)
    killed = json.loads((root / ".poller" / "emulator.json").read_text())["pid"]
    os.killpg(killed, signal.SIGKILL)
    emulator_process._children[killed].wait()

    stack.up(directory=root, port=port, tools=tools)

    assert json.loads((root / ".poller" / "emulator.json").read_text())["pid"] != killed


def test_a_pid_that_has_gone_to_somebody_else_is_left_alone(root: Path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as somebody:
        note = {"pid": somebody.pid, "port": 4566, "enforce_iam": True}
        (root / ".poller").mkdir()
        (root / ".poller" / "emulator.json").write_text(json.dumps(note))

        said = stack.down(directory=root)

        assert said == "Nothing is running here."
        assert somebody.poll() is None
        somebody.communicate(b"\n")


@pytest.mark.parametrize(
    ("port_offset", "enforce_iam", "complaint"),
    [(1, True, "already runs here, on port"), (0, False, "already runs here, with IAM enforced")],
)
def test_a_running_stack_is_not_changed_behind_its_user_s_back(  # noqa: PLR0917
    root: Path, tools: Tools, port: int, port_offset: int, enforce_iam: bool, complaint: str
):
    stack.up(directory=root, port=port, tools=tools)

    with pytest.raises(LocalStackError, match=f"{complaint}.*poller down.* first"):
        stack.up(directory=root, port=port + port_offset, enforce_iam=enforce_iam, tools=tools)


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield


def test_a_taken_port_is_named(root: Path, tools: Tools, port: int):
    with taken(port), pytest.raises(LocalStackError) as refused:
        stack.up(directory=root, port=port, tools=tools)

    assert str(refused.value) == (
        f"Port {port} is taken by another program; choose another with --port, for example "
        f"'poller up --port {port + 1}'"
    )
    assert not (root / ".poller" / "emulator.json").exists()


def test_an_emulator_that_dies_says_why(root: Path, tools: Tools, port: int):
    (root / "broken-emulator").touch()

    with pytest.raises(LocalStackError) as failed:
        stack.up(directory=root, port=port, tools=tools)

    log = root / ".poller" / "emulator.log"
    assert str(failed.value) == (
        f"The emulator stopped: RuntimeError: the saved state cannot be read; its log is {log}"
    )
    assert not (root / ".poller" / "stack.json").exists()


def test_an_emulator_that_does_not_answer_is_given_up(root: Path, port: int):
    checkout = Checkout(root)
    mute = (sys.executable, "-c", "import time; time.sleep(600)", emulator_process.MODULE)
    emulator = emulator_process.start(checkout, port, True, dict(os.environ), mute)

    with pytest.raises(LocalStackError, match="does not answer; stop it with 'poller down'"):
        emulator_process.wait_until_healthy(checkout, emulator, deadline_seconds=0.3)

    assert stack.down(directory=root).startswith("Stopped.")


def test_an_emulator_that_does_not_stop_is_killed(root: Path, port: int):
    checkout = Checkout(root)
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    stubborn = (sys.executable, "-c", script, emulator_process.MODULE)
    emulator = emulator_process.start(checkout, port, True, dict(os.environ), stubborn)
    while not checkout.emulator_log.read_text():
        time.sleep(0.02)

    saved = emulator_process.stop(checkout, emulator, deadline_seconds=0.3)

    assert saved is False
    assert emulator_process._children[emulator.pid].wait(timeout=60) == -signal.SIGKILL


def test_a_failed_build_says_what_sam_says(root: Path, tools: Tools, port: int):
    (root / "fail-build").write_text("Build Failed\nError: no solution:\n  × there is no requestz.\n")

    with pytest.raises(LocalStackError) as failed:
        stack.up(directory=root, port=port, tools=tools)

    assert str(failed.value) == (
        f"sam build failed: no solution: × there is no requestz; its log is {root / '.poller' / 'sam.log'}"
    )


def test_a_failed_deploy_says_the_first_cause(root: Path, tools: Tools, port: int):
    (root / "fail-deploy").write_text("Unknown property Foo\nResource creation cancelled\nOther\n")

    with pytest.raises(LocalStackError) as failed:
        stack.up(directory=root, port=port, tools=tools)

    log = root / ".poller" / "sam.log"
    assert str(failed.value) == f"The deploy failed: Resource0: Unknown property Foo; the log is {log}"
    assert not (root / ".poller" / "stack.json").exists()


def test_a_deploy_that_failed_before_any_resource_says_what_sam_says(root: Path, tools: Tools, port: int):
    (root / "fail-deploy").write_text("")

    with pytest.raises(
        LocalStackError, match="The deploy failed: Failed to create/update the stack: poller; the log is"
    ):
        stack.up(directory=root, port=port, tools=tools)


def test_up_goes_on_after_a_failed_deploy(root: Path, tools: Tools, port: int):
    (root / "fail-deploy").write_text("Unknown property Foo\n")
    with pytest.raises(LocalStackError):
        stack.up(directory=root, port=port, tools=tools)
    (root / ".poller" / "data" / "deployed").write_text("ROLLBACK_COMPLETE")
    (root / "fail-deploy").unlink()

    stack.up(directory=root, tools=tools)

    assert sam_calls(root) == ["build", "deploy", "deploy"]
    assert (root / ".poller" / "stack.json").exists()


def test_two_ups_at_once_do_not_meet(root: Path, tools: Tools):
    (root / ".poller").mkdir()

    with (root / ".poller" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LocalStackError, match="Another 'poller up' or 'poller down' is at work"):
            stack.up(directory=root, tools=tools)


def test_each_phase_is_shown(root: Path, tools: Tools, port: int):
    phases = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        phases.append(name)
        yield

    stack.up(directory=root, port=port, tools=tools, step=step)

    assert phases == ["Starting the emulator", "Building the functions", "Deploying the stack"]


def test_tools_lie_beside_the_interpreter_or_on_the_path(tmp_path: Path):
    for directory, tool in (("venv", "sam"), ("path", "sam"), ("path", "uv")):
        (tmp_path / directory).mkdir(exist_ok=True)
        shutil.copy(SUPPORT / "fake_sam.sh", tmp_path / directory / tool)

    tools = find_tools(beside=tmp_path / "venv" / "python", path=str(tmp_path / "path"))

    assert (tools.sam, tools.uv) == (tmp_path / "venv" / "sam", tmp_path / "path" / "uv")


def test_a_missing_tool_is_one_line(root: Path, environment: dict[str, str]):
    (root / "bin").mkdir()
    python = root / "bin" / "python"
    python.symlink_to(Path(sys.executable).resolve())
    libraries = os.pathsep.join([environment["PYTHONPATH"], sysconfig.get_path("purelib")])

    done = subprocess.run(
        [str(python), "-m", "poller_local", "up"],
        cwd=root,
        env={**environment, "PYTHONPATH": libraries, "PATH": str(root / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "poller: Not installed here: sam and uv; run 'make setup' in the checkout\n"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("https://a1.execute-api.us-east-1.amazonaws.com", "http://127.0.0.1:1/_aws/execute-api/a1/$default"),
        ("https://a1.execute-api.us-east-1.amazonaws.com/", "http://127.0.0.1:1/_aws/execute-api/a1/$default"),
        ("https://a1.execute-api.us-east-1.amazonaws.com/$default/x", "http://127.0.0.1:1/_aws/execute-api/a1/$default/x"),
        ("http://127.0.0.1:4566/elsewhere", "http://127.0.0.1:4566/elsewhere"),
    ],
)  # fmt: skip
def test_an_api_of_the_emulator_is_reached_on_this_machine(url: str, local: str):
    assert stack.reachable_url(url, "http://127.0.0.1:1") == local
