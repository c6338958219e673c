"""`poller logs`: from the log groups of a stack to lines in time order."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from poller_local import logs
from tests.support.fake_api import JOB, SUCCEEDED, FakeApi, json_response

Command = Callable[..., subprocess.CompletedProcess[str]]
NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
RESOURCES = {
    "FetchPayload": ("AWS::Lambda::Function", "poller-FetchPayload-1"),
    "FetchPayloadLogs": ("AWS::Logs::LogGroup", "poller-FetchPayloadLogs-1"),
    "ReconcileJobLogs": ("AWS::Logs::LogGroup", "poller-ReconcileJobLogs-1"),
}


def logged(second: float, message: Any, *, arrived: float | None = None, **keys: Any) -> dict[str, Any]:
    """A line of Powertools as CloudWatch Logs keeps it; `arrived` where its event is later than itself."""
    time = datetime.fromtimestamp(1767225600 + second, UTC)
    line = {
        "level": "INFO",
        "location": "handler:30",
        "message": message,
        "timestamp": f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03}+0000",
        "service": "poller",
        "cold_start": True,
        "function_name": "poller-FetchPayload-1",
        "function_request_id": "r-1",
        "xray_trace_id": "1-2",
        "job_id": JOB,
        **keys,
    }
    return {"timestamp": int((1767225600 + (arrived or second)) * 1000), "message": json.dumps(line)}


class FakeAws:
    """CloudFormation with one stack, and its log groups; `asked` holds the searches that came in."""

    def __init__(self, api: FakeApi) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {"FetchPayload": [], "ReconcileJob": []}
        self.asked: list[dict[str, Any]] = []
        self.page_size = logs.MOST_EVENTS
        self.has_tokens = True
        api.server.expect_request("/", method="POST").respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        if request.headers.get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
            return json_response(self.search(json.loads(request.data)))
        body = f"<StackResourceSummaries>{''.join(map(self.describe, RESOURCES))}</StackResourceSummaries>"
        assert request.form.to_dict().items() >= {"Action": "ListStackResources", "StackName": "poller"}.items()
        return Response(
            f"<ListStackResourcesResponse {NAMESPACE}><ListStackResourcesResult>{body}"
            "</ListStackResourcesResult></ListStackResourcesResponse>"
        )

    @staticmethod
    def describe(name: str) -> str:
        kind, physical = RESOURCES[name]
        return (
            f"<member><LogicalResourceId>{name}</LogicalResourceId><ResourceType>{kind}</ResourceType>"
            f"<PhysicalResourceId>{physical}</PhysicalResourceId></member>"
        )

    def search(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(asked)
        function = asked["logGroupName"].removeprefix("poller-").removesuffix("Logs-1")
        since = asked.get("startTime", 0)
        events = [event for event in self.groups[function] if event["timestamp"] >= since]
        start = int(asked.get("nextToken", "0"))
        end = start + self.page_size
        more = self.has_tokens and end < len(events)
        return {"events": events[start:end], **({"nextToken": str(end)} if more else {})}


@pytest.fixture
def aws(api: FakeApi, tmp_path: Path) -> FakeAws:
    """A local stack whose AWS and whose API are both the test's server."""
    (tmp_path / ".poller").mkdir()
    (tmp_path / "src" / "functions").mkdir(parents=True)
    (tmp_path / "template.yaml").touch()
    stack = {"endpoint_url": api.url, "api_url": api.url, "external_api_url": None, "outputs": {}}
    (tmp_path / ".poller" / "stack.json").write_text(json.dumps(stack))
    return FakeAws(api)


def test_the_lines_of_all_functions_come_in_time_order(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)
    error = {"Type": "UpstreamUnavailable", "Message": "500"}
    aws.groups["FetchPayload"] = [
        logged(1.5, "the task failed", arrived=9, level="WARNING", task_id="t1", error=error),
        logged(4, "late", arrived=9),
    ]
    aws.groups["ReconcileJob"] = [
        logged(2, "decided", decision="end the job", counts={"failed": 0, "complete": 3, "pages": 12}),
        logged(8, "over", status=None),
    ]

    done = command("logs", JOB)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        '2026-01-01T00:00:01.500Z FetchPayload WARNING the task failed task_id=t1 error="UpstreamUnavailable: 500"',
        '2026-01-01T00:00:02.000Z ReconcileJob INFO decided decision="end the job" counts="complete 3, pages 12"',
        "2026-01-01T00:00:04.000Z FetchPayload INFO late",
        "2026-01-01T00:00:08.000Z ReconcileJob INFO over",
    ]


def test_what_is_not_about_the_job_is_left_out_even_if_the_search_finds_it(
    api: FakeApi, aws: FakeAws, command: Command
):
    api.shows(SUCCEEDED)
    others = ["START RequestId: r-1", "[]", '"text"', json.dumps({"message": f"about {JOB}"})]
    aws.groups["FetchPayload"] = [
        *({"timestamp": 0, "message": message} for message in others),
        logged(1, "another's", job_id="other"),
        logged(2, "ours"),
    ]

    done = command("logs", JOB)

    assert done.stdout.splitlines() == ["2026-01-01T00:00:02.000Z FetchPayload INFO ours"]


def test_only_the_time_of_the_job_is_searched(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)

    command("logs", JOB)

    assert aws.asked[0] == {
        "logGroupName": "poller-FetchPayloadLogs-1",
        "filterPattern": f'{{ $.job_id = "{JOB}" }}',
        "startTime": 1767225600_000 - 5 * 60_000,
        "endTime": 1767225600_000 + 12_500 + 120 * 60_000,
    }


def test_the_last_lines_only(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)
    aws.groups["FetchPayload"] = [logged(n, f"line {n}") for n in range(5)]

    done = command("logs", JOB, "--limit", "2")

    assert [line.partition("INFO ")[2] for line in done.stdout.splitlines()] == ["line 3", "line 4"]


@pytest.mark.parametrize("has_tokens", [True, False])
def test_no_line_is_lost_or_doubled_between_pages(
    api: FakeApi, aws: FakeAws, command: Command, monkeypatch: pytest.MonkeyPatch, has_tokens: bool
):
    monkeypatch.setattr(logs, "MOST_EVENTS", 4)
    api.shows(SUCCEEDED)
    aws.page_size, aws.has_tokens = 4, has_tokens
    seconds = [0, 1, 2, 2, 3, 4, 4, 4, 5]
    aws.groups["FetchPayload"] = [logged(second, f"line {n}") for n, second in enumerate(seconds)]

    done = command("logs", JOB)

    assert [line.partition("INFO ")[2] for line in done.stdout.splitlines()] == [f"line {n}" for n in range(9)]


def test_a_traceback_and_control_characters_stay_on_one_line(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: x'
    aws.groups["FetchPayload"] = [logged(1, "odd \x1b[31m\nmessage", exception=traceback)]

    done = command("logs", JOB)

    (line,) = done.stdout.splitlines()
    assert "INFO odd [31m message exception=" in line
    assert line.endswith('ValueError: x"')


def test_a_job_without_lines(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)

    done = command("logs", JOB)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"No function has logged anything about job {JOB} yet\n"


def test_a_job_that_was_never_written_down_has_logs_all_the_same(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(404)
    aws.groups["FetchPayload"] = [logged(1, "cannot begin")]

    done = command("logs", JOB)

    assert done.stdout.splitlines() == ["2026-01-01T00:00:01.000Z FetchPayload INFO cannot begin"]
    assert "startTime" not in aws.asked[0]


def test_a_job_that_nobody_knows_is_one_line(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(404)

    done = command("logs", JOB)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"poller: Job {JOB} not found; check the id")
    assert len(done.stderr.splitlines()) == 1


def test_an_address_alone_has_no_logs(api: FakeApi, command: Command):
    done = command("logs", JOB, "--api-url", api.url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "poller: Logs are the stack's, its API does not give them; name the stack with --stack-name\n"
    )


def test_a_refusal_of_aws_is_one_line(api: FakeApi, aws: FakeAws, command: Command):
    api.shows(SUCCEEDED)
    refusal = {"__type": "AccessDeniedException", "message": "not authorized to perform\nlogs:FilterLogEvents"}
    api.server.expect_oneshot_request("/", headers={"X-Amz-Target": "Logs_20140328.FilterLogEvents"}).respond_with_json(
        refusal, status=400
    )

    done = command("logs", JOB)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "poller: Cannot read the logs of stack poller: not authorized to perform logs:FilterLogEvents; "
        "it takes cloudformation:ListStackResources and logs:FilterLogEvents\n"
    )
