"""The emulator as a process of its own: started detached, found by its pid file, stopped with its workers."""

import errno
import os
import signal
import socket
import subprocess  # nosec B404  # argument lists only, never a shell
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from poller_local.checkout import Checkout, read_json_object, write_json_atomically
from poller_local.errors import LocalStackError, one_line
from poller_local.processes import command_line, kill_group

MODULE = "laptop_aws"
COMMAND = (sys.executable, "-m", MODULE)
HEALTH_PATH = "/_ministack/health"
# Saved state is read before the port opens: a few seconds, more on a busy machine.
HEALTH_DEADLINE_SECONDS = 60.0
# On SIGTERM the emulator saves its state, after the requests in flight.
STOP_DEADLINE_SECONDS = 60.0

# Children of this very process: the dead among them have to be reaped, or they look as if they ran.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its process, which leads its own process group, and how it was started."""

    pid: int
    port: int
    enforce_iam: bool

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def find_running(checkout: Checkout) -> Emulator | None:
    """The emulator that an earlier `up` in this checkout started, if its process is still there."""
    noted = read_json_object(checkout.emulator_file)
    try:
        emulator = Emulator(**noted) if noted else None
    except TypeError:
        return None
    return emulator if emulator and _is_ours(emulator.pid, checkout) else None


def start(
    checkout: Checkout,
    port: int,
    enforce_iam: bool,
    environment: Mapping[str, str],
    command: Sequence[str] = COMMAND,
) -> Emulator:
    """Starts the emulator in a session of its own, so that it outlives the terminal, and notes it down."""
    require_free(port)
    checkout.data_dir.mkdir(parents=True, exist_ok=True)
    checkout.data_dir.chmod(0o700)  # the emulator keeps its state as plain text, that of Secrets Manager too
    if checkout.emulator_log.exists():
        # One log back is kept: a crash is usually looked into after the next `up`.
        checkout.emulator_log.replace(checkout.emulator_log.with_suffix(".log.1"))
    arguments = [*command, "--port", str(port), "--data-dir", str(checkout.data_dir)]
    if not enforce_iam:
        arguments.append("--no-enforce-iam")
    with checkout.emulator_log.open("wb") as log:
        process = subprocess.Popen(  # nosec B603  # our own list of arguments
            arguments,
            cwd=checkout.root,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    emulator = Emulator(process.pid, port, enforce_iam)
    write_json_atomically(checkout.emulator_file, asdict(emulator))
    return emulator


def wait_until_healthy(
    checkout: Checkout, emulator: Emulator, deadline_seconds: float = HEALTH_DEADLINE_SECONDS
) -> None:
    """Returns once the emulator answers. Raises LocalStackError if it dies first or takes too long."""
    deadline = time.monotonic() + deadline_seconds
    while not _is_healthy(emulator):
        if not _is_ours(emulator.pid, checkout):
            checkout.emulator_file.unlink(missing_ok=True)
            reason = last_line(checkout.emulator_log) or "it left no message"
            raise LocalStackError(f"The emulator stopped: {reason}; its log is {checkout.emulator_log}")
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"The emulator (process {emulator.pid}) does not answer; stop it with 'poller down' and look "
                f"into its log {checkout.emulator_log}"
            )
        time.sleep(0.1)


def stop(checkout: Checkout, emulator: Emulator, deadline_seconds: float = STOP_DEADLINE_SECONDS) -> bool:
    """Ends the emulator and its workers; False if it had to be killed before it had saved its state."""
    os.kill(emulator.pid, signal.SIGTERM)
    deadline = time.monotonic() + deadline_seconds
    while graceful := _is_ours(emulator.pid, checkout):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    # Workers share the emulator's process group. A worker in mid-invocation would live on without anybody
    # to answer to, and keep the log open.
    kill_group(emulator.pid)
    if emulator.pid in _children:
        _children[emulator.pid].wait()
    checkout.emulator_file.unlink(missing_ok=True)
    return not graceful


def require_free(port: int) -> None:
    """Raises LocalStackError if nobody could listen on `port`."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LocalStackError(
                    f"Cannot use port {port}: {error.strerror}; choose another with --port"
                ) from error
            raise LocalStackError(
                f"Port {port} is taken by another program; choose another with --port, for example "
                f"'poller up --port {port + 1}'"
            ) from error


def last_line(log: Path) -> str:
    """The last line of a log that says something, or ''. A traceback's last line is its reason."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((one_line(line) for line in reversed(lines) if line.strip()), "")


def _is_healthy(emulator: Emulator) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy cannot know the way to this machine
        try:
            return session.get(emulator.endpoint_url + HEALTH_PATH, timeout=2).ok
        except requests.RequestException:
            return False


def _is_ours(pid: int, checkout: Checkout) -> bool:
    """Whether `pid` still is this checkout's emulator: after a crash or a reboot it may be anybody."""
    if pid in _children:
        # Its arguments do not tell: they are empty for a moment while it starts.
        return _children[pid].poll() is None
    arguments = command_line(pid)
    return MODULE in arguments and str(checkout.data_dir) in arguments
