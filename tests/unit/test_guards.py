"""Guards that are rules on plain values, each with the one test that misses it (tests/mutants)."""

import json
from datetime import timedelta

import pytest

from poller.errors import JobRejected
from poller.fetching.curl import curl_line
from poller.jobs.model import Counts, JobStatus, TaskRow, TaskState
from poller.jobs.next_step import Wait, decide, note_progress
from poller.jobs.verdict import verdict
from poller.specs.parse import parse_job_spec
from poller.values import PageRequest
from tests.support.template import ROOT, functions, resources
from tests.unit.builders import NOW, job


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("api_key=canary&q=x", {}),
        ("q=x&access_token=canary", {"Accept": "application/json"}),
        ("", {"X-Auth": "canary"}),
        ("q=x", {"X-Session-Id": "canary"}),
    ],
)
def test_a_line_for_a_shell_holds_no_secret(query, headers):
    request = PageRequest("GET", f"https://api.example.com/items?{query}", headers)

    line = curl_line(request)

    assert "canary" not in line
    assert "..." in line


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": "canary"}},
        {"headers": {"X-Api-Key": "canary"}},
        {"params": {"api_key": "canary"}},
        {"url": "https://api.example.com/items?api_key=canary"},
    ],
)
def test_what_sounds_secret_is_not_stored_with_a_job(fields):
    raw = {"url": "https://api.example.com/items", **fields}

    with pytest.raises(JobRejected) as refused:
        parse_job_spec(raw)

    assert "would store a secret" in refused.value.message
    assert "canary" not in refused.value.message


def test_a_task_that_begins_where_the_one_before_it_ended_is_a_loop():
    rows = [
        TaskRow("t00000001", TaskState.COMPLETE, first_digest="b", last_digest="c"),
        TaskRow("t00000000", TaskState.COMPLETE, first_digest="a", last_digest="b"),
    ]

    end = verdict(job(records_expected=20), Counts(complete=2, records=20), rows)

    assert end.status is JobStatus.PARTIAL
    assert end.error is not None
    assert end.error["Type"] == "PaginationLoop"


@pytest.mark.parametrize(("deadline", "seconds"), [(timedelta(days=1), 3600), (timedelta(minutes=5), 301)])
def test_a_pause_is_looked_at_again_within_the_hour_and_at_the_deadline(deadline, seconds):
    held = job(not_before=int(NOW.timestamp()) + 10**9, deadline_at=(NOW + deadline).isoformat())

    decided = decide(note_progress(held, Counts(), NOW), Counts(), NOW)

    assert decided == Wait(seconds)


def test_a_map_that_fails_as_a_whole_leads_on_to_the_reconciliation():
    machine = json.loads((ROOT / "statemachine" / "poller-workflow.asl.json").read_text())

    caught = machine["States"]["FetchPages"].get("Catch")

    assert caught == [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.Failure", "Next": "ReconcileJob"}]


def test_a_first_step_that_fails_for_good_leads_on_to_the_reconciliation():
    machine = json.loads((ROOT / "statemachine" / "poller-workflow.asl.json").read_text())

    caught = machine["States"]["PreparePollerJob"].get("Catch")

    assert caught == [{"ErrorEquals": ["States.ALL"], "Next": "NotPrepared"}]
    assert machine["States"]["NotPrepared"]["Next"] == "ReconcileJob"


def test_the_step_that_alone_ends_a_job_is_tried_again_whatever_it_met():
    machine = json.loads((ROOT / "statemachine" / "poller-workflow.asl.json").read_text())

    (retry,) = machine["States"]["ReconcileJob"]["Retry"]

    assert retry["ErrorEquals"] == ["States.ALL"]
    assert retry["MaxAttempts"] >= 5
    assert retry["JitterStrategy"] == "FULL"


def test_every_consumer_of_a_queue_answers_message_by_message():
    sources = {
        name: event["Properties"]
        for name, body in functions().items()
        for event in body.get("Events", {}).values()
        if event["Type"] == "SQS"
    }

    answers = {name: source.get("FunctionResponseTypes") for name, source in sources.items()}

    assert answers == {name: ["ReportBatchItemFailures"] for name in ("ProcessPayload", "RecordUndeliveredJob")}


def test_the_consumer_knows_which_delivery_is_the_last():
    queue = resources("AWS::SQS::Queue")["ProcessPayloadQueue"]["Properties"]

    told = functions()["ProcessPayload"]["Environment"]["Variables"]["MAX_RECEIVE_COUNT"]

    assert int(told) == queue["RedrivePolicy"]["maxReceiveCount"]
