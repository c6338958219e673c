"""The command as its users meet it: exit statuses, two streams and signals.

A process of its own is slow to start: what is no matter of a process runs within the test's.
"""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poller_local.cli import COMMANDS
from tests.support.fake_api import JOB, PARTIAL, REJECTED, SUCCEEDED, FakeApi, summary
from tests.support.template import SOURCES

Command = Callable[..., subprocess.CompletedProcess[str]]
URL = "https://api.example.com/orders"
ROOT = Path(__file__).parents[2]


def error_line(done: subprocess.CompletedProcess[str]) -> str:
    (line,) = done.stderr.splitlines()
    return line


def test_run_prints_the_job_id_and_nothing_else(api: FakeApi, poller: Command):
    api.takes_jobs()

    done = poller("run", URL, "--name", "orders", "--api-url", api.url)

    assert (done.returncode, done.stdout) == (0, f"{JOB}\n")
    assert done.stderr == f"See it with: poller status {JOB}\n"
    assert api.submitted == [{"url": URL, "name": "orders"}]


def test_run_as_json_without_waiting(api: FakeApi, poller: Command):
    api.takes_jobs()

    done = poller("run", "--spec", "-", "--json", "--api-url", api.url, stdin=json.dumps({"url": URL}))

    assert (done.returncode, json.loads(done.stdout)) == (0, {"JobId": JOB})
    assert api.submitted == [{"url": URL}]


@pytest.mark.parametrize(
    ("final", "exit_status"),
    [
        (SUCCEEDED, 0),
        (PARTIAL, 2),
        (REJECTED, 1),
        (summary("FAILED", Error={"Type": "Aborted", "Message": "the execution was aborted"}), 1),
        (summary("CANCELLED"), 1),
    ],
)
def test_waiting_exits_with_what_became_of_the_job(api: FakeApi, command: Command, final, exit_status: int):
    api.takes_jobs()
    api.shows(404, summary("RUNNING"), final)

    done = command("run", URL, "--wait", "--json", "--api-url", api.url)

    assert done.returncode == exit_status
    assert json.loads(done.stdout) == final
    assert done.stderr == f"Job {JOB} is submitted\n"


def test_the_summary_for_people_shows_what_failed(api: FakeApi, command: Command):
    api.takes_jobs()
    api.shows(PARTIAL)

    done = command("run", URL, "--wait", "--api-url", api.url)

    assert done.stdout.splitlines() == [
        f"Job      {JOB}",
        "Name     orders",
        "Status   PARTIAL",
        "Error    TasksFailed: 2 of 35 tasks failed, the first with 500",
        "Tasks    33 of 35 complete, 2 failed",
        "Pages    35",
        "Records  3,300 of 3,500",
        "Size     123.5 kB",
        "Time     12.5 s",
    ]


def test_a_terminal_gets_a_progress_bar_and_standard_output_stays_pure(api: FakeApi, start_poller):
    api.takes_jobs()
    api.shows(summary("RUNNING", Total=35, TotalIsFinal=True, SuccessfullyCompleted=7), SUCCEEDED)
    terminal, its_end = pty.openpty()

    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with start_poller("run", URL, "--wait", "--json", "--api-url", api.url, stderr=its_end, env=environment) as process:
        os.close(its_end)
        out = process.stdout.read()
        drawn = read_all(terminal)

    assert json.loads(out) == SUCCEEDED
    assert "━" in drawn
    assert "tasks 35 of 35, records 3,500 of 3,500" in drawn


def read_all(terminal: int) -> str:
    chunks = []
    try:
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    except OSError:
        pass  # Linux says EIO at a terminal's end
    finally:
        os.close(terminal)
    return b"".join(chunks).decode()


def test_ctrl_c_stops_the_waiting_and_not_the_job(api: FakeApi, start_poller):
    api.takes_jobs()
    api.shows(summary("RUNNING"))

    with start_poller("run", URL, "--wait", "--json", "--api-url", api.url) as process:
        while not any(request.path == f"/jobs/{JOB}" for request, _ in api.server.log):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[1:] == [f"Stopped waiting; the job goes on. See it with: poller status {JOB}"]


def test_status_shows_the_job(api: FakeApi, command: Command):
    api.shows(REJECTED)

    for_people = command("status", JOB, "--api-url", api.url)
    for_programs = command("status", JOB, "--json", "--api-url", api.url)

    assert for_people.returncode == for_programs.returncode == 0
    assert "Error    InvalidSpec: url: only https is allowed" in for_people.stdout.splitlines()
    assert json.loads(for_programs.stdout) == REJECTED


@pytest.mark.parametrize("name", ["status", "results"])
def test_a_wrong_job_id_is_one_line(api: FakeApi, command: Command, name: str):
    api.server.expect_request(f"/jobs/{JOB}").respond_with_json({"message": "Job not found"}, status=404)
    api.server.expect_request(f"/jobs/{JOB}/results").respond_with_json({"message": "Job not found"}, status=404)

    done = command(name, JOB, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (1, "")
    assert error_line(done).startswith(f"poller: Job {JOB} not found; check the id")


def test_results_are_listed_with_their_place(api: FakeApi, command: Command):
    api.shows(SUCCEEDED)
    entries = [api.stores(f"orders/{JOB}/{name}.jsonl.gz", b"x" * 2000, records=1500) for name in ("a", "b")]
    api.lists([entries[0]], [entries[1]])

    done = command("results", JOB, "--api-url", api.url)

    lines = done.stdout.splitlines()
    assert lines[1].split() == [entries[0]["Key"], "1,500", "2.0", "kB", entries[0]["Sha256"][:12]]
    assert lines[3:] == ["2 objects, 3,000 records, 4.0 kB", f"s3://dataset/orders/{JOB}/"]
    assert "canary" not in done.stdout


def test_results_are_downloaded(api: FakeApi, command: Command, tmp_path: Path):
    api.shows(SUCCEEDED)
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", b"content")])

    done = command("results", JOB, "--download", "here", "--api-url", api.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 object in here, verified by SHA-256\n"
    assert (tmp_path / "here" / "a.jsonl.gz").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("job", "exit_status", "note"),
    [
        (summary("RUNNING"), 1, f"Job {JOB} is RUNNING: this is what it has produced so far"),
        (PARTIAL, 2, f"Job {JOB} ended PARTIAL: this is not all; see poller status {JOB}"),
        (summary("FAILED"), 1, f"Job {JOB} ended FAILED: this is not all; see poller status {JOB}"),
    ],
)
def test_half_a_dataset_does_not_pass_for_a_whole_one(
    api: FakeApi, command: Command, job: dict[str, Any], exit_status: int, note: str
):
    api.shows(job)
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", b"content")])

    listed = command("results", JOB, "--api-url", api.url)
    downloaded = command("results", JOB, "--download", "here", "--api-url", api.url)

    assert (listed.returncode, listed.stderr) == (0, note + "\n")
    assert (downloaded.returncode, downloaded.stderr) == (exit_status, note + "\n")


def test_a_damaged_download_is_one_line(api: FakeApi, command: Command):
    api.shows(SUCCEEDED)
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", b"content", Sha256="0" * 64)])

    done = command("results", JOB, "--download", "here", "--api-url", api.url)

    assert done.returncode == 1
    assert "came damaged" in error_line(done)


@pytest.mark.parametrize(
    ("arguments", "exit_status", "said"),
    [
        (("run", "example.com/x"), 2, "poller: 'example.com/x' has no scheme; write https://example.com/x, or"),
        (("run",), 2, "poller: Nothing to poll; write poller run URL or poller run --spec FILE"),
        (("run", "https://a.example", "--name", "-"), 1, "poller: name must be 1 to 64 letters"),
        (("run", "--spec", "no.json"), 1, "poller: Cannot read the spec no.json: No such file or directory; check"),
        (("status", "x", "--api-url", "http://127.0.0.1:9"), 1, "poller: No answer from http://127.0.0.1:9 (cannot"),
        (("up", "--port", "many"), 2, "poller: Invalid value for '--port':"),
    ],
)
def test_every_error_is_one_line_that_says_what_to_do(
    command: Command, arguments: tuple[str, ...], exit_status: int, said: str
):
    done = command(*arguments)

    assert (done.returncode, done.stdout) == (exit_status, "")
    assert error_line(done).startswith(said)


@pytest.mark.parametrize("name", COMMANDS)
def test_outside_a_checkout_every_command_says_so_and_where_one_is(command: Command, tmp_path: Path, name: str):
    arguments = {
        "run": [URL],
        "preview": [URL],
        "up": [],
        "down": [],
        "demo": [],
        "list": [],
        "secrets": ["list"],
        "sources": ["list"],
    }.get(name, [JOB])

    done = command(name, *arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert error_line(done).startswith(
        f"poller: No checkout of the poller at {tmp_path} or above (no template.yaml); change into {ROOT}"
    )


@pytest.mark.parametrize("arguments", [("--debug", "run", "x"), ("run", "x", "--debug")])
def test_a_traceback_is_shown_on_request_only(command: Command, arguments: tuple[str, ...]):
    done = command(*arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith("poller: 'x' has no scheme; write https://x")


def test_control_characters_of_a_server_do_not_reach_the_terminal(api: FakeApi, command: Command):
    api.shows(summary("FAILED", Error={"Type": "Odd", "Message": "red \x1b[31m\nand more"}))

    done = command("status", JOB, "--api-url", api.url)

    assert "Error    Odd: red [31m and more" in done.stdout.splitlines()


def test_without_a_command_the_help_is_shown(command: Command):
    done = command()

    assert done.returncode == 0
    assert all(command in done.stdout for command in ("up", "down", "demo", "run", "list", "status", "tasks"))
    assert all(command in done.stdout for command in ("results", "cancel", "redrive", "logs"))


def test_a_command_that_needs_no_boto3_does_not_wait_for_it(environment: dict[str, str]):
    program = "import sys, poller_local.cli; sys.exit('boto3' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)

    assert done.returncode == 0


def test_the_stack_may_be_named_in_the_environment(api: FakeApi, command: Command, monkeypatch: pytest.MonkeyPatch):
    api.shows(SUCCEEDED)
    monkeypatch.setenv("POLLER_API_URL", api.url)

    done = command("status", JOB)

    assert done.returncode == 0


def test_a_reader_that_leaves_early_is_no_error(api: FakeApi, start_poller):
    api.shows({**SUCCEEDED, "Name": "x" * 200_000})

    with start_poller("status", JOB, "--json", "--api-url", api.url) as process:
        process.stdout.close()
        err = process.stderr.read()

    assert err == ""


def test_a_download_to_where_nothing_can_be_written_is_one_line(api: FakeApi, command: Command, tmp_path: Path):
    (tmp_path / "file").touch()
    api.shows(SUCCEEDED)
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", b"content")])

    done = command("results", JOB, "--download", "file/in", "--api-url", api.url)

    assert (done.returncode, done.stdout) == (1, "")
    assert error_line(done) == "poller: Cannot use file/in: Not a directory; check the path and its rights"


def test_a_full_disk_is_one_line_wherever_the_output_goes(api: FakeApi, start_poller):
    api.shows({**SUCCEEDED, "Name": "x" * 200_000})

    with (
        Path("/dev/full").open("w") as full,
        start_poller("status", JOB, "--json", "--api-url", api.url, stdout=full) as process,
    ):
        err = process.stderr.read()

    assert process.wait(timeout=30) == 1
    assert err == "poller: Cannot write: No space left on device; make room and run it again\n"


def test_a_full_disk_is_one_line_also_in_a_download(api: FakeApi, poller: Command, tmp_path: Path):
    api.shows(SUCCEEDED)
    api.lists([api.stores(f"orders/{JOB}/a.jsonl.gz", b"x" * 100_000)])

    done = poller(
        "results", JOB, "--download", "here", "--api-url", api.url,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (1, "")
    assert error_line(done) == (
        "poller: Cannot write here/a.jsonl.gz: File too large; make room and run it again, what is here already is kept"
    )
    assert not list((tmp_path / "here").iterdir())


def test_ctrl_c_while_it_begins_is_no_traceback(poller: Command, tmp_path: Path):
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")  # as if it came in the middle of an import

    done = subprocess.run(
        [sys.executable, "-m", "poller_local", "list"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *map(str, SOURCES)])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
