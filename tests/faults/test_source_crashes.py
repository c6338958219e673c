"""Each step of a source, killed after each of its outside calls and run again, leaves what an undisturbed one leaves.

Cases 44 and 45 of the faults we mean to survive: a cursor moves only with SUCCEEDED, and only forward; a schedule that
calls twice has one run.
"""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from poller.handlers import dependencies, reconcile_job, start_source_run
from poller.handlers.api import change_source, delete_source, put_source, run_source
from tests.support import workflow
from tests.support.changing_api import ChangingApi, changing
from tests.support.handlers import Context
from tests.support.killing import Killer
from tests.support.sources import call, listed, schedules, source
from tests.support.storage import empty_table
from tests.support.workflow import Take

READING = ("BatchGet", "Get", "Head", "List", "Query")  # after such a call all is as it was before


Scenario = Callable[["Life"], Any]


class Life:
    """A source and what is done to it; `killed` goes through the killer."""

    def __init__(self, killer: Killer, take: Take, api: ChangingApi) -> None:
        self.killer, self.take, self.api = killer, take, api

    def killed(self, handler: Any, event: Any) -> Any:
        return self.killer.invoke(lambda: handler.handler(event, Context()), handler.__name__)

    def route(self, handler: Any, body: Any = None) -> int:
        event = {"pathParameters": {"name": "orders"}, "body": None if body is None else json.dumps(body)}
        return int(self.killed(handler, event)["statusCode"])

    def finish(self) -> Any:
        """The current run, to its end. Of its steps, only the last one knows of sources."""
        standing = dependencies.sources().source("orders")
        assert standing is not None
        assert standing.current is not None
        job = dependencies.jobs().job(standing.current)
        assert job is not None
        step = workflow.prepare(standing.spec, job.job_id, job.owner.current)
        workflow.fetch_all(step)
        workflow.process(self.take())
        self.killed(reconcile_job, {"JobId": job.job_id, "ExecutionArn": job.owner.current, "Failure": None})
        latest = json.loads(dependencies.dataset().get("orders/_latest.json") or b"{}")
        return workflow.status(job.job_id)["Status"], latest.get("JobId") == job.job_id, self.seen()

    def seen(self) -> Any:
        """What is there to see of the source, but for ids and times of the test."""
        found = call("GET", "orders", None, 200)
        runs = [tuple(run[name] for name in ("Outcome", "DueAt", "From", "Status")) for run in found["Runs"]]
        state = {name: schedule["State"] for name, schedule in schedules().items()}
        return found["Cursor"] and found["Cursor"]["Value"], found["Paused"], runs, state


def saved_steered_and_deleted(life: Life) -> Any:
    assert life.route(put_source, source(life.api.url, schedule="rate(1 hour)")) in (200, 201)
    assert life.route(change_source, {"paused": True}) == 200
    seen = life.seen()
    assert life.route(delete_source) in (200, 404)  # that it is gone is no surprise to who deletes again
    return seen, listed()["Sources"], schedules()


def due_by_its_schedule(life: Life) -> Any:
    call("PUT", "orders", source(life.api.url, schedule="rate(1 hour)"), 201)
    life.killed(start_source_run, {"Source": "orders", "Due": "2026-03-01T00:00:00Z"})
    return life.finish()


def run_by_hand(life: Life) -> Any:
    call("PUT", "orders", source(life.api.url), 201)
    assert life.route(run_source) in (202, 409)  # the call before was killed, and its run goes
    return life.finish()


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("scenario", [saved_steered_and_deleted, due_by_its_schedule, run_by_hand])
def test_whichever_step_is_killed_the_source_ends_the_same(
    killer: Killer, sent_messages: Take, scenario: Scenario
) -> None:
    boto3.client("scheduler").create_schedule_group(Name="sources")
    with changing(ChangingApi(size=2)) as api:
        api.change("2026-01-01T00:00:00Z", 1, 2)
        expected = scenario(Life(killer, sent_messages, api))
        invocations, wrong = killer.invocations, []
        for number, (name, calls) in enumerate((found.name, found.calls) for found in invocations):
            for after, operation in enumerate(calls, 1):
                if after > 1 and operation.startswith(READING):
                    continue
                empty_table()
                dependencies.dataset().delete("orders/_latest.json")
                killer.invocations, killer.target = [], (number, after)
                left = scenario(Life(killer, sent_messages, api))
                assert killer.target is None, "the handler was not killed"
                sent_messages()
                if left != expected:
                    wrong.append((name, calls[:after], left))

    assert wrong == []
    assert all(found.calls for found in invocations)
