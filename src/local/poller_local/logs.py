"""What the stack's functions logged about one job, read from CloudWatch Logs and put in order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from poller_local.client import PollerClient
from poller_local.errors import Interrupted, JobNotFound, LogsUnreadable, NoStack, one_line
from poller_local.screen import Screen
from poller_local.summary import Summary
from poller_local.target import DeployedStack

# Clocks differ a little, and a message is tried for an hour after the job that sent it may have ended.
EARLY, LATE = timedelta(minutes=5), timedelta(hours=2)
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
MOST_EVENTS = 10_000
SHOWN_APART = {"timestamp", "level", "message"}
# The job's id is on every line, and the rest says where a line was written rather than what happened.
LEFT_OUT = {
    "job_id", "service", "location", "cold_start", "xray_trace_id",
    "function_name", "function_arn", "function_memory_size", "function_request_id",
}  # fmt: skip


@dataclass(frozen=True)
class LogLine:
    """One line that a function logged, ready to be shown."""

    time: datetime
    function: str
    level: str
    text: str

    def __str__(self) -> str:
        time = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"{time} {self.function} {self.level} {self.text}"


def show_logs(
    client: PollerClient, deployed: DeployedStack | None, job_id: str, screen: Screen, limit: int | None
) -> int:
    """Shows every line that carries the job's id, or the last so many, in time order."""
    if deployed is None:
        raise NoStack("Logs are the stack's, its API does not give them; name the stack with --stack-name")
    try:
        unknown, window = None, _window(client.job(job_id))
    except JobNotFound as error:
        # A job that failed before it was written down has left its traces in the logs only.
        unknown, window = error, (None, None)
    try:
        lines = sorted(read_logs(deployed, job_id, *window), key=attrgetter("time"))
    except KeyboardInterrupt as error:
        raise Interrupted("Stopped before all logs were read; nothing is shown") from error
    if unknown and not lines:
        raise unknown
    for line in lines[-limit:] if limit else lines:
        screen.say(str(line))
    if not lines:
        screen.note(f"No function has logged anything about job {job_id} yet")
    return 0


def read_logs(
    deployed: DeployedStack, job_id: str, begin: datetime | None = None, end: datetime | None = None
) -> Iterator[LogLine]:
    """The job's lines from all log groups of the stack, in no order. Raises LogsUnreadable."""
    with _one_line_errors(deployed.name):
        groups = _log_groups(deployed)
        logs = deployed.client("logs")
        for function, group in groups.items():
            request: dict[str, Any] = {
                "logGroupName": group,
                "filterPattern": f"{{ $.job_id = {json.dumps(job_id)} }}",
            }
            if begin:
                request["startTime"] = _milliseconds(begin)
            if end:
                request["endTime"] = _milliseconds(end)
            for event in _events(logs, request):
                line = parse_line(event, function, job_id)
                if line:
                    yield line


def parse_line(event: dict[str, Any], function: str, job_id: str) -> LogLine | None:
    """A log event as a line, if it is a function's own and carries the job's id: emulators ignore the filter."""
    try:
        logged = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(logged, dict) or logged.get("job_id") != job_id:
        return None
    kept = {key: value for key, value in logged.items() if key not in SHOWN_APART | LEFT_OUT and value is not None}
    words = [_shown(logged.get("message", ""), bare=True), *(f"{key}={_shown(kept[key])}" for key in kept)]
    return LogLine(_time(logged, event), function, str(logged.get("level", "")), one_line(" ".join(words)))


def _window(job: Summary) -> tuple[datetime | None, datetime | None]:
    """When a job's lines may have been written: searching less of a busy stack's logs is faster, and cheaper."""
    begin = datetime.fromisoformat(job["StartedAt"]) - EARLY if job["StartedAt"] else None
    end = datetime.fromisoformat(job["FinishedAt"]) + LATE if job["FinishedAt"] else None
    return begin, end


def _log_groups(deployed: DeployedStack) -> dict[str, str]:
    """Names of the log groups of the stack and of those within it, by who writes to them: a function, the workflow."""
    return {
        resource["LogicalResourceId"].removesuffix("Logs"): resource["PhysicalResourceId"]
        for resource in _resources(deployed.client("cloudformation"), deployed.name)
        if resource["ResourceType"] == "AWS::Logs::LogGroup"
    }


def _resources(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """What there is of a stack and of the stacks within it."""
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if not resource.get("PhysicalResourceId") or resource.get("ResourceStatus") == "DELETE_COMPLETE":
                continue
            yield resource
            if resource["ResourceType"] == "AWS::CloudFormation::Stack":
                yield from _resources(cloudformation, resource["PhysicalResourceId"])


def _events(logs: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All events that a request finds, oldest first."""
    seen = 0
    while True:
        page = logs.filter_log_events(**request)
        events = page.get("events", [])
        yield from events[seen:]
        if page.get("nextToken"):
            request, seen = {**request, "nextToken": page["nextToken"]}, 0
        elif "nextToken" in request or len(events) < MOST_EVENTS or seen == len(events):
            return
        else:
            # The laptop's AWS ends a full page without a token: go on from the time it had come to.
            last = events[-1]["timestamp"]
            seen = sum(event["timestamp"] == last for event in events)
            request = {**request, "startTime": last}


def _time(logged: dict[str, Any], event: dict[str, Any]) -> datetime:
    """When a line was written, by the function's own clock: the event's time may be that of its arrival."""
    try:
        written = datetime.fromisoformat(str(logged.get("timestamp")))
    except ValueError:
        return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return written.astimezone(UTC)


def _shown(value: Any, bare: bool = False) -> str:
    """A string as it is where it can be told from what stands around it, an error in its words, all else as JSON."""
    if isinstance(value, dict) and isinstance(value.get("Message"), str):
        value = f"{value.get('Type')}: {value['Message']}"
    elif isinstance(value, dict):
        value = ", ".join(f"{key.replace('_', ' ')} {item}" for key, item in value.items() if item) or "none"
    if isinstance(value, str) and (bare or (value and not any(c.isspace() or c in '"=' for c in value))):
        return value
    return json.dumps(value, ensure_ascii=False)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


@contextmanager
def _one_line_errors(stack_name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        reason = one_line(error.response.get("Error", {}).get("Message", str(error)))
        raise LogsUnreadable(
            f"Cannot read the logs of stack {stack_name}: {reason}; it takes "
            "cloudformation:ListStackResources and logs:FilterLogEvents"
        ) from error
    except BotoCoreError as error:
        raise LogsUnreadable(
            f"Cannot read the logs of stack {stack_name}: {one_line(str(error))}; is it there, and this machine online?"
        ) from error
