"""``python -m laptop_aws --port N --data-dir DIR``: the laptop's AWS, in the foreground.

Everything it keeps is under the data directory; it binds 127.0.0.1 only, and its root credentials are
``test``/``test``. It stops on SIGTERM or SIGINT, with ``--stop-with-stdin`` also when its standard input
closes (that is, when the process that started it is gone), and does not start when another emulator uses
the directory or the port. Its environment is that of `poller up`:

- POLLER_WORKERS: so many processes run functions at most (24; `awslambda.worker_pool`)
- POLLER_IDLE_SECONDS: those that idle for so long end (300)
- POLLER_IAM_LOG: a file in which IAM's decisions are recorded (`iam.recording`)
"""

import argparse
import asyncio
import fcntl
import os
import shutil
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from typing import IO

from laptop_aws import HOST, KEY, REGION, SECRET
from laptop_aws.gaps import install_all
from laptop_aws.iam import recording

READ_BY_MINISTACK = ("AWS_", "DOCKER_", "EDGE_", "LAMBDA_", "LOCALSTACK_", "MINISTACK_", "SERVICES", "SFN_", "USE_SSL")


def whole_number(text: str, at_least: int) -> int:
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {at_least} on")
    return int(text)


def arguments() -> argparse.Namespace:
    variables = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m laptop_aws")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--no-enforce-iam", dest="enforce_iam", action="store_false")
    parser.add_argument("--stop-with-stdin", action="store_true")
    parser.add_argument("--workers", type=partial(whole_number, at_least=8), default=variables("POLLER_WORKERS", "24"))
    parser.add_argument(
        "--idle-seconds", type=partial(whole_number, at_least=1), default=variables("POLLER_IDLE_SECONDS", "300")
    )
    parser.add_argument("--log-level", default="WARNING")
    parser.add_argument("--without-gaps", action="store_true", help="plain MiniStack, to see what it lacks")
    return parser.parse_args()


def settings(options: argparse.Namespace) -> dict[str, str]:
    """What MiniStack, and our gaps, read from the environment when they are imported."""
    data: Path = options.data_dir
    return {
        "AUTH": str(options.enforce_iam).lower(),
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "BIND_HOST": HOST,
        "DOCKER_HOST": f"unix://{data}/no-docker.sock",
        "GATEWAY_PORT": str(options.port),
        "IOT_MTLS_ENABLED": "0",
        "LAPTOP_AWS_IDLE_SECONDS": str(options.idle_seconds),
        "LAPTOP_AWS_WORKERS": str(options.workers),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": options.log_level,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "NO_PROXY": HOST,  # for the functions, which inherit this environment
        "PERSIST_STATE": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(data / "state"),
        "TMPDIR": str(data / "tmp"),
        "no_proxy": HOST,
    }


def prepare(options: argparse.Namespace) -> IO[str]:
    """Make the data directory ours (until the returned file closes) and set the environment."""
    data: Path = options.data_dir
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another emulator uses {data}")
    shutil.rmtree(data / "tmp", ignore_errors=True)
    (data / "tmp").mkdir()
    for name in [name for name in os.environ if name.startswith(READ_BY_MINISTACK)]:
        del os.environ[name]
    os.environ.update(settings(options))
    return lock


def stop_when_stdin_closes() -> None:
    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def serve(listening: socket.socket) -> None:
    """Serve until a signal. Executions and invocations under way end with the process."""
    from hypercorn.asyncio import serve as serve_until_signal
    from hypercorn.config import Config
    from ministack.app import app
    from ministack.core import lambda_runtime

    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = os.environ["LOG_LEVEL"]
    asyncio.new_event_loop().run_until_complete(serve_until_signal(app, config))
    lambda_runtime.kill_workers([worker for pool in lambda_runtime._workers.values() for worker in pool])


def main() -> None:
    options = arguments()
    lock = prepare(options)
    try:
        listening = socket.create_server((HOST, options.port))
    except OSError as error:
        sys.exit(f"Cannot serve on {HOST}:{options.port}: {error.strerror}")
    if not options.without_gaps:
        install_all()
    if log := os.environ.get("POLLER_IAM_LOG"):
        recording.record_to(Path(log))
    if options.stop_with_stdin:
        stop_when_stdin_closes()
    serve(listening)
    recording.write()
    lock.close()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of executions under way would otherwise keep the process until they are done.
    os._exit(0)


if __name__ == "__main__":
    main()
