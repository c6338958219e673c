"""The job's row: who may change it, when, and how it is read."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from poller.errors import RetriablePollerError
from poller.handlers import dependencies
from poller.jobs.model import Counts, JobStatus
from poller.jobs.owner import Owner
from tests.support.faulty import Faulty
from tests.support.handlers import EXECUTION
from tests.support.rows import STOP, a_job, saved
from tests.support.workflow import TASK, Take, change


def test_a_job_in_other_hands_is_not_written(aws: None) -> None:
    job = a_job()
    change(job.job_id, ExecutionArn="another")

    written = dependencies.jobs().save(job, replace(job, iterations=3))

    assert not written
    assert dependencies.jobs().job(job.job_id) == replace(job, owner=Owner("another"))


@pytest.mark.parametrize("status", [status for status in JobStatus if status.is_final])
def test_a_job_that_is_over_is_not_written(aws: None, status: JobStatus) -> None:
    job = a_job(status=status)

    written = dependencies.jobs().save(job, replace(job, status=JobStatus.RUNNING))
    stopped = dependencies.jobs().request_stop(job.job_id, STOP)
    dependencies.jobs().publish_pause(job.job_id, 2_000_000_000)

    assert (written, stopped) == (False, False)
    assert dependencies.jobs().job(job.job_id) == job


def test_the_first_verdict_stands(aws: None) -> None:
    job = a_job()

    stops = [replace(STOP, status=status) for status in (JobStatus.CANCELLED, JobStatus.FAILED)]
    answers = [dependencies.jobs().request_stop(job.job_id, stop) for stop in stops]

    assert answers == [True, False]
    assert dependencies.jobs().job(job.job_id) == replace(job, stop=STOP)


def test_a_verdict_of_an_earlier_owner_is_not_heard(aws: None) -> None:
    job = a_job()
    change(job.job_id, ExecutionArn="another")

    answer = dependencies.jobs().request_stop(job.job_id, STOP, job.owner.execution_arn)

    change(job.job_id, ExecutionArn=job.owner.execution_arn, Successor="another")
    handed_over = dependencies.jobs().request_stop(job.job_id, STOP, job.owner.execution_arn)

    assert (answer, handed_over) == (False, False)
    assert dependencies.jobs().job(job.job_id) == replace(job, owner=replace(job.owner, successor="another"))


def test_a_pause_is_never_shortened(aws: None) -> None:
    job = a_job()

    for not_before in (2_000_000_000, 1_900_000_000):
        dependencies.jobs().publish_pause(job.job_id, not_before)

    assert dependencies.jobs().job(job.job_id) == replace(job, not_before=2_000_000_000)


def test_a_job_is_handed_over_once(aws: None) -> None:
    job = a_job()

    answers = [dependencies.jobs().hand_over(job, successor, {}) for successor in ("second", "third")]

    assert answers == [True, False]
    found = dependencies.jobs().job(job.job_id)
    assert found is not None
    assert found.owner.successor == "second"


def test_only_the_named_successor_takes_over(aws: None) -> None:
    job = a_job(owner=Owner(EXECUTION, successor="second"))

    answers = [dependencies.jobs().take_over(job, execution) for execution in ("third", "second", "second")]

    assert answers == [False, True, False]
    assert dependencies.jobs().job(job.job_id) == replace(job, owner=Owner("second", 2))


def test_a_client_token_is_free_again_after_a_day(sent_messages: Take) -> None:
    day = 86_400
    first, second = str(uuid4()), str(uuid4())

    owners = [
        dependencies.jobs().first_with_token("t", first, 1_000_000, day),
        dependencies.jobs().first_with_token("t", first, 1_000_000, day),
        dependencies.jobs().first_with_token("t", second, 1_000_000 + day, day),
        dependencies.jobs().first_with_token("t", second, 1_000_001 + day, day),
    ]

    assert owners == [first, first, first, second]


def unanswered(whole: Any, request: dict[str, Any]) -> Any:
    """DynamoDB answers for the first key only."""
    ((name, asked),) = request["RequestItems"].items()
    first, rest = asked["Keys"][:1], asked["Keys"][1:]
    answer = whole(RequestItems={name: {**asked, "Keys": first}})
    return {**answer, "UnprocessedKeys": {name: {**asked, "Keys": rest}} if rest else {}}


def test_keys_that_dynamodb_left_out_are_asked_for_again(table: Faulty) -> None:
    job = a_job()
    dependencies.tasks().transition(job, saved())
    table.faults["batch_get_item"] = [unanswered] * 5

    found = dependencies.jobs().snapshot(job.job_id)

    assert found == (job, Counts(payload_saved=1, pages=1, records=7, bytes=70))


def test_counters_that_cannot_be_read_whole_are_not_taken_for_the_whole(table: Faulty) -> None:
    job = a_job()
    nothing = {"Responses": {}, "UnprocessedKeys": {"PollerTasksTable": {"Keys": []}}}
    table.faults["batch_get_item"] = [lambda *_: nothing] * 100

    with pytest.raises(RetriablePollerError):
        dependencies.jobs().snapshot(job.job_id)


@dataclass
class Recording:
    paginator: Any
    asked: list[tuple[str, dict[str, Any]]]

    def paginate(self, **request: Any) -> Any:
        self.asked.append(("query", request))
        return self.paginator.paginate(**request)


def test_every_read_that_decides_is_consistent(table: Faulty) -> None:
    job = a_job()
    dependencies.jobs().job(job.job_id)
    dependencies.tasks().task(job.job_id, TASK)
    dependencies.jobs().snapshot(job.job_id)
    with_pages = table._client.get_paginator("query")
    table.get_paginator = lambda _: Recording(with_pages, table.asked)
    list(dependencies.tasks().tasks(job.job_id))

    reads = [(name, request) for name, request in table.asked if name in ("get_item", "batch_get_item", "query")]

    assert {name for name, _ in reads} == {"get_item", "batch_get_item", "query"}
    for name, request in reads:
        whole = request["RequestItems"]["PollerTasksTable"] if name == "batch_get_item" else request
        assert whole["ConsistentRead"] is True, name
