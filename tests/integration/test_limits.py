"""AWS's own limits that no emulator enforces: the largest input there is still fits.

What does not depend on input is in tests/contract/test_limits.py; what is refused, in test_rejected_jobs.py; what the
API answers, with each of its functions.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from poller import errors
from poller.aws.dynamodb import typed
from poller.errors import MAX_MESSAGE, PollerError
from poller.jobs import rows
from poller.jobs.model import Counts, Job, JobStatus, StopRequest
from poller.jobs.owner import Owner
from poller.jobs.summary import summarize
from tests.support import workflow
from tests.support.limits import EVENT, LONG_ERROR, MESSAGE, ROW, SPEC, STATE, spec_of
from tests.support.partner import Partner, serving
from tests.support.workflow import Take


def row_bytes(item: dict[str, Any]) -> int:
    """Names and values, as DynamoDB counts them; the type marks of the wire format are a little on top."""
    return len(json.dumps(typed(item)))


def test_the_largest_spec_runs_through_every_step(sent_messages: Take, aws_requests: list[Any]) -> None:
    with serving(Partner(total=10)) as partner:
        step = workflow.prepare(spec_of(SPEC - 40, partner.url))  # the probe adds the data_selector
        steps = [step]
        workflow.fetch_all(step)
        steps.append(workflow.reconcile(step["JobId"]))
        workflow.process(sent_messages())
        steps.append(workflow.reconcile(step["JobId"]))

    assert [step["NextStep"] for step in steps] == ["FETCH", "WAIT", "DONE"]
    assert steps[-1]["Summary"]["Status"] == "SUCCEEDED"
    assert max(len(json.dumps(step)) for step in steps) < STATE / 10
    made = {name for name, _, _ in aws_requests}
    assert {"TransactWriteItems", "BatchGetItem", "UpdateItem", "SendMessage", "PutEvents"} <= made
    for name, params, size in aws_requests:
        assert size < {"SendMessage": MESSAGE, "PutEvents": EVENT}.get(name, ROW), name
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
        assert len(params.get("TransactItems", [])) <= 100
        assert len(params.get("UpdateExpression", "")) <= 4096


def test_a_jobs_row_has_room_for_the_largest_spec_and_the_longest_errors() -> None:
    job = Job(
        "j" * 64,
        "n" * 64,
        JobStatus.FAILED,
        Owner("e" * 256, 1, "s" * 256),
        datetime(2026, 1, 1, tzinfo=UTC),
        0,
        duplicate_of="d" * 64,
    )
    full = replace(job, error=LONG_ERROR, notice=LONG_ERROR, stop=StopRequest(JobStatus.FAILED, LONG_ERROR))

    row = rows.from_job(full) | {"Spec": "x" * SPEC}

    assert row_bytes(row) < ROW / 2


def test_a_state_event_has_room_for_the_longest_errors() -> None:
    job = Job(
        "j" * 64,
        "n" * 64,
        JobStatus.FAILED,
        Owner("e" * 256),
        datetime(2026, 1, 1, tzinfo=UTC),
        0,
        duplicate_of="d" * 64,
    )
    shown = summarize(replace(job, error=LONG_ERROR, notice=LONG_ERROR), Counts(*[10**12] * 8))

    assert len(json.dumps(shown)) < EVENT / 4
    assert len(json.dumps(shown)) < STATE / 4


@pytest.mark.parametrize(
    "kind", [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, PollerError)]
)
def test_no_errors_text_is_longer_than_a_thousand_characters(kind: type[PollerError]) -> None:
    more = {"not_before": 0} if issubclass(kind, errors.PauseRequested) else {}

    error = kind("x" * 1_000_000, **more)

    assert len(error.message) == len(str(error)) == len(error.reason.message) == MAX_MESSAGE == 1000
    assert kind("short", **more).message == "short"
