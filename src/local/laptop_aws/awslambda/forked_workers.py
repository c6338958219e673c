"""A worker starts with the AWS SDK in place.

AWS: the code of a function is in place, and the SDK with it, when an environment starts; each starts on a processor
of its own.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

MiniStack starts a Python for each worker, which imports the SDK: a second of a laptop's processor, and two where it has
to be compiled. A first job starts a handful, one after the other. Here a process for each package imports the package's
own SDK, as soon as a function has it, and forks into workers. That takes a tenth of the time, and they share the
memory.

Only on Linux: what macOS links into Python does not survive a fork. Packages without the SDK start as ever.
"""

import contextlib
import io
import os
import select
import signal
import socket
import subprocess  # nosec B404  # this very interpreter, and no shell
import sys
import threading
import time
import zipfile
from pathlib import Path

from ministack.services import lambda_svc

from laptop_aws.awslambda import fork_server
from laptop_aws.awslambda.shared_code import replace_in_runtime, shared_copy

SDK = "boto3/__init__.py"
LOOK_SECONDS = 0.5


class ForkedProcess:
    """What MiniStack uses of a `subprocess.Popen`. The process is nobody's child: a pipe says that it has ended."""

    def __init__(self, server: socket.socket, start: fork_server.Start) -> None:
        self.args = [sys.executable, start.script]
        self.returncode: int | None = None
        theirs, ours = zip(*(_turned(number, os.pipe()) for number in range(fork_server.STREAMS + 1)), strict=True)
        files = [open(end, "w" if number == 0 else "r", buffering=1) for number, end in enumerate(ours)]  # noqa: SIM115
        self.stdin, self.stdout, self.stderr, self._alive = files
        try:
            self.pid = fork_server.send(server, start, list(theirs))
        finally:
            for end in theirs:
                os.close(end)

    def poll(self) -> int | None:
        """None while the process runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ended = select.poll()
        ended.register(self._alive, select.POLLIN | select.POLLHUP)
        if self.returncode is None and not ended.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.returncode = 0  # whose child it was knows better, and nobody asks
        return self.returncode

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _turned(number: int, pipe: tuple[int, int]) -> tuple[int, int]:
    """A pipe as (the worker's end, ours): the worker reads the first, and writes to the others."""
    reading, writing = pipe
    return (reading, writing) if number == 0 else (writing, reading)


class Server:
    """A fork server for one package. It begins to import at once."""

    def __init__(self, code: Path) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs:
            command, asked_here = [sys.executable, "-m", fork_server.__name__, str(code)], theirs.fileno()
            self._process = subprocess.Popen(command, stdin=asked_here)  # nosec B603  # as above
        self._asking = threading.Lock()

    def start(self, start: fork_server.Start) -> ForkedProcess:
        """A worker. Raises OSError if the server is gone."""
        with self._asking:
            return ForkedProcess(self._connection, start)

    def end(self) -> None:
        """The workers live on."""
        self._connection.close()
        self._process.wait()


class Servers:
    """The fork servers, by the package's directory."""

    def __init__(self) -> None:
        self._servers: dict[Path, Server] = {}
        self._changing = threading.Lock()

    def of(self, code: Path) -> Server:
        with self._changing:
            if code not in self._servers:
                self._servers[code] = Server(code)
            return self._servers[code]

    def keep(self, packages: set[Path]) -> None:
        """Have a server for each of these packages, and no other."""
        for code in packages:
            self.of(code)
        with self._changing:
            gone = [self._servers.pop(code) for code in {*self._servers} - packages]
        for server in gone:
            server.end()

    def popen(self, arguments, **options):
        """In place of `subprocess.Popen`, for MiniStack."""
        code = Path(options.get("cwd", "")).resolve()
        is_worker = len(arguments) == 2 and arguments[0] == sys.executable and (code / SDK).is_file()
        if is_worker:
            try:
                return self.of(code).start(fork_server.Start(arguments[1], str(options["cwd"]), options["env"]))
            except OSError:  # the server has died: this worker can start without, and there will be another server
                self.keep({*self._servers} - {code})
        return subprocess.Popen(arguments, **options)  # nosec B603  # MiniStack's own command


def _keep_servers(servers: Servers) -> None:
    """Have a server ready before a function is called for the first time."""
    packages: dict[str, Path | None] = {}
    while True:
        for function in list(lambda_svc._functions._data.values()):
            digest, code = function["config"].get("CodeSha256"), function.get("code_zip")
            if code and digest not in packages:
                packages[digest] = shared_copy(code) if _has_sdk(code) else None
        present = {function["config"].get("CodeSha256") for function in list(lambda_svc._functions._data.values())}
        servers.keep({code for digest, code in packages.items() if code and digest in present})
        time.sleep(LOOK_SECONDS)


def _has_sdk(code: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            return SDK in archive.namelist()
    except zipfile.BadZipFile:
        return False


def install() -> None:
    if not sys.platform.startswith("linux"):
        return
    servers = Servers()
    replace_in_runtime(subprocess, Popen=servers.popen)
    threading.Thread(target=_keep_servers, args=(servers,), name="fork-servers", daemon=True).start()
