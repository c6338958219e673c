"""Two stacks on one emulator: each has its own of everything, and what happens in one is not seen in the other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from poller_local.client import PollerClient
from poller_local.errors import JobNotFound
from tests.support.deployed import Deployed
from tests.support.emulator import eventually
from tests.support.held import SPEC, Held
from tests.support.partner import serving

Clients = tuple[PollerClient, PollerClient]


@pytest.fixture
def clients(pair: tuple[Deployed, Deployed]) -> Iterator[Clients]:
    with ExitStack() as opened:
        one, two = (opened.enter_context(stack.client()) for stack in pair)
        yield one, two


def all_running(clients: Clients, ids: list[str]) -> bool:
    try:
        return {client.job(job_id)["Status"] for client, job_id in zip(clients, ids, strict=True)} == {"RUNNING"}
    except JobNotFound:
        return False


def traces(stack: Deployed) -> dict[str, str]:
    """All that a stack holds of its jobs, as text, by where it lies."""
    dynamodb, s3, workflows, logs = (stack.aws(name) for name in ("dynamodb", "s3", "stepfunctions", "logs"))
    table = dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["PollerTasksTable"])
    found = {"table": json.dumps([page["Items"] for page in table])}
    for bucket in ("RawPayloadBucket", "DatasetBucket"):
        listed = s3.list_objects_v2(Bucket=stack.outputs[bucket]).get("Contents", [])
        found[bucket] = json.dumps([item["Key"] for item in listed])
    (machine,) = stack.resources("AWS::StepFunctions::StateMachine").values()
    executions = [item["executionArn"] for item in workflows.list_executions(stateMachineArn=machine)["executions"]]
    found["executions"] = json.dumps([workflows.describe_execution(executionArn=arn)["input"] for arn in executions])
    groups = stack.resources("AWS::Logs::LogGroup").values()
    pages = (page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group))
    found["logs"] = "\n".join(event["message"] for page in pages for event in page["events"])
    return found


def archived(stack: Deployed) -> int:
    """How many job requests have come over the stack's bus."""
    events = stack.aws("events")
    bus = events.describe_event_bus(Name=stack.outputs["PollerTasksEventBus"])["Arn"]
    return sum(archive["EventCount"] for archive in events.list_archives(EventSourceArn=bus)["Archives"])


def test_they_share_no_name(pair: tuple[Deployed, Deployed]) -> None:
    one, two = (stack.resources() for stack in pair)

    assert set(one) == set(two)
    assert set(one.values()) & set(two.values()) == {"$default"}  # the stages of APIs of their own


def test_the_same_job_runs_in_both_at_the_same_time(pair: tuple[Deployed, Deployed], clients: Clients) -> None:
    with serving(Held()) as partner:
        spec = {**SPEC, "url": partner.url, "client_token": "once"}
        ids = [client.submit(spec) for client in clients]
        eventually(lambda: all_running(clients, ids), 60)
        partner.released.set()
        jobs = [client.wait(job_id, timeout=60) for client, job_id in zip(clients, ids, strict=True)]

    assert [(job["Status"], job["RecordsReceived"], job["DuplicateOf"]) for job in jobs] == [
        ("SUCCEEDED", 100, None)
    ] * 2
    for stack, own, foreign in zip(pair, ids, reversed(ids), strict=True):
        for place, text in traces(stack).items():
            assert own in text, place
            assert foreign not in text, place
        assert [job["JobId"] for job in stack.client().jobs()] == [own]
        assert archived(stack) == 1


def test_a_cancel_in_one_leaves_the_other_alone(clients: Clients) -> None:
    with serving(Held()) as partner:
        ids = [client.submit({**SPEC, "url": partner.url}) for client in clients]
        eventually(lambda: all_running(clients, ids), 60)
        clients[0].cancel(ids[0])
        cancelled = clients[0].wait(ids[0], timeout=60)
        untouched = clients[1].job(ids[1])
        partner.released.set()
        ended = clients[1].wait(ids[1], timeout=60)

    assert (cancelled["Status"], untouched["Status"]) == ("CANCELLED", "RUNNING")
    assert (ended["Status"], ended["RecordsReceived"]) == ("SUCCEEDED", 100)
