"""`poller list`, `tasks` and `results`: what stands in the tables, and that nothing is cut off."""

import io
import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from poller_local import tables
from tests.support.fake_api import JOB, PARTIAL, SUCCEEDED, FakeApi, summary

Command = Callable[..., subprocess.CompletedProcess[str]]
CURL = "curl --request GET 'https://api.example.com/orders?offset=700&q=a  b'"


def job(number: int) -> dict[str, Any]:
    return {**SUCCEEDED, "JobId": f"{number:08}-2222-3333-4444-555555555555"}


def task(number: int, state: str = "COMPLETE", **fields: Any) -> dict[str, Any]:
    return {
        "TaskId": f"t{number:08}",
        "State": state,
        "Attempts": 1,
        "FirstPage": number * 100,
        "Pages": 100,
        "Records": 1500,
        "Bytes": 2000,
        "Error": None,
        "Request": None,
        **fields,
    }


FAILED = task(
    7,
    "FAILED",
    Attempts=6,
    Records=0,
    Bytes=0,
    Error={"Type": "UpstreamUnavailable", "Message": "500 Server Error\n(6 attempts)"},
    Request=CURL,
)


def test_jobs_stand_in_a_table(api: FakeApi, command: Command):
    url = "https://api.example.com/ö?token=..."
    running = summary("RUNNING", Name="größe", Url=url, RecordsReceived=300, SuccessfullyCompleted=3, Total=12)
    api.pages("/jobs", "Jobs", [running, PARTIAL])

    done = command("list", "--api-url", api.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Job                                   Name    Status       Records  Tasks  Started               URL",
        f"{JOB}  größe   RUNNING          300    3/?                        https://api.example.com/ö?token=...",
        f"{JOB}  orders  PARTIAL  3,300/3,500  33/35  2026-01-01 00:00:00Z",
    ]


def test_jobs_of_one_name_and_status_are_asked_for(api: FakeApi, command: Command):
    queries = api.pages("/jobs", "Jobs", [PARTIAL])

    done = command("list", "--name", "orders", "--status", "partial", "--json", "--api-url", api.url)

    assert json.loads(done.stdout) == [PARTIAL]
    assert queries == [{"limit": "21", "name": "orders", "status": "PARTIAL"}]


def test_no_job_of_a_name(api: FakeApi, command: Command):
    api.pages("/jobs", "Jobs", [])

    done = command("list", "--name", "odrers", "--api-url", api.url)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "No job of the stack is so; see them all with: poller list\n"


def test_the_newest_twenty_are_shown_and_that_there_are_more_is_said(api: FakeApi, command: Command):
    api.pages("/jobs", "Jobs", [job(n) for n in range(25)])

    done = command("list", "--api-url", api.url)

    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == [job(n)["JobId"] for n in range(20)]
    assert done.stderr == "Not all are shown; see more with --limit\n"


def test_more_jobs_than_a_page_as_one_json_array(api: FakeApi, command: Command):
    queries = api.pages("/jobs", "Jobs", [job(n) for n in range(150)])

    done = command("list", "--limit", "150", "--json", "--api-url", api.url)

    assert json.loads(done.stdout) == [job(n) for n in range(150)]
    assert done.stderr == ""
    assert [query["limit"] for query in queries] == ["50"] * 3


@pytest.mark.parametrize(("option", "out"), [((), ""), (("--json",), "[]\n")])
def test_a_stack_without_jobs(api: FakeApi, command: Command, option: tuple[str, ...], out: str):
    api.pages("/jobs", "Jobs", [])

    done = command("list", *option, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (0, out)
    assert done.stderr == ("" if option else "No jobs yet; start one with: poller run URL\n")


def test_a_failed_task_shows_why_and_how_to_try_it_by_hand(api: FakeApi, command: Command):
    api.pages(f"/jobs/{JOB}/tasks", "Tasks", [task(0), FAILED])

    done = command("tasks", JOB, "--api-url", api.url)

    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "Task       State     Attempts  First page  Pages  Records    Size  Error",
        "t00000000  COMPLETE         1           0    100    1,500  2.0 kB",
        "t00000007  FAILED           6         700    100        0     0 B"
        "  UpstreamUnavailable: 500 Server Error (6 attempts)",
        f"  {CURL}",
    ]


@pytest.mark.parametrize("state", ["FAILED", "failed"])
def test_tasks_of_one_state_as_json(api: FakeApi, command: Command, state: str):
    queries = api.pages(f"/jobs/{JOB}/tasks", "Tasks", [FAILED])

    done = command("tasks", JOB, "--state", state, "--json", "--api-url", api.url)

    assert json.loads(done.stdout) == [FAILED]
    assert queries == [{"limit": "101", "state": "FAILED"}]


def test_more_tasks_than_asked_for_are_announced(api: FakeApi, command: Command):
    api.pages(f"/jobs/{JOB}/tasks", "Tasks", [task(n) for n in range(3)])

    done = command("tasks", JOB, "--limit", "2", "--json", "--api-url", api.url)

    assert json.loads(done.stdout) == [task(0), task(1)]
    assert done.stderr == "Not all are shown; see more with --limit\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [((), f"No task of job {JOB} has begun\n"), (("--state", "FAILED"), f"No task of job {JOB} is FAILED\n")],
)
def test_no_tasks(api: FakeApi, command: Command, option: tuple[str, ...], said: str):
    api.pages(f"/jobs/{JOB}/tasks", "Tasks", [])

    done = command("tasks", JOB, *option, "--api-url", api.url)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", said)


@pytest.mark.parametrize(
    ("arguments", "exit_status", "line"),
    [
        (
            ("tasks", JOB, "--state", "DONE"),
            2,
            "poller: 'DONE' is no state of a task; choose one of STARTED, PAYLOAD_SAVED, ENQUEUED, FAILED, COMPLETE\n",
        ),
        (
            ("list", "--status", "DONE"),
            2,
            "poller: 'DONE' is no status of a job; choose one of PENDING, RUNNING, SUCCEEDED, PARTIAL,",
        ),
        (("tasks", JOB, "--limit", "0"), 2, "poller: Invalid value for '--limit':"),
        (("tasks", JOB), 1, f"poller: Job {JOB} not found; check the id"),
        (("list", "--limit", "many"), 2, "poller: Invalid value for '--limit':"),
        (("list",), 1, "poller: The stack answered 403: Forbidden; have your calls signed"),
    ],
)
def test_every_error_is_one_line(
    api: FakeApi, command: Command, arguments: tuple[str, ...], exit_status: int, line: str
):
    api.refuses(f"/jobs/{JOB}/tasks", "GET", 404, "Job not found")
    api.refuses("/jobs", "GET", 403, "Forbidden")

    done = command(*arguments, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (exit_status, "")
    assert done.stderr.startswith(line)
    assert len(done.stderr.splitlines()) == 1


def test_results_of_a_job_that_has_none(api: FakeApi, command: Command):
    api.shows(SUCCEEDED)
    api.lists([])

    done = command("results", JOB, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (0, "0 objects, 0 records, 0 B\n")


def test_a_narrow_terminal_cuts_no_id_and_no_curl_line():
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=30)

    tables.show_jobs(console, [PARTIAL])
    tables.show_tasks(console, [FAILED])

    lines = console.file.getvalue().splitlines()
    assert lines[1].startswith(f"{JOB}  orders  PARTIAL  ")
    assert lines[-1] == f"  {CURL}"


def test_columns_stand_below_each_other_whatever_the_script():
    console = Console(file=io.StringIO(), width=1000)

    tables.show_jobs(console, [{**SUCCEEDED, "Name": name} for name in ("注文", "café", "\x1b[1m")])

    rows = console.file.getvalue().splitlines()[1:]
    name = rows[0].index("注文")
    assert [row[name:].split("  ")[0] for row in rows] == ["注文", "café", "[1m"]
    assert {cell_len(row) for row in rows} == {cell_len(rows[0])}
