"""`poller sources`: what it sends, what it says, and what it refuses before it sends anything."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from tests.support.fake_api import JOB, SUCCEEDED, FakeApi, json_response

Command = Callable[..., subprocess.CompletedProcess[str]]
SPEC = {"url": "https://api.example.com/orders", "incremental": {
    "cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z",
}}  # fmt: skip
SOURCE: dict[str, Any] = {
    "Name": "orders",
    "Url": SPEC["url"],
    "Schedule": {"Expression": "rate(1 hour)", "Timezone": "UTC", "FlexibleMinutes": 0},
    "Overlap": "skip",
    "Paused": False,
    "Cursor": {"Value": "2026-01-02T00:00:00Z", "JobId": JOB, "MovedAt": "2026-01-02T00:01:00Z"},
    "LastJobId": JOB,
    "CreatedAt": "2026-01-01T00:00:00Z",
    "ChangedAt": "2026-01-01T00:00:00Z",
}
RUN: dict[str, Any] = {
    "JobId": JOB, "At": "2026-01-02T00:00:00Z", "DueAt": "2026-01-02T00:00:00Z", "Outcome": "BEGUN", "Why": None,
    "From": "2026-01-01T00:00:00Z", "Until": None, "Backfill": False, "Status": "SUCCEEDED",
}  # fmt: skip
SKIPPED = {**RUN, "JobId": None, "Outcome": "SKIPPED", "Status": None, "Why": f"the run before it, job {JOB}, …"}


@pytest.fixture
def sent(api: FakeApi) -> list[tuple[str, Any]]:
    """What comes to the route of the source `orders`, and is answered with the source."""
    seen: list[tuple[str, Any]] = []

    def take(request: Request) -> Response:
        seen.append((request.method, json.loads(request.data) if request.data else None))
        return json_response({**SOURCE, "Spec": SPEC, "Runs": [SKIPPED, RUN]})

    api.server.expect_request("/sources/orders").respond_with_handler(take)
    return seen


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "orders.json").write_text(json.dumps(SPEC))
    return "orders.json"


def test_a_source_is_saved_with_its_schedule(
    api: FakeApi, command: Command, sent: list[tuple[str, Any]], file: str
) -> None:
    when = ("--schedule", "cron(0 6 * * ? *)", "--timezone", "Europe/Berlin", "--flexible-minutes", "15")

    done = command("sources", "put", "orders", "--spec", file, *when, "--overlap", "allow", "--api-url", api.url)

    schedule = {"expression": "cron(0 6 * * ? *)", "timezone": "Europe/Berlin", "flexible_minutes": 15}
    assert sent == [("PUT", {"spec": SPEC, "schedule": schedule, "overlap": "allow"})]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Source orders is saved; it runs rate(1 hour) UTC\n"


def test_a_source_may_be_no_more_than_an_address(api: FakeApi, command: Command, sent: list[tuple[str, Any]]) -> None:
    done = command("sources", "put", "orders", "https://api.example.com/orders", "--api-url", api.url)

    assert sent == [("PUT", {"spec": {"url": "https://api.example.com/orders"}})]
    assert done.returncode == 0


def test_a_bad_spec_is_refused_before_it_is_sent(
    api: FakeApi, command: Command, sent: list[tuple[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text(json.dumps({**SPEC, "params": {"api_key": "s3cret"}}))

    done = command("sources", "put", "orders", "--spec", "bad.json", "--api-url", api.url)

    assert (done.returncode, sent) == (1, [])
    assert done.stderr.startswith("poller: params.api_key would store a secret")


def test_a_time_zone_needs_a_schedule(command: Command, file: str) -> None:
    done = command("sources", "put", "orders", "--spec", file, "--timezone", "UTC", "--api-url", "http://127.0.0.1:9")

    assert done.returncode == 2
    assert "add --schedule" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "change", "said"),
    [
        (("pause", "orders"), {"paused": True}, "Source orders is paused; it still runs by hand\n"),
        (("resume", "orders"), {"paused": False}, "Source orders goes on\n"),
        (("reset", "orders"), {"cursor": None}, "The next run of source orders begins at initial_value\n"),
        (("reset", "orders", "--to", "2026"), {"cursor": "2026"}, "The next run of source orders begins at 2026\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_source_is_steered(
    api: FakeApi, command: Command, sent: list[tuple[str, Any]], *, arguments: tuple[str, ...], change: Any, said: str
) -> None:
    done = command("sources", *arguments, "--api-url", api.url)

    assert sent == [("PATCH", change)]
    assert (done.returncode, done.stdout) == (0, said)


def test_a_source_is_shown_with_its_runs(api: FakeApi, command: Command, sent: list[tuple[str, Any]]) -> None:
    done = command("sources", "show", "orders", "--api-url", api.url)
    as_json = command("sources", "show", "orders", "--json", "--api-url", api.url)

    lines = done.stdout.splitlines()
    assert lines[:2] == ["Source   orders", "URL      https://api.example.com/orders"]
    assert lines[4] == f"Cursor   2026-01-02T00:00:00Z, by {JOB} at 2026-01-02T00:01:00Z"
    assert lines[6].split()[:4] == ["2026-01-02", "00:00:00Z", "schedule", "SKIPPED"]
    assert "the run before it" in lines[7]
    assert lines[8].endswith(JOB)
    assert json.loads(as_json.stdout)["Runs"] == [SKIPPED, RUN]


def test_sources_are_listed(api: FakeApi, command: Command) -> None:
    api.pages("/sources", "Sources", [{**SOURCE, "Name": f"s{n}"} for n in range(60)])

    done = command("sources", "list", "--api-url", api.url)
    as_json = command("sources", "list", "--json", "--api-url", api.url)

    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Source", *(f"s{n}" for n in range(60))]
    assert len(json.loads(as_json.stdout)) == 60


def test_a_stack_without_sources_says_how_to_save_one(api: FakeApi, command: Command) -> None:
    api.pages("/sources", "Sources", [])

    done = command("sources", "list", "--api-url", api.url)

    assert (done.stdout, done.stderr) == ("", "No sources yet; save one with: poller sources put NAME --spec FILE\n")


def test_a_run_prints_its_jobs_id_or_follows_it(api: FakeApi, command: Command) -> None:
    asked: list[Any] = []

    def take(request: Request) -> Response:
        asked.append(json.loads(request.data) if request.data else None)
        return json_response({"JobId": JOB}, 202)

    api.server.expect_request("/sources/orders/runs", method="POST").respond_with_handler(take)
    api.shows(SUCCEEDED)

    printed = command("sources", "run", "orders", "--api-url", api.url)
    followed = command("sources", "run", "orders", "--from", "1", "--until", "2", "--wait", "--api-url", api.url)

    assert (printed.returncode, printed.stdout) == (0, f"{JOB}\n")
    assert followed.returncode == 0
    assert "SUCCEEDED" in followed.stdout
    assert asked == [None, {"from": "1", "until": "2"}]


def test_a_source_is_deleted(api: FakeApi, command: Command) -> None:
    answer = {"Name": "orders", "message": "Source orders is deleted; its jobs and datasets stay"}
    api.server.expect_request("/sources/orders", method="DELETE").respond_with_json(answer)

    done = command("sources", "delete", "orders", "--api-url", api.url)

    assert done.stdout == "Source orders is deleted; its jobs and datasets stay\n"


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (400, "schedule is no schedule", "poller: schedule is no schedule\n"),
        (404, "…", "poller: Source orders not found; see them all with: poller sources list\n"),
        (409, "Source orders still has a run", "poller: Source orders still has a run\n"),
    ],
)
def test_what_the_stack_refuses_is_said_in_its_words(
    api: FakeApi, command: Command, status: int, message: str, said: str
) -> None:
    api.refuses("/sources/orders/runs", "POST", status, message)

    done = command("sources", "run", "orders", "--api-url", api.url)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
