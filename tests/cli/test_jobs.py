"""`poller run`, `status`, `cancel` and `redrive`: what they say, where, and how they exit."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fake_api import JOB, PARTIAL, SUCCEEDED, FakeApi, summary

Command = Callable[..., subprocess.CompletedProcess[str]]
URL = "https://api.example.com/orders"
FIRST = "99999999-8888-7777-6666-555555555555"
RUNNING = summary("RUNNING", Total=35, TotalIsFinal=True, SuccessfullyCompleted=7)
CANCELLED = summary("CANCELLED", Error={"Type": "Cancelled", "Message": "by request"})


def accepts(api: FakeApi, method: str, path: str, message: str) -> None:
    api.server.expect_request(path, method=method).respond_with_json({"JobId": JOB, "message": message}, status=202)


def repeats_the_first_job(api: FakeApi, first: dict[str, Any]) -> None:
    message = f"client_token was used within 24 hours by job {FIRST}; this job did nothing"
    api.takes_jobs()
    api.shows(summary("REJECTED", DuplicateOf=FIRST, Error={"Type": "JobRejected", "Message": message}))
    api.server.expect_request(f"/jobs/{FIRST}").respond_with_json({**first, "JobId": FIRST})


def test_the_client_token_goes_into_the_spec(api: FakeApi, command: Command):
    api.takes_jobs()

    done = command("run", URL, "--client-token", "orders-2026-01-31", "--api-url", api.url)

    assert (done.returncode, done.stdout) == (0, f"{JOB}\n")
    assert api.submitted == [{"url": URL, "client_token": "orders-2026-01-31"}]


@pytest.mark.parametrize(("first", "exit_status"), [(SUCCEEDED, 0), (PARTIAL, 2), (summary("FAILED"), 1)])
def test_a_job_that_repeats_another_is_followed_to_that_one_s_end(
    api: FakeApi, command: Command, first: dict[str, Any], exit_status: int
):
    repeats_the_first_job(api, first)

    done = command("run", URL, "--client-token", "t", "--wait", "--json", "--api-url", api.url)

    assert done.returncode == exit_status
    assert json.loads(done.stdout) == {**first, "JobId": FIRST}
    assert done.stderr.splitlines() == [
        f"Job {JOB} is submitted",
        f"Job {JOB} has the client token of job {FIRST} and did nothing; following that one",
    ]


@pytest.mark.parametrize(("final", "exit_status"), [(SUCCEEDED, 0), (PARTIAL, 2), (CANCELLED, 1)])
def test_a_job_can_be_followed_later_too(api: FakeApi, command: Command, final: dict[str, Any], exit_status: int):
    api.shows(RUNNING, final)

    done = command("status", JOB, "--wait", "--json", "--api-url", api.url)

    assert done.returncode == exit_status
    assert json.loads(done.stdout) == final
    assert done.stderr == f"Waiting for job {JOB}\n"


def test_status_shows_which_job_is_repeated(api: FakeApi, command: Command):
    repeats_the_first_job(api, SUCCEEDED)

    done = command("status", JOB, "--api-url", api.url)

    assert done.returncode == 0
    assert f"Repeats  {FIRST}, which has the same client token" in done.stdout.splitlines()


def test_a_notice_is_shown_and_changes_no_exit_status(api: FakeApi, command: Command):
    api.takes_jobs()
    api.shows({**SUCCEEDED, "Notice": {"Type": "GrewAfterPlan", "Message": "3,503 records are declared now"}})

    done = command("run", URL, "--wait", "--api-url", api.url)

    assert done.returncode == 0
    assert "Notice   GrewAfterPlan: 3,503 records are declared now" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("final", "exit_status"),
    [
        (SUCCEEDED, 0),
        ({**SUCCEEDED, "Notice": {"Type": "ChangedWhilePolled", "Message": "the first page is another one now"}}, 2),
        (PARTIAL, 2),
        (CANCELLED, 1),
    ],
)
@pytest.mark.parametrize("arguments", [("run", URL), ("status", JOB), ("redrive", JOB)])
def test_a_strict_wait_takes_no_notice_for_a_success(
    api: FakeApi, command: Command, arguments: tuple[str, ...], final: dict[str, Any], exit_status: int
):
    api.takes_jobs()
    accepts(api, "POST", f"/jobs/{JOB}/redrive", f"Job {JOB} runs again")
    api.shows(final)

    done = command(*arguments, "--wait", "--strict", "--api-url", api.url)

    assert done.returncode == exit_status
    assert f"Status   {final['Status']}" in done.stdout.splitlines()


@pytest.mark.parametrize("arguments", [("run", URL), ("status", JOB), ("redrive", JOB)])
def test_strict_without_wait_is_refused_before_anything_is_sent(
    api: FakeApi, command: Command, arguments: tuple[str, ...]
):
    done = command(*arguments, "--strict", "--api-url", api.url)

    assert (done.returncode, done.stderr) == (2, "poller: --strict says how --wait exits; add --wait\n")
    assert api.server.log == []


def test_cancel_is_one_line(api: FakeApi, command: Command):
    accepts(api, "DELETE", f"/jobs/{JOB}", f"Job {JOB} is being cancelled")

    done = command("cancel", JOB, "--api-url", api.url)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"Job {JOB} is being cancelled\n", "")


@pytest.mark.parametrize(("final", "exit_status"), [(CANCELLED, 0), (SUCCEEDED, 1), (PARTIAL, 1)])
def test_cancel_may_wait_for_the_end(api: FakeApi, command: Command, final: dict[str, Any], exit_status: int):
    accepts(api, "DELETE", f"/jobs/{JOB}", f"Job {JOB} is being cancelled")
    api.shows(RUNNING, final)

    done = command("cancel", JOB, "--wait", "--api-url", api.url)

    assert done.returncode == exit_status
    assert f"Status   {final['Status']}" in done.stdout.splitlines()
    assert done.stderr == f"Job {JOB} is being cancelled\n"


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_to_cancel_a_cancelled_job_is_no_error(api: FakeApi, command: Command, wait: tuple[str, ...]):
    api.refuses(f"/jobs/{JOB}", "DELETE", 409, f"Job {JOB} is already CANCELLED")
    api.shows(CANCELLED)

    done = command("cancel", JOB, *wait, "--api-url", api.url)

    assert done.returncode == 0
    assert f"Job {JOB} is already CANCELLED" in done.stdout + done.stderr


def test_ctrl_c_does_not_call_a_cancel_back(api: FakeApi, command: Command, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    accepts(api, "DELETE", f"/jobs/{JOB}", "noted")
    monkeypatch.setattr("poller_local.client.PollerClient.wait", interrupted)

    done = command("cancel", JOB, "--wait", "--api-url", api.url)

    assert done.returncode == 130
    assert done.stderr.splitlines()[1:] == [
        f"Stopped waiting; the job is being cancelled all the same. See it with: poller status {JOB}"
    ]


@pytest.mark.parametrize(
    ("final", "note"),
    [
        (SUCCEEDED, f"Copy the dataset with: poller results {JOB} --download orders/{JOB}"),
        (PARTIAL, f"See what failed with: poller tasks {JOB} --state FAILED"),
        ({**CANCELLED, "Total": 35}, f"Go on with it: poller redrive {JOB} --wait"),
        (summary("REJECTED"), None),
    ],
)
def test_waiting_ends_with_the_next_command(api: FakeApi, command: Command, final: dict[str, Any], note: str | None):
    api.takes_jobs()
    api.shows(final)

    for_people = command("run", URL, "--wait", "--api-url", api.url)
    for_programs = command("run", URL, "--wait", "--json", "--api-url", api.url)

    assert for_people.stderr.splitlines() == [f"Job {JOB} is submitted", *([note] if note else [])]
    assert for_programs.stderr == f"Job {JOB} is submitted\n"


def test_redrive_says_that_the_job_runs_again(api: FakeApi, command: Command):
    accepts(api, "POST", f"/jobs/{JOB}/redrive", f"Job {JOB} runs again")

    for_people = command("redrive", JOB, "--api-url", api.url)
    for_programs = command("redrive", JOB, "--json", "--api-url", api.url)

    assert (for_people.returncode, for_people.stdout) == (0, f"Job {JOB} runs again\n")
    assert for_people.stderr == f"See it with: poller status {JOB}\n"
    assert json.loads(for_programs.stdout) == {"JobId": JOB, "message": f"Job {JOB} runs again"}


@pytest.mark.parametrize(("final", "exit_status"), [(SUCCEEDED, 0), (PARTIAL, 2), (CANCELLED, 1)])
def test_redrive_may_wait_for_the_new_end(api: FakeApi, command: Command, final: dict[str, Any], exit_status: int):
    accepts(api, "POST", f"/jobs/{JOB}/redrive", f"Job {JOB} runs again")
    api.shows({**PARTIAL, "Status": "PENDING"}, {**PARTIAL, "Status": "RUNNING"}, final)

    done = command("redrive", JOB, "--wait", "--json", "--api-url", api.url)

    assert done.returncode == exit_status
    assert json.loads(done.stdout) == final
    assert done.stderr == f"Job {JOB} runs again\n"


@pytest.mark.parametrize(
    ("arguments", "method", "path"),
    [
        (("cancel", JOB), "DELETE", f"/jobs/{JOB}"),
        (("cancel", JOB, "--wait"), "DELETE", f"/jobs/{JOB}"),
        (("redrive", JOB, "--wait", "--json"), "POST", f"/jobs/{JOB}/redrive"),
    ],
)
@pytest.mark.parametrize(
    ("status", "message", "line"),
    [
        (409, f"Job {JOB} is already SUCCEEDED", f"poller: Job {JOB} is already SUCCEEDED\n"),
        (404, f"Job {JOB} not found", f"poller: Job {JOB} not found; check the id and the stack"),
        (403, "Forbidden", "poller: The stack answered 403: Forbidden; have your calls signed"),
    ],
)
def test_an_order_that_is_refused_is_one_line(  # noqa: PLR0917
    api: FakeApi,
    command: Command,
    arguments: tuple[str, ...],
    method: str,
    path: str,
    status: int,
    message: str,
    line: str,
):
    api.refuses(path, method, status, message)
    api.shows(SUCCEEDED)

    done = command(*arguments, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(line)
    assert len(done.stderr.splitlines()) == 1


def test_what_a_server_says_stays_on_one_line(api: FakeApi, command: Command):
    accepts(api, "DELETE", f"/jobs/{JOB}", "two\nlines \x1b[31m")

    done = command("cancel", JOB, "--api-url", api.url)

    assert done.stdout == "two lines [31m\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_dry_run_shows_what_would_run_again_and_changes_nothing(api: FakeApi, command: Command, as_json: bool):
    plan = {
        "JobId": JOB,
        "Tasks": 4,
        "Pages": 31,
        "Reasons": [
            {"Why": "failed: UpstreamRefused", "Tasks": 3, "FirstTask": "t00000001p00000007"},
            {"Why": "failed: DeadlineExceeded", "Tasks": 1, "FirstTask": "t00000004"},
        ],
        "message": f"Job {JOB}: 4 tasks with 31 pages would be run again",
    }
    asked = {"dry_run": "true"}
    api.server.expect_request(f"/jobs/{JOB}/redrive", method="POST", query_string=asked).respond_with_json(plan)

    done = command("redrive", JOB, "--dry-run", *(["--json"] if as_json else []), "--api-url", api.url)

    assert done.returncode == 0
    assert api.asked("POST", f"/jobs/{JOB}/redrive") == 1
    if as_json:
        assert json.loads(done.stdout) == plan
    else:
        assert done.stdout.splitlines() == [
            plan["message"],
            "  t00000001p00000007 and 2 more: failed: UpstreamRefused",
            "  t00000004: failed: DeadlineExceeded",
        ]
        assert done.stderr.splitlines() == [f"Run them again with: poller redrive {JOB}"]


def test_a_dry_run_of_what_cannot_be_redriven_says_why(api: FakeApi, command: Command):
    said = {"message": f"Job {JOB} has SUCCEEDED; nothing failed"}
    api.server.expect_request(f"/jobs/{JOB}/redrive", method="POST").respond_with_json(said, status=409)

    done = command("redrive", JOB, "--dry-run", "--api-url", api.url)

    assert (done.returncode, done.stderr.strip()) == (1, f"poller: {said['message']}")
