"""A process that has imported what a package brings along, and becomes a worker as often as it is asked to.

``python -m laptop_aws.awslambda.fork_server CODE``, with a Unix socket as standard input. A request is a `Start` as
JSON, after its length; with it come four descriptors: the worker's standard streams, and one that is closed when the
worker ends, and says so. The answer is the worker's process id. The server ends with the socket.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from typing import NamedTuple

# What takes a worker most of its start. Nothing of it reads the environment when it is imported.
LIBRARIES = ("boto3", "botocore.httpsession", "requests")
LENGTH_BYTES = 8
STREAMS = 3


class Start(NamedTuple):
    """A worker's script, where it runs, and its environment."""

    script: str
    directory: str
    environment: dict[str, str]


def send(connection: socket.socket, start: Start, descriptors: list[int]) -> int:
    """Ask the server at the other end for a worker; returns its process id. Raises OSError if the server is gone."""
    body = json.dumps(start).encode()
    socket.send_fds(connection, [len(body).to_bytes(LENGTH_BYTES)], descriptors)
    connection.sendall(body)
    return int.from_bytes(_read(connection, LENGTH_BYTES))


def serve(connection: socket.socket) -> None:
    while True:
        head, descriptors, _, _ = socket.recv_fds(connection, LENGTH_BYTES, STREAMS + 1)
        if not head:
            return
        start = Start(*json.loads(_read(connection, int.from_bytes(head))))
        process = os.fork()
        if process == 0:
            connection.close()
            _become(start, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(process.to_bytes(LENGTH_BYTES))


def _become(start: Start, descriptors: list[int]) -> None:
    """Run the worker's script as if Python had been started with it. Does not return."""
    status = 1
    try:
        for number, descriptor in enumerate(descriptors[:STREAMS]):
            os.dup2(descriptor, number)
            os.close(descriptor)
        for ignored in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(ignored, signal.default_int_handler if ignored == signal.SIGINT else signal.SIG_DFL)
        sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.path[0], sys.argv = os.path.dirname(start.script), [start.script]
        os.environ.clear()
        os.environ.update(start.environment)
        os.chdir(start.directory)
        runpy.run_path(start.script, run_name="__main__")
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(status)


def _read(connection: socket.socket, length: int) -> bytes:
    body = io.BytesIO()
    while body.tell() < length:
        chunk = connection.recv(length - body.tell())
        if not chunk:
            raise ConnectionResetError("the other end is gone")
        body.write(chunk)
    return body.getvalue()


def main() -> None:
    for ignored in (signal.SIGCHLD, signal.SIGINT):  # the kernel collects the dead, the socket ends this process
        signal.signal(ignored, signal.SIG_IGN)
    sys.path.insert(0, sys.argv[1])
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    sys.path.remove(sys.argv[1])  # the worker's script adds it
    gc.collect()
    gc.freeze()  # what is shared with the workers is not written to by looking for garbage
    with socket.socket(fileno=os.dup(0)) as connection:
        serve(connection)


if __name__ == "__main__":
    main()
