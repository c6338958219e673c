"""AWS's own limits that no emulator enforces: the largest input there is still fits, or is refused with what to do.

What does not depend on input is in tests/contract/test_limits.py, what the API answers in test_answer_limits.py.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer

from poller import errors
from poller.aws.attributes import to_attribute
from poller.errors import MOST_MESSAGE, PollerError
from poller.handlers import dependencies as edges
from poller.handlers import reconcile_job, record_undelivered_job
from poller.handlers.api import list_jobs
from poller.jobs import rows
from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.summary import summary
from poller.specs.parse import MOST_SPEC_BYTES, parse_job_spec
from tests.integration import workflow
from tests.integration.conftest import Context, as_record
from tests.integration.partner import Partner, serving
from tests.support.template import ROOT

Take = Callable[[], dict[str, Any]]
STATE = 262_144  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
EVENT = 256 * 1024  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MESSAGE = 256 * 1024  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
ROW = 400 * 1024  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
SPEC = MOST_SPEC_BYTES
LONG_ERROR = {"Type": "E" * 256, "Message": "\U0001f600" * MOST_MESSAGE}  # 12 bytes a character, escaped as JSON


def spec_of(size: int, url: str) -> dict[str, Any]:
    """A spec that takes `size` bytes to store."""
    raw: dict[str, Any] = {"url": url, "retry": {"retry_after_headers": ["x"]}, "paginator": "single_page"}
    missing = size - len(stored(raw))
    return {**raw, "retry": {"retry_after_headers": ["x" * (1 + missing)]}}


def stored(raw: dict[str, Any]) -> str:
    job = Job("j", "n", JobStatus.PENDING, "e", "t", 0, spec=parse_job_spec(raw))
    return str(rows.from_job(job)["Spec"])


def row_bytes(item: dict[str, Any]) -> int:
    """Names and values, as DynamoDB counts them; the type marks of the wire format are a little on top."""
    return len(json.dumps({name: to_attribute(value) for name, value in item.items() if value is not None}))


@pytest.fixture
def requests(aws: None) -> list[tuple[str, dict[str, Any], int]]:
    """Every request to DynamoDB, SQS and EventBridge: its operation, parameters and size."""
    seen: list[tuple[str, dict[str, Any], int]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        body = params["body"]
        size = len(body) if isinstance(body, bytes | str) else len(json.dumps(body))
        seen.append((model.name, json.loads(body) if isinstance(body, bytes | str) else body, size))

    for client in (edges.table().client, edges.queue()._client, edges.events()._client):
        client.meta.events.register("before-call", note)
    return seen


def test_the_largest_spec_runs_through_every_step(sent_messages: Take, requests: list[Any]) -> None:
    with serving(Partner(total=10)) as partner:
        step = workflow.prepare(spec_of(SPEC - 40, partner.url))  # the probe adds the data_selector
        steps = [step]
        workflow.fetch_all(step)
        steps.append(workflow.reconcile(step["JobId"]))
        workflow.process_payload.handler(sent_messages(), Context())
        steps.append(workflow.reconcile(step["JobId"]))

    assert [step["NextStep"] for step in steps] == ["FETCH", "WAIT", "DONE"]
    assert steps[-1]["Summary"]["Status"] == "SUCCEEDED"
    assert max(len(json.dumps(step)) for step in steps) < STATE / 10
    made = {name for name, _, _ in requests}
    assert {"TransactWriteItems", "BatchGetItem", "UpdateItem", "SendMessage", "PutEvents"} <= made
    for name, params, size in requests:
        assert size < {"SendMessage": MESSAGE, "PutEvents": EVENT}.get(name, ROW), name
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
        assert len(params.get("TransactItems", [])) <= 100
        assert len(params.get("UpdateExpression", "")) <= 4096


def test_a_spec_one_byte_too_large_is_refused_before_anything_is_asked(aws: None) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare(spec_of(SPEC + 1, partner.url))

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert "the job spec takes 65,537 bytes to store, and may take 65,536; shorten its url" in job["Error"]["Message"]
    assert partner.requests == []


def test_what_the_api_calls_its_list_counts_too(aws: None, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rows").respond_with_json({"r" * SPEC: [1, 2], "total": 2})

    step = workflow.prepare({"url": httpserver.url_for("/rows"), "paginator": "single_page"})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert "data_selector" in job["Error"]["Message"]


def test_a_jobs_row_has_room_for_the_largest_spec_and_the_longest_errors() -> None:
    job = Job("j" * 64, "n" * 64, JobStatus.FAILED, "e" * 256, "t" * 40, 0, successor="s" * 256, duplicate_of="d" * 64)
    full = replace(job, error=LONG_ERROR, notice=LONG_ERROR, stop={"Status": "FAILED", "Error": LONG_ERROR})

    row = rows.from_job(full) | {"Spec": "x" * SPEC}

    assert row_bytes(row) < ROW / 2


def test_a_state_event_has_room_for_the_longest_errors() -> None:
    job = Job("j" * 64, "n" * 64, JobStatus.FAILED, "e" * 256, "t" * 40, 0, duplicate_of="d" * 64)
    shown = summary(replace(job, error=LONG_ERROR, notice=LONG_ERROR), Counts(*[10**12] * 8))

    assert len(json.dumps(shown)) < EVENT / 4
    assert len(json.dumps(shown)) < STATE / 4


@pytest.mark.parametrize(
    "kind", [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, PollerError)]
)
def test_no_errors_text_is_longer_than_a_thousand_characters(kind: type[PollerError]) -> None:
    more = {"not_before": 0} if kind is errors.HeldBack else {}

    error = kind("x" * 1_000_000, **more)

    assert len(error.message) == len(str(error)) == len(error.as_dict()["Message"]) == MOST_MESSAGE == 1000
    assert kind("short", **more).message == "short"


def test_an_answer_made_to_fill_the_error_does_not(aws: None, httpserver: HTTPServer) -> None:
    body = {"data": [1], **{f"next_{n}_{'x' * 100}": "more" for n in range(5000)}}
    httpserver.expect_request("/rows").respond_with_json(body)

    step = workflow.prepare({"url": httpserver.url_for("/rows")})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("auto cannot tell how the API pages")
    assert len(job["Error"]["Message"]) == MOST_MESSAGE


def test_a_path_with_a_number_beyond_all_measure_is_refused(aws: None) -> None:
    step = workflow.prepare({"url": "https://example.com", "data_selector": f"a[{'9' * 5000}]"})

    job = workflow.reconcile(step["JobId"])["Summary"]
    assert job["Status"] == "REJECTED"
    assert job["Error"]["Message"].startswith("data_selector is not a JMESPath expression")


def test_the_longest_cause_that_a_catch_hands_on_is_cut(aws: None) -> None:
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html
    cause = json.dumps({"errorMessage": "m" * 32_000, "errorType": "Exception"})
    job_id = str(uuid4())

    step = workflow.reconcile(job_id, failure={"Error": "E" * 256, "Cause": cause[:32_768]})

    assert step["Summary"]["Status"] == "FAILED"
    assert len(step["Summary"]["Error"]["Message"]) <= MOST_MESSAGE


def test_a_failing_first_step_leaves_no_room_for_its_input_beside_the_error() -> None:
    # The input may fill the 256 KiB by itself: the error takes its place, or the execution would end uncatchably.
    states = json.loads((ROOT / "statemachine" / "poller-workflow.asl.json").read_text())["States"]
    (caught,) = states["PreparePollerJob"]["Catch"]

    assert caught.get("ResultPath", "$") == "$"
    assert states[caught["Next"]]["Parameters"] == {"JobId.$": "$$.Execution.Input.id", "Failure.$": "$"}


@pytest.mark.parametrize(("size", "said"), [(STATE, "could not be delivered"), (STATE + 1, "larger than the 256 KiB")])
def test_a_request_of_one_byte_too_many_for_a_workflow_is_recorded(aws: None, size: int, said: str) -> None:
    event = {"id": str(uuid4()), "time": "2026-01-01T00:00:00Z", "detail": {"url": ""}}
    event["detail"]["url"] = "x" * (size - len(json.dumps(event)))
    message = as_record({"MessageId": "1", "Body": json.dumps(event)})

    record_undelivered_job.handler({"Records": [message]}, Context())

    job = workflow.status(event["id"])
    assert job["Status"] == "REJECTED"
    assert said in job["Error"]["Message"]


def test_a_status_change_without_its_input_is_left_to_the_janitor(aws: None) -> None:
    # Beyond 248 KB an input is left out: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    detail = {
        "executionArn": workflow.EXECUTION,
        "status": "FAILED",
        "input": None,
        "inputDetails": {"included": False},
    }

    answer = reconcile_job.handler({"source": "aws.states", "detail": detail}, Context())

    assert answer["NextStep"] == "DONE"


def test_fifty_jobs_are_read_a_hundred_keys_at_a_time(aws: None, requests: list[Any]) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    for _ in range(list_jobs._MOST):
        edges.jobs().claim(Job(str(uuid4()), "n", JobStatus.FAILED, "e", "2026-01-01T00:00:00Z", 2_000_000_000))

    answer = list_jobs.handler({"queryStringParameters": {"limit": str(list_jobs._MOST)}}, Context())

    assert len(json.loads(answer["body"])["Jobs"]) == list_jobs._MOST
    asked = [len(t["Keys"]) for name, p, _ in requests if name == "BatchGetItem" for t in p["RequestItems"].values()]
    assert sum(asked) == list_jobs._MOST * 9
    assert max(asked) <= 100
