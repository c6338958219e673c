"""What the deployed stack survives: cancels, aborts, oversized requests, a killed emulator. IAM is enforced."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from poller_local.client import PollerClient
from tests.support.dataset import lines
from tests.support.emulator import eventually
from tests.support.held import SPEC, Held
from tests.support.local_stack import LocalStack
from tests.support.partner import Partner, record, serving


def submit(client: PollerClient, partner: Held) -> str:
    """A job that is in its middle, and waits there."""
    job_id = client.submit({**SPEC, "url": partner.url})
    assert partner.reached.wait(60)
    return job_id


def test_a_cancelled_job_ends_and_a_redrive_completes_it(stack: LocalStack, tmp_path: Path) -> None:
    with serving(Held()) as partner, stack.client() as client:
        job_id = submit(client, partner)

        stack.run("cancel", job_id)
        cancelled = client.wait(job_id, timeout=120)
        partner.released.set()
        redriven = json.loads(stack.run("redrive", job_id, "--wait", "--json").stdout)

    stack.run("results", job_id, "--download", str(tmp_path))
    assert (cancelled["Status"], cancelled["Pending"]) == ("CANCELLED", 0)
    assert cancelled["SuccessfullyCompleted"] + cancelled["FailedToComplete"] == cancelled["Total"] > 0
    assert (redriven["Status"], redriven["JobId"], redriven["RecordsReceived"]) == ("SUCCEEDED", job_id, 100)
    assert [json.loads(line) for line in lines(tmp_path)] == [record(n) for n in range(100)]


def test_an_aborted_execution_ends_its_job_with_the_reason(stack: LocalStack) -> None:
    with serving(Held()) as partner, stack.client() as client:
        job_id = submit(client, partner)

        stack.aws("stepfunctions").stop_execution(executionArn=client.job(job_id)["ExecutionArn"])

        job = client.wait(job_id, timeout=120)
        partner.released.set()

    assert job["Error"]["Type"] == "ExecutionEnded"
    assert "ABORTED" in job["Error"]["Message"]
    assert job["Pending"] == 0


def test_a_killed_emulator_loses_no_job(stack: LocalStack, tmp_path: Path) -> None:
    with serving(Held()) as partner:
        with stack.client() as client:
            job_id = submit(client, partner)
            eventually(lambda: client.job(job_id)["PagesArrived"] >= 3, 120)
        wait_for_a_snapshot(stack)
        pid = json.loads((stack.root / ".poller" / "emulator.json").read_text())["pid"]

        os.killpg(pid, signal.SIGKILL)
        stack.run("down")
        stack.up()
        with stack.client() as client:
            ended = client.wait(job_id, timeout=120)
        partner.released.set()
        redriven = json.loads(stack.run("redrive", job_id, "--wait", "--json").stdout)

    stack.run("results", job_id, "--download", str(tmp_path))
    assert ended["Error"]["Type"] == "ExecutionEnded"
    assert (redriven["Status"], redriven["RecordsReceived"]) == ("SUCCEEDED", 100)
    assert [json.loads(line) for line in lines(tmp_path)] == [record(n) for n in range(100)]


def wait_for_a_snapshot(stack: LocalStack, seconds: float = 60) -> None:
    """Until the emulator has saved its tables and executions once more, as it does every few seconds."""
    saved = [stack.root / ".poller" / "data" / "state" / name for name in ("dynamodb.json", "stepfunctions.json")]
    now, deadline = time.time(), time.monotonic() + seconds
    while not all(file.exists() and file.stat().st_mtime > now for file in saved):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_request_too_large_for_the_workflow_is_rejected_with_the_reason(stack: LocalStack) -> None:
    with stack.client() as client:
        job = client.wait(client.submit({"url": "https://example.com", "headers": {"x": "x" * 300_000}}), timeout=60)

    assert job["Status"] == "REJECTED"
    assert "larger than the 256 KiB" in job["Error"]["Message"]


def test_a_failed_page_is_shown_with_a_line_to_try_and_redriven(stack: LocalStack, tmp_path: Path) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        spec = tmp_path / "job.json"
        spec.write_text(json.dumps({"url": partner.url, "paginator": {"type": "offset", "limit": 10}}))
        done = stack.run("run", "--spec", str(spec), "--wait", "--json", check=False)
        job_id = json.loads(done.stdout)["JobId"]
        tasks = json.loads(stack.run("tasks", job_id, "--state", "FAILED", "--json").stdout)
        logs = stack.run("logs", job_id).stdout
        partner.refuses_page_from = None
        partner.requests.clear()
        redriven = json.loads(stack.run("redrive", job_id, "--wait", "--json").stdout)

    stack.run("results", job_id, "--download", str(tmp_path / "data"))
    assert done.returncode == 2
    assert [task["Request"] for task in tasks] == [
        f"curl --header 'Accept: application/json' '{partner.url}?limit=10&offset=20'"
    ]
    assert "the task failed" in logs
    assert [query["offset"] for query in partner.requests] == [
        "20",
        "30",
        "0",
    ]  # the page, the end, and the first again
    assert redriven["Status"] == "SUCCEEDED"
    assert [json.loads(line) for line in lines(tmp_path / "data")] == [record(n) for n in range(30)]


def test_a_long_pause_is_waited_for_by_the_workflow(stack: LocalStack) -> None:
    with serving(Partner(total=30)) as partner, stack.client() as client:
        partner.pause_once = 15
        job = client.wait(
            client.submit({"url": partner.url, "paginator": {"type": "offset", "limit": 10}}), timeout=120
        )

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 30)
    gap = max(after - before for before, after in zip(partner.times, partner.times[1:], strict=False))
    assert gap >= 14


def test_a_repeated_client_token_runs_once(stack: LocalStack) -> None:
    with serving(Partner(total=30)) as partner:
        first, second = (
            json.loads(stack.run("run", partner.url, "--client-token", "once", "--wait", "--json").stdout)
            for _ in range(2)
        )
        asked = [request for request in partner.requests if request]

    assert first == second
    # The first page is asked for by the probe, by its task, and once more at the end.
    assert len(asked) == len({json.dumps(request, sort_keys=True) for request in asked}) + 2


@pytest.mark.parametrize("command", ["cancel", "redrive", "tasks", "logs"])
def test_an_unknown_job_is_one_line(stack: LocalStack, command: str) -> None:
    done = stack.run(command, "00000000-0000-4000-8000-000000000000", check=False)

    assert len((done.stderr + done.stdout).strip().splitlines()) == 1
    assert done.returncode == 1


def test_no_raw_pages_are_left_behind_by_what_succeeded(stack: LocalStack) -> None:
    with serving(Partner(total=30)) as partner, stack.client() as client:
        job = client.wait(client.submit({"url": partner.url}), timeout=60)

    listed = stack.aws("s3").list_objects_v2(Bucket=stack.output("RawPayloadBucket"), Prefix=f"raw/{job['JobId']}/")

    assert job["Status"] == "SUCCEEDED"
    assert listed.get("Contents", []) == []
