"""Sources on the deployed stack: what changes between two runs, a run that fails, a schedule that comes and goes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from poller_local.errors import BadInput, SourceNotFound
from tests.support.changing_api import ChangingApi, changing
from tests.support.emulator import eventually
from tests.support.local_stack import RecordedStack
from tests.support.stacks import stack_resources

SECONDS = 120
SINCE = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z"}


def spec(api: ChangingApi, **more: Any) -> dict[str, Any]:
    return {
        "url": api.url,
        "primary_key": "id",
        "paginator": {"type": "offset", "limit": 3},
        "incremental": SINCE,
    } | more


def group(stack: RecordedStack) -> str:
    found = stack_resources(stack.aws("cloudformation"), "poller")
    (name,) = [each["PhysicalResourceId"] for each in found if each["LogicalResourceId"] == "SourceSchedules"]
    return str(name)


def scheduled(stack: RecordedStack) -> list[str]:
    found = stack.aws("scheduler").list_schedules(GroupName=group(stack))["Schedules"]
    return [each["Name"] for each in found if each["GroupName"] == group(stack)]


def ids(stack: RecordedStack, job_id: str) -> list[int]:
    found: list[int] = []
    for item in stack.client().results(job_id):
        body = gzip.decompress(requests.get(item["Url"], timeout=30).content)
        found += [json.loads(line)["id"] for line in body.splitlines()]
    return found


def test_what_changes_arrives_run_by_run_and_a_run_that_fails_leaves_the_cursor(stack: RecordedStack) -> None:
    client, name = stack.client(), "e2e-changing"
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", *range(7))
        client.sources.put(name, {"spec": spec(api)})

        first = client.wait(client.sources.run(name, {}), timeout=SECONDS)
        api.change("2026-01-02T00:00:00Z", 7, 8, 9, 10)
        api.refused_from = 3
        failed = client.wait(client.sources.run(name, {}), timeout=SECONDS)
        between = client.sources.source(name)["Cursor"]["Value"]
        api.refused_from = None
        second = client.wait(client.sources.run(name, {}), timeout=SECONDS)
        after = client.sources.source(name)
    client.sources.delete(name)

    assert [job["Status"] for job in (first, failed, second)] == ["SUCCEEDED", "PARTIAL", "SUCCEEDED"]
    assert ids(stack, first["JobId"]) == list(range(7))
    assert sorted(ids(stack, second["JobId"])) == list(range(11))  # what has the cursor's own time comes again
    assert (between, after["Cursor"]["Value"]) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert [run["Status"] for run in after["Runs"]] == ["SUCCEEDED", "PARTIAL", "SUCCEEDED"]


def test_a_schedule_runs_a_source_and_goes_with_it(stack: RecordedStack) -> None:
    client, name = stack.client(), "e2e-scheduled"
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1, 2)
        client.sources.put(name, {"spec": spec(api), "schedule": "rate(1 minute)"})
        assert name in scheduled(stack)

        (run, *_) = eventually(lambda: client.sources.source(name)["Runs"], SECONDS)
        client.sources.change(name, paused=True)
        job = client.wait(run["JobId"], timeout=SECONDS)
        client.sources.delete(name)

    assert run["DueAt"].endswith("Z")
    assert (job["Status"], job["Source"]["Name"], ids(stack, job["JobId"])) == ("SUCCEEDED", name, [1, 2])
    assert name not in scheduled(stack)
    with pytest.raises(SourceNotFound):
        client.sources.source(name)


def test_what_is_wrong_is_said_at_once_and_nothing_is_saved(stack: RecordedStack) -> None:
    client, name = stack.client(), "e2e-wrong"

    for definition, message in (
        ({"spec": {"url": "https://api.example.com"}, "schedule": "every hour"}, "schedule is no schedule"),
        ({"spec": {"url": "https://api.example.com", "params": {"token": "s3cret"}}}, "would store a secret"),
        (
            {"spec": {"url": "https://a.example.com"}, "schedule": {"expression": "rate(1 day)", "timezone": "Mars/X"}},
            "schedule.timezone is 'Mars/X', which is no time zone",
        ),
    ):
        with pytest.raises(BadInput, match=message):
            client.sources.put(name, definition)

    assert name not in [source["Name"] for source in client.sources.all()]


def test_the_command_line_saves_runs_and_deletes_a_source(stack: RecordedStack, tmp_path: Path) -> None:
    with changing(ChangingApi()) as api:
        api.change("2026-01-01T00:00:00Z", 1, 2)
        file = tmp_path / "orders.json"
        file.write_text(json.dumps(spec(api)))

        stack.run("sources", "put", "e2e-cli", "--spec", str(file))
        ran = stack.run("sources", "run", "e2e-cli", "--wait", "--json")
        shown = stack.run("sources", "show", "e2e-cli")
        stack.run("sources", "delete", "e2e-cli")

    assert json.loads(ran.stdout)["Status"] == "SUCCEEDED"
    assert "Cursor   2026-01-01T00:00:00Z" in shown.stdout
