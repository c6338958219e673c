"""What a user gets wrong, through the command line and the real stack."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.held import Held
from tests.support.local_stack import POLLER, LocalStack
from tests.support.partner import Partner, serving


@pytest.fixture
def partner() -> Iterator[Partner]:
    with serving(Partner()) as partner:
        yield partner


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"data": [1], "offset": 0, "limit": 1}', "auto cannot tell how the API pages"),
        (b'{"data": [1], "offset": 0, "limit": 1, "total": "many"}', "'many', not a believable whole number"),
        (b'{"data": [1], "offset": 0, "limit": 1, "total": -5}', "-5, not a believable whole number"),
        (b'{"data": [1], "offset": 0, "limit": 1, "total": 1000000000}', "maximum_pages"),
        (b"<!DOCTYPE html><title>Sign in</title>", "an HTML page"),
    ],
)
def test_an_answer_that_cannot_be_planned_is_rejected_with_what_was_seen(
    stack: LocalStack, partner: Partner, body: bytes, said: str
) -> None:
    partner.body = body

    done = stack.run("run", partner.url, "--wait", check=False)

    assert done.returncode == 1
    assert "REJECTED" in done.stdout + done.stderr
    assert said in " ".join((done.stdout + done.stderr).split())


def test_a_404_says_so(stack: LocalStack, partner: Partner) -> None:
    partner.status = 404

    done = stack.run("run", partner.url, "--wait", "--json", check=False)

    summary = json.loads(done.stdout)
    assert done.returncode == 1
    assert (summary["Status"], summary["Error"]["Type"]) == ("REJECTED", "UpstreamRefused")
    assert "HTTP 404" in summary["Error"]["Message"]


def test_an_unreachable_host_says_so(stack: LocalStack, tmp_path: Path) -> None:
    spec = tmp_path / "job.json"
    spec.write_text(json.dumps({"url": "http://127.0.0.1:9/nothing", "retry": {"max_attempts": 2}}))

    done = stack.run("run", "--spec", str(spec), "--wait", "--json", check=False)

    summary = json.loads(done.stdout)
    assert done.returncode == 1
    assert summary["Status"] == "FAILED"
    assert "no connection to 127.0.0.1" in summary["Error"]["Message"]


def test_an_unknown_field_is_named_by_the_command_line_and_by_the_stack(stack: LocalStack, tmp_path: Path) -> None:
    spec = {"url": "https://api.example.com", "paginator": {"type": "offset", "limti": 10}}
    (tmp_path / "job.json").write_text(json.dumps(spec))

    done = stack.run("run", "--spec", str(tmp_path / "job.json"), "--wait", check=False)
    with stack.client() as client:
        summary = client.wait(client.submit(spec), timeout=60)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "poller: paginator.limti is not a field of paginator; did you mean paginator.limit? It has"
    )
    assert summary["Status"] == "REJECTED"
    assert done.stderr == f"poller: {summary['Error']['Message']}\n"


@pytest.mark.parametrize("body", [b"[1, 2]", b"not json", b"7", b""])
def test_a_body_that_is_no_json_object_gets_no_event_id(stack: LocalStack, body: bytes) -> None:
    request = urllib.request.Request(stack.described["api_url"] + "/jobs", data=body, method="POST")

    with urllib.request.urlopen(request) as answer:
        said = json.loads(answer.read())

    assert said["FailedEntryCount"] == 1
    assert "EventId" not in said["Entries"][0]


def test_an_unknown_job_is_404(stack: LocalStack) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(stack.described["api_url"] + "/jobs/00000000-0000-4000-8000-000000000000")

    assert refused.value.code == 404
    assert "not found" in json.loads(refused.value.read())["message"]
    refused.value.close()


def test_a_wrong_job_id_is_one_line(stack: LocalStack) -> None:
    done = stack.run("status", "00000000-0000-4000-8000-000000000000", check=False)

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "not found" in done.stderr


def test_interrupting_the_wait_leaves_the_job_running(stack: LocalStack) -> None:
    with serving(Held()) as partner:
        process = subprocess.Popen(
            [str(POLLER), "run", partner.url, "--name", "interrupted", "--wait"],
            cwd=stack.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # As at a terminal: what was started in the background of a script ignores Ctrl-C, and its children with it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # as tests/cli does
        )  # fmt: skip
        assert process.stderr
        assert "is submitted" in process.stderr.readline()

        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        partner.released.set()
        line = next(line for line in (out + err).splitlines() if "the job goes on" in line)
        job = stack.client().wait(line.split()[-1], timeout=240)

    assert process.returncode == 130
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 100)
