"""Every handler, killed after each of its outside calls and run again, leaves what an undisturbed run leaves.

Cases 1, 2, 3 and 13 of the faults we mean to survive: after the S3 put and before DynamoDB, after the commit and
before the return, and everything between and beyond.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from poller.handlers import (
    dependencies,
    fetch_payload,
    janitor,
    prepare_poller_job,
    process_payload,
    reconcile_job,
    record_undelivered_job,
    record_unprocessed_task,
)
from poller.handlers.api import cancel_job, redrive_job
from poller.jobs import keys, task_state
from poller.jobs.model import Counts, TaskState
from poller.jobs.owner import Owner
from tests.support import workflow
from tests.support.handlers import EXECUTION, Context, as_record
from tests.support.killing import Killer
from tests.support.partner import Partner, serving
from tests.support.storage import empty_table
from tests.support.workflow import Take

Scenario = Callable[["Run"], None]
CHANGES_WITH_TIME = {"JobId", "StartedAt", "FinishedAt", "RedrivenAt", "RunSeconds", "ExecutionArn"}
COUNTED_AS_IT_HAPPENS = {"requests", "retried", "waited", "pages_arrived", "records_arrived"}
TELLS_OF_EFFORT = {"Requests", "Retried", "WaitedSeconds"}  # whoever is killed asks again
READING = ("BatchGet", "Get", "Head", "List", "Query")  # after such a call all is as it was before


class Run:
    """One job, driven as the workflow and the API would drive it, through the killer."""

    def __init__(self, killer: Killer, take: Take, partner: Partner) -> None:
        self.killer, self.take, self.partner = killer, take, partner
        self.job_id, self.execution, self.output = str(uuid4()), EXECUTION, "jsonl"
        dependencies.dataset().delete("orders/_latest.json")

    def prepare(self) -> dict[str, Any]:
        event = {
            "JobId": self.job_id,
            "Spec": {
                "url": self.partner.url,
                "name": "orders",
                "paginator": {"type": "offset", "limit": 10},
                "retry": {"max_attempts": 1},
                "output": self.output,
            },
            "RequestedAt": "2026-01-01T00:00:00Z",
            "ExecutionArn": self.execution,
        }
        return self.killer.invoke(lambda: prepare_poller_job.handler(event, Context()), "prepare")

    def fetch(self, step: dict[str, Any]) -> None:
        for task in workflow.planned_tasks(step):
            event = {"JobId": self.job_id, "Task": task}
            self.killer.invoke(lambda event=event: fetch_payload.handler(event, Context()), "fetch")

    def process(self) -> None:
        if (batch := self.take())["Records"]:
            answer = self.killer.invoke(lambda: process_payload.handler(batch, Context()), f"process {self.output}")
            assert answer == {"batchItemFailures": []}

    def reconcile(self) -> dict[str, Any]:
        """Called when every pause is over."""
        past = {"NotBefore": 0, "ProgressAt": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
        dependencies.table().update(self.job_id, "#JOB", past, "attribute_exists(#JobId)", {})
        event = {"JobId": self.job_id, "ExecutionArn": self.execution, "Failure": None}
        return self.killer.invoke(lambda: reconcile_job.handler(event, Context()), "reconcile")

    def to_the_end(self, step: dict[str, Any], quota: int | None = None) -> None:
        for _ in range(20):
            if step["NextStep"] == "DONE":
                return
            if step["NextStep"] == "FETCH":
                self.partner.quota = quota
                self.fetch(step)
            self.process()
            step = self.reconcile()
        raise AssertionError("the job does not end")

    def call(self, handler: Any) -> int:
        event = {"pathParameters": {"jobId": self.job_id}}
        return int(self.killer.invoke(lambda: handler.handler(event, Context()), handler.__name__)["statusCode"])


def to_success(run: Run) -> None:
    run.to_the_end(run.prepare())


def to_tables(run: Run) -> None:
    run.output = "csv"
    to_success(run)


def through_windows(run: Run) -> None:
    """The API answers two requests, and then asks for a pause: a task of three pages is fetched in two parts."""
    run.partner.total, run.partner.quota = 25, None
    run.prepare()
    dependencies.table().update(run.job_id, "#JOB", {"PagesPerTask": 3}, "attribute_exists(#JobId)", {})
    run.to_the_end(run.reconcile(), quota=2)


def through_an_outage(run: Run) -> None:
    step = run.prepare()
    if step["NextStep"] == "RECONCILE":
        step = run.reconcile()
    run.partner.status = 503
    run.fetch(step)
    run.partner.status = 200
    run.to_the_end(run.reconcile())


def with_a_broken_page(run: Run) -> None:
    """A task of three pages is cut where the second one does not come, in none of its rounds."""
    run.partner.total, run.partner.broken = 25, set()
    run.prepare()
    dependencies.table().update(run.job_id, "#JOB", {"PagesPerTask": 3}, "attribute_exists(#JobId)", {})
    run.partner.broken = {10}
    run.to_the_end(run.reconcile())


def through_a_redrive(run: Run) -> None:
    run.partner.refuses_page_from = 10
    run.to_the_end(run.prepare())
    run.partner.refuses_page_from = None
    assert run.call(redrive_job) == 202
    run.execution = Owner(EXECUTION).next_execution(run.job_id)
    run.to_the_end(run.prepare())


def through_a_redrive_of_what_may_be_to_blame(run: Run) -> None:
    """No task failed, but the last page repeats the one before it."""
    run.partner.total, run.partner.clamps_at = 25, 10
    run.to_the_end(run.prepare())
    run.partner.clamps_at = None
    assert run.call(redrive_job) == 202
    run.execution = Owner(EXECUTION).next_execution(run.job_id)
    run.to_the_end(run.prepare())


def to_a_cancellation(run: Run) -> None:
    step = run.prepare()
    if step["NextStep"] == "RECONCILE":  # a second call of the first step leaves the plan to the next one
        step = run.reconcile()
    run.killer.invoke(
        lambda: fetch_payload.handler({"JobId": run.job_id, "Task": workflow.planned_tasks(step)[0]}, Context()),
        "fetch",
    )
    assert run.call(cancel_job) == 202
    event = {
        "source": "aws.states",
        "detail": {"executionArn": run.execution, "status": "ABORTED", "input": json.dumps({"id": run.job_id})},
    }
    run.killer.invoke(lambda: reconcile_job.handler(event, Context()), "reconcile")


def to_the_janitor(run: Run) -> None:
    """The workflow's service knows no such execution: the janitor finds a job that nobody drives."""
    step = run.prepare()
    if step["NextStep"] == "RECONCILE":
        step = run.reconcile()
    run.killer.invoke(
        lambda: fetch_payload.handler({"JobId": run.job_id, "Task": workflow.planned_tasks(step)[0]}, Context()),
        "fetch",
    )
    run.process()
    run.killer.invoke(lambda: janitor.handler({}, Context()), "janitor")


def never_delivered(run: Run) -> None:
    event = {"id": run.job_id, "time": "2026-01-01T00:00:00Z", "detail": {"url": "https://example.com"}}
    record = as_record({"MessageId": "1", "Body": json.dumps(event)})
    run.killer.invoke(lambda: record_undelivered_job.handler({"Records": [record]}, Context()), "record")


def never_processed(run: Run) -> None:
    """A consumer that timed out at every delivery."""
    step = run.prepare()
    if step["NextStep"] == "RECONCILE":
        step = run.reconcile()
    run.fetch(step)
    first = json.dumps({"JobId": run.job_id, "TaskId": "t00000000"})
    records = run.take()["Records"]  # of a task that was fetched twice, two
    given_up = {"Records": [record for record in records if record["body"] == first]}
    rest = {"Records": [record for record in records if record["body"] != first]}
    run.killer.invoke(lambda: record_unprocessed_task.handler(given_up, Context()), "give up")
    run.killer.invoke(lambda: process_payload.handler(rest, Context()), "process")
    run.to_the_end(run.reconcile())


@pytest.fixture(scope="module")
def killed_already() -> set[tuple[str, ...]]:
    """Handlers with their calls in order. The same calls for another page, or in another scenario, say nothing new."""
    return set()


def what_it_left(run: Run) -> dict[str, Any]:
    """Everything that outlives the job, without what tells one run from another."""
    job = workflow.status(run.job_id)
    rows = sorted(dependencies.tasks().tasks(run.job_id), key=lambda row: row.task_id)
    recount = Counts()
    for row in rows:
        recount = task_state.add_counts(recount, task_state.count_changes(None, row))
    snapshot = dependencies.jobs().snapshot(run.job_id)
    assert snapshot is not None
    counts = replace(snapshot[1], **dict.fromkeys(COUNTED_AS_IT_HAPPENS, 0))
    assert counts == recount, "the counters differ from a recount of the rows"
    manifest = dependencies.dataset().get(f"orders/{run.job_id}/_manifest.json")
    objects = json.loads(manifest)["Objects"] if manifest else []
    latest = dependencies.dataset().get("orders/_latest.json")
    # Those of a job that has succeeded are removed, unless the last call dies: then the bucket's lifecycle does it.
    kept = () if job["Status"] == "SUCCEEDED" else rows
    complete = [row for row in kept if row.state is TaskState.COMPLETE and row.records]
    proofs = [keys.proof_key(run.job_id, row.task_id, row.sha256) for row in complete]
    # What no row names, a part or what another call fetched, is left to the bucket's lifecycle.
    named = [keys.raw_key(run.job_id, row.task_id, row.raw) for row in rows]
    return {
        "summary": {name: value for name, value in job.items() if name not in CHANGES_WITH_TIME | TELLS_OF_EFFORT},
        "tasks": [(row.task_id, row.state, row.pages, row.records, row.bytes, row.sha256, row.error) for row in rows],
        "dataset": [gzip.decompress(dependencies.dataset().get(item["Key"]) or b"").decode() for item in objects],
        "is the latest": latest is not None and json.loads(latest)["JobId"] == run.job_id,
        "raw": [dependencies.raw_payloads().has(key) for key in named],
        "fingerprints": [dependencies.raw_payloads().get(key) for key in proofs],
    }


@pytest.mark.parametrize(
    "scenario",
    [
        to_success,
        to_tables,
        through_windows,
        through_an_outage,
        with_a_broken_page,
        through_a_redrive,
        through_a_redrive_of_what_may_be_to_blame,
        to_a_cancellation,
        to_the_janitor,
        never_delivered,
        never_processed,
    ],
)
def test_a_kill_after_any_outside_call_changes_nothing_in_the_end(
    sent_messages: Take, killer: Killer, killed_already: set[tuple[str, ...]], scenario: Scenario
) -> None:
    with serving(Partner(total=15)) as partner:
        undisturbed = Run(killer, sent_messages, partner)
        scenario(undisturbed)
        expected, invocations = what_it_left(undisturbed), killer.invocations
        wrong = []
        for number, (name, calls) in enumerate((found.name, found.calls) for found in invocations):
            if (name, *calls) in killed_already:
                continue
            killed_already.add((name, *calls))
            for call, operation in enumerate(calls, 1):
                if call > 1 and operation.startswith(READING):
                    continue
                empty_table()
                killer.invocations, killer.target = [], (number, call)
                run = Run(killer, sent_messages, partner)
                scenario(run)
                assert killer.target is None, "the handler was not killed"
                sent_messages()
                if what_it_left(run) != expected:
                    wrong.append((name, calls[:call]))

    assert wrong == []
    assert all(found.calls for found in invocations), "a handler without outside calls was not tested"
