"""Sources through their handlers, and their runs as the workflow would drive them."""

import json
from typing import Any

import boto3

from poller.handlers import dependencies, start_source_run
from poller.handlers.api import change_source, delete_source, get_source, list_sources, put_source, run_source
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.workflow import Take, prepare, status

SINCE = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z"}
ROUTES = {
    "PUT": put_source,
    "GET": get_source,
    "PATCH": change_source,
    "DELETE": delete_source,
    "POST": run_source,
}


def call(method: str, name: str, body: Any = None, expected: int | None = None) -> Any:
    """What a route of one source answers: its body, after a look at the status; or both."""
    event = {"pathParameters": {"name": name}, "body": None if body is None else json.dumps(body)}
    answer = ROUTES[method].handler(event, Context())
    said = json.loads(answer["body"])
    if expected is None:
        return answer["statusCode"], said
    assert answer["statusCode"] == expected, said
    return said


def listed(**query: str) -> dict[str, Any]:
    answer = list_sources.handler({"queryStringParameters": query}, Context())
    assert answer["statusCode"] == 200
    return dict(json.loads(answer["body"]))


def due(name: str, at: str) -> dict[str, Any]:
    return dict(start_source_run.handler({"Source": name, "Due": at}, Context()))


def source(url: str, incremental: dict[str, Any] | None = SINCE, **more: Any) -> dict[str, Any]:
    """The body of a PUT for an API in pages by offset."""
    spec = {"url": url, "primary_key": "id", "paginator": {"type": "offset", "limit": 3}, "incremental": incremental}
    return {"spec": spec, **more}


def finish(job_id: str, take: Take) -> dict[str, Any]:
    """The begun job, to its end; returns its summary."""
    row = dependencies.jobs().job(job_id)
    assert row is not None
    assert row.source is not None
    standing = dependencies.sources().source(row.source.source)
    execution, spec = row.owner.current, standing.spec if standing else {}
    step = prepare(spec, job_id, execution)
    for _ in range(30):
        match step["NextStep"]:
            case "FETCH":
                workflow.fetch_all(step)
            case "WAIT":
                workflow.process(take())
            case "DONE":
                return status(job_id)
        step = workflow.reconcile(job_id, execution)
    raise AssertionError("the job does not end")


def schedules() -> dict[str, dict[str, Any]]:
    """Of the group, by name."""
    client = boto3.client("scheduler")
    found = client.list_schedules(GroupName="sources")["Schedules"]
    return {each["Name"]: client.get_schedule(GroupName="sources", Name=each["Name"]) for each in found}
