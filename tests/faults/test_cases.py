"""Single cases of the list that the other fault tests do not cover. README.md says which test holds which case."""

import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import botocore.client
import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from poller.aws.dynamodb import Table
from poller.handlers import dependencies, fetch_payload, process_payload
from poller.handlers.api import cancel_job
from poller.jobs import planning
from poller.jobs.job_store import JobStore
from poller.jobs.model import Counts, Job, JobStatus, TaskRow, TaskState
from poller.jobs.next_step import Wait, decide
from poller.jobs.owner import Owner
from poller.jobs.plan import Ranges
from poller.jobs.planning import pages_per_task
from poller.jobs.task_store import TaskStore
from poller.specs.model import JobSpec
from poller.upstream.client import Upstream
from tests.support import workflow
from tests.support.faulty import cancelled
from tests.support.handlers import Context, call, status_change
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, dataset, expected, offset, planned

pytestmark = pytest.mark.usefixtures("executions")


def test_a_hundred_writers_with_conflicts_all_commit_and_are_counted_once(aws: None) -> None:
    """Case 7."""
    client = boto3.client("dynamodb")
    call_aws, commits = client._make_api_call, Counter[str]()

    def often_conflicting(operation: str, request: Any) -> Any:
        if operation == "TransactWriteItems":
            task_id = request["TransactItems"][0]["Put"]["Item"]["TaskId"]["S"]
            commits[task_id] += 1
            if commits[task_id] <= int(task_id[1:]) % 9:  # up to eight conflicts in a row
                raise cancelled("None", "TransactionConflict")
        return call_aws(operation, request)

    client._make_api_call = often_conflicting
    table = Table(client, "PollerTasksTable", sleep=lambda _: None)
    job = JobStore(table).claim(
        Job("job", "n", JobStatus.RUNNING, Owner("arn"), datetime(2026, 1, 1, tzinfo=UTC), 2_000_000_000)
    )

    def write(number: int) -> TaskRow:
        row = TaskRow(f"t{number:08d}", TaskState.PAYLOAD_SAVED, pages=1, records=number, bytes=1)
        return TaskStore(table).transition(job, row)

    with ThreadPoolExecutor(16) as pool:
        rows = list(pool.map(write, range(100)))

    found = JobStore(table).snapshot("job")
    assert found is not None
    assert {row.state for row in rows} == {TaskState.PAYLOAD_SAVED}
    assert (found[1].payload_saved, found[1].pages, found[1].records) == (100, 100, sum(range(100)))


def test_a_job_finishes_although_the_table_is_throttled_for_a_while(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 10. The workflow calls its steps again, tolerates failed children, and the queue delivers again."""
    call_aws, left, chance = botocore.client.BaseClient._make_api_call, [120], random.Random(10)

    def throttled(self: Any, operation: str, request: Any) -> Any:
        if self.meta.service_model.service_name == "dynamodb" and left[0] > 0 and operation != "CreateTable":
            left[0] -= 1
            if chance.random() < 0.6:
                code = "ProvisionedThroughputExceededException"
                raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, operation)
        return call_aws(self, operation, request)

    def again(step: Callable[[], Any]) -> Any:
        for _ in range(100):
            try:
                return step()
            except Exception as error:
                last = error
        raise last

    pending: list[dict[str, Any]] = []
    with serving(Partner(total=50)) as partner:
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", throttled)
        job_id, spec = str(uuid4()), {"url": partner.url, "paginator": offset(10)}
        step = again(lambda: workflow.prepare(spec, job_id))
        for _ in range(60):
            if step["NextStep"] == "DONE":
                break
            if step["NextStep"] == "FETCH":
                for task in workflow.planned_tasks(step):
                    try:
                        fetch_payload.handler({"JobId": job_id, "Task": task}, Context())
                    except Exception:
                        continue  # the Map tolerates it
            pending += sent_messages()["Records"]
            if pending:
                answer = process_payload.handler({"Records": pending}, Context())
                refused = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
                pending = [record for record in pending if record["messageId"] in refused]
            step = again(lambda: workflow.reconcile(job_id))

    assert left == [0]
    job = workflow.status(job_id)
    assert (job["Status"], job["Pages"], job["RecordsReceived"]) == ("SUCCEEDED", 5, 50)
    assert dataset(job) == expected(50)


def test_a_replayed_event_of_a_finished_job_runs_nothing_and_changes_no_count(sent_messages: Take) -> None:
    """Case 12."""
    with serving(Partner(total=30)) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        job = workflow.run(spec, sent_messages)
        asked = len(partner.requests)

        step = workflow.prepare(spec, job["JobId"], execution="arn:the:replay")
        late = workflow.reconcile(job["JobId"], "arn:the:replay")

        assert len(partner.requests) == asked
    assert (step["NextStep"], late["NextStep"]) == ("DONE", "DONE")
    assert workflow.status(job["JobId"]) == job


def test_a_child_that_runs_on_after_the_end_changes_nothing_that_is_final(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 13: the job is cancelled and ended between a child's request and its answer."""
    send = Upstream.send
    with serving(Partner(total=30)) as partner:
        step = planned(partner)

        def send_and_meanwhile_end(self: Upstream, request: Any) -> Any:
            call(cancel_job, step["JobId"])
            status_change(step["JobId"], "ABORTED")
            return send(self, request)

        monkeypatch.setattr(Upstream, "send", send_and_meanwhile_end)
        state = fetch_payload.handler({"JobId": step["JobId"], "Task": workflow.planned_tasks(step)[0]}, Context())

    job = workflow.status(step["JobId"])
    assert state["State"] == "FAILED"
    assert (job["Status"], job["FailedToComplete"], job["Pages"], job["Total"]) == ("CANCELLED", 3, 0, 3)
    assert sent_messages()["Records"] == []


def test_a_million_pages_never_pass_through_the_workflow(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 19: the state stays under 4 KB, and the parent's history under 200 events."""
    monkeypatch.setattr(planning, "pages_per_task", pages_per_task)
    with serving(Partner(total=100_000_000, cap=100)) as partner:
        spec = {"url": partner.url, "paginator": offset(100), "maximum_pages": 1_000_000}
        step = workflow.prepare(spec)

    tasks = workflow.planned_tasks(step)
    assert len(json.dumps(step)) < 4096
    assert 1000 <= len(tasks) <= 10_000  # of a thousand pages, or of fewer where the first one was slow
    assert sum(task["Pages"] for task in tasks) == 1_000_000
    assert history_events() < 200


def history_events() -> int:
    """Events of the parent, counted state by state, while the last 500 of 10,000 tasks are processed, ten a second.

    A task state has 5 events, a Choice or Wait 2, a Map with its run 6:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
    """
    now = datetime.now(UTC)
    spec = JobSpec("https://example.com")
    job = Job(
        "j",
        "n",
        JobStatus.RUNNING,
        Owner("a"),
        datetime(2026, 1, 1, tzinfo=UTC),
        0,
        spec=spec,
        plan=Ranges(1_000_000, 100, 100),
    )
    events, queued = 1 + 5 + 2 + 6 + 5 + 2, 500.0
    while queued > 0:
        job = replace(job, progress_at=now)
        counts = Counts(enqueued=int(queued), complete=10_000 - int(queued))
        decision = decide(job, counts, now)
        if not isinstance(decision, Wait):
            break
        now += timedelta(seconds=decision.seconds)
        queued -= 10 * decision.seconds
        events += 2 + 5 + 2
    return events + 3


def test_two_consumers_of_one_message_make_one_transition_and_both_succeed(sent_messages: Take) -> None:
    """Case 6."""
    with serving(Partner(total=20)) as partner:
        step = planned(partner)
        workflow.fetch_all(step)
    messages = sent_messages()

    consumers = [messages["Records"], messages["Records"]]
    with ThreadPoolExecutor(2) as pool:  # not through the batch processor: it is made for one call at a time
        list(pool.map(lambda records: [process_payload.process_message(SQSRecord(r)) for r in records], consumers))

    assert workflow.reconcile(step["JobId"])["Summary"]["SuccessfullyCompleted"] == 2
    rows = list(dependencies.tasks().tasks(step["JobId"]))
    assert {row.state for row in rows} == {TaskState.COMPLETE}
