"""What FetchPayload has fetched of a task is kept, part by part, and its row says which raw object counts."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from poller.errors import RetriablePollerError
from poller.fetching import pause, task_pages, time_box
from poller.handlers import dependencies
from poller.handlers.api import redrive_job
from poller.jobs import keys
from poller.jobs.model import TaskState
from tests.support import workflow
from tests.support.handlers import EXECUTION, call, status_change
from tests.support.partner import Partner, serving
from tests.support.rows import failed, row_of
from tests.support.workflow import TASK, Take, change, dataset, expected, offset, planned

WHOLE = {"TaskId": TASK, "FirstPage": 0, "Pages": 10}


def one_task(partner: Partner, **spec: Any) -> str:
    """A job of ten pages in one task; its id."""
    job_id: str = planned(partner, **spec)["JobId"]
    change(job_id, PagesPerTask=10)
    return job_id


def fetch(job_id: str) -> str:
    return workflow.fetch(job_id, WHOLE)


def fetch_in_next_window(job_id: str, partner: Partner, left: int) -> str:
    partner.quota = left
    change(job_id, NotBefore=0)
    return fetch(job_id)


def end(job_id: str, take: Take) -> dict[str, Any]:
    assert workflow.process(take()) == {"batchItemFailures": []}
    assert workflow.reconcile(job_id)["NextStep"] == "DONE"
    return workflow.status(job_id)


def raw_keys(job_id: str) -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="raw", Prefix=f"raw/{job_id}/")
    return {item["Key"] for item in listed.get("Contents", [])}


def test_many_small_windows_of_a_rate_limit_end_in_success(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        step, windows = workflow.reconcile(job_id), 0
        while step["NextStep"] != "DONE":
            if step["NextStep"] == "FETCH":
                partner.quota, windows = 2, windows + 1
                workflow.fetch_all(step)
            else:
                change(job_id, NotBefore=0, ProgressAt="2026-01-01T00:00:00+00:00")  # as when the workflow has waited
                if (batch := sent_messages())["Records"]:
                    workflow.process(batch)
            step = workflow.reconcile(job_id)

        asked = [query["offset"] for query in partner.requests]
    job = workflow.status(job_id)
    assert (job["Status"], job["Error"], windows) == ("SUCCEEDED", None, 6)
    assert dataset(job) == expected(95)
    assert (job["Pages"], job["RecordsReceived"]) == (10, 95)
    # The probe, every page once, what might be behind the last one, the first once more, and what the windows refused.
    assert len(asked) == 1 + 10 + 1 + 1 + 6
    assert row_of(job_id).attempts == 18


def test_what_arrived_within_the_time_box_is_kept(sent_messages: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()  # PreparePollerJob reads the real clock

    class Deep(Partner):
        def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
            nonlocal now
            now += 20  # seconds that deep pages take
            return super().page(query, earlier)

    clock = SimpleNamespace(monotonic=lambda: now, time=time.time)
    monkeypatch.setattr(pause, "time", clock)
    monkeypatch.setattr(time_box, "time", clock)
    with serving(Deep(total=95)) as partner:
        job_id = one_task(partner)
        for pages in (3, 6, 9):
            with pytest.raises(RetriablePollerError, match="time box"):
                fetch(job_id)
            assert row_of(job_id).pages == pages

        assert fetch(job_id) == "ENQUEUED"

    job = end(job_id, sent_messages)
    assert (job["Status"], len(partner.requests)) == ("SUCCEEDED", 11)
    assert dataset(job) == expected(95)


def test_a_part_counts_before_the_task_is_done(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)

        state = fetch_in_next_window(job_id, partner, 3)

    row = row_of(job_id)
    job = workflow.status(job_id)
    assert state == "SKIPPED"
    assert (row.state, row.pages, row.records, row.attempts, row.raw) == (TaskState.STARTED, 3, 30, 4, "")
    assert (job["Started"], job["Pages"], job["RecordsReceived"]) == (1, 3, 30)
    assert raw_keys(job_id) == {keys.raw_key(job_id, TASK, row.part)}
    assert sent_messages() == {"Records": []}


def test_a_window_that_lets_nothing_through_changes_nothing_that_was_fetched(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)
        before = row_of(job_id)

        fetch_in_next_window(job_id, partner, 0)

    assert replace(row_of(job_id), attempts=0, error=None) == replace(before, attempts=0, error=None)


def between(monkeypatch: pytest.MonkeyPatch, rival: Callable[[], Any]) -> None:
    """Have a rival child run to its end just before the next raw object is stored."""
    put = dependencies.raw_payloads().put

    def overtaken(*args: Any) -> str:
        monkeypatch.setattr(dependencies.raw_payloads(), "put", put)
        rival()
        return put(*args)

    monkeypatch.setattr(dependencies.raw_payloads(), "put", overtaken)


@pytest.mark.parametrize(("rivals", "kept"), [(2, 5), (4, 6)])
def test_of_two_children_with_parts_the_longer_one_counts(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, rivals: int, kept: int
) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 2)
        between(monkeypatch, lambda: fetch_in_next_window(job_id, partner, rivals))

        fetch_in_next_window(job_id, partner, 3)
        pages = row_of(job_id).pages
        last = fetch_in_next_window(job_id, partner, 10)

    job = end(job_id, sent_messages)
    assert (pages, last) == (kept, "ENQUEUED")
    assert dataset(job) == expected(95)


def test_a_part_that_comes_after_the_whole_changes_nothing(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 2)
        between(monkeypatch, lambda: fetch_in_next_window(job_id, partner, 10))

        fetch_in_next_window(job_id, partner, 3)

    row = row_of(job_id)
    job = end(job_id, sent_messages)
    assert (row.state, row.pages, row.part) == (TaskState.ENQUEUED, 10, "")
    assert dataset(job) == expected(95)


def test_a_part_that_was_lost_is_fetched_again(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)
        dependencies.raw_payloads().delete(keys.raw_key(job_id, TASK, row_of(job_id).part))
        partner.requests.clear()

        state = fetch_in_next_window(job_id, partner, 10)

        assert partner.requests[0]["offset"] == "0"
    job = end(job_id, sent_messages)
    assert (state, job["Status"], job["RecordsReceived"]) == ("ENQUEUED", "SUCCEEDED", 95)
    assert dataset(job) == expected(95)


def test_a_page_that_repeats_the_last_one_of_the_part_is_a_loop(sent_messages: Take) -> None:
    with serving(Partner(clamps_at=20)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)

        state = fetch_in_next_window(job_id, partner, 10)

    kept, row = row_of(job_id), row_of(job_id, f"{TASK}p00000003")
    assert (state, kept.state, kept.pages) == ("FAILED", TaskState.ENQUEUED, 3)
    assert row.error is not None
    assert (row.error.type, row.error.page, row.lost) == ("PaginationLoop", 3, 7)


def test_a_task_that_grows_heavy_ends_early_and_another_goes_on(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)
        monkeypatch.setattr(task_pages, "_MAX_BYTES", row_of(job_id).bytes + 100)

        state = fetch_in_next_window(job_id, partner, 100)

    job = end(job_id, sent_messages)
    rows = sorted(dependencies.tasks().tasks(job_id), key=lambda row: row.task_id)
    assert (state, job["Status"], job["Total"]) == ("ENQUEUED", "SUCCEEDED", len(rows))
    assert [row.pages for row in rows] == [4, 4, 2]
    assert dataset(job) == expected(95)


def test_a_failed_task_with_a_part_is_fetched_again_from_its_beginning(
    sent_messages: Take, executions: dict[str, str]
) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)
        status_change(job_id, "ABORTED")
        assert row_of(job_id).pages == 3
        call(redrive_job, job_id)
        (successor,) = set(executions) - {EXECUTION}

        workflow.prepare({}, job_id, successor)

        assert dependencies.tasks().task(job_id, TASK) is None
        assert workflow.status(job_id)["Pages"] == 0
        assert fetch_in_next_window(job_id, partner, 10) == "ENQUEUED"
    workflow.process(sent_messages())
    workflow.reconcile(job_id, successor)
    job = workflow.status(job_id)
    assert job["Status"] == "SUCCEEDED"
    assert dataset(job) == expected(95)


@pytest.mark.parametrize("has_failed", [False, True])
def test_a_message_does_not_make_a_part_the_whole(sent_messages: Take, has_failed: bool) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
        fetch_in_next_window(job_id, partner, 3)
    if has_failed:
        job = dependencies.jobs().job(job_id)
        assert job is not None
        dependencies.tasks().transition(job, failed())
    before = row_of(job_id)
    dependencies.queue().send(job_id, TASK)
    (record,) = sent_messages()["Records"]
    record["attributes"]["ApproximateReceiveCount"] = "5"

    answer = workflow.process({"Records": [record]})

    assert answer == {"batchItemFailures": []}
    assert replace(row_of(job_id), attempts=0, error=None) == replace(before, attempts=0, error=None)


def test_a_message_of_a_task_that_is_pending_again_does_not_fail_it(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job_id = one_task(partner)
    dependencies.queue().send(job_id, TASK)
    (record,) = sent_messages()["Records"]
    record["attributes"]["ApproximateReceiveCount"] = "5"

    answer = workflow.process({"Records": [record]})

    assert answer == {"batchItemFailures": []}
    assert dependencies.tasks().task(job_id, TASK) is None


class Changing(Partner):
    """Every answer differs from the one before: views, prices, times of reading."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        rows = [] if int(query["offset"]) else [{"id": n, "seen": len(self.requests)} for n in range(3)]
        return 200, json.dumps({"data": rows, "total": 3}).encode()


def rivals(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two children fetch one task, the second in the midst of the first; returns the job's id."""
    (task,) = workflow.planned_tasks(step := workflow.prepare({"url": partner.url, "paginator": offset(3)}))
    between(monkeypatch, lambda: workflow.fetch(step["JobId"], task))
    workflow.fetch(step["JobId"], task)
    return str(step["JobId"])


def test_of_two_children_whose_answers_differ_one_counts_everywhere(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Changing()) as partner:
        job_id = rivals(partner, monkeypatch)

    assert len(raw_keys(job_id)) == 2
    dependencies.queue().send(job_id, TASK)  # the other child's message
    job = end(job_id, sent_messages)
    (listed,) = json.loads(dependencies.dataset().get(f"default/{job_id}/_manifest.json") or b"")["Objects"]
    body = dependencies.dataset().get(listed["Key"]) or b""
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (listed["Sha256"], listed["Size"])
    assert [json.loads(line)["seen"] for line in dataset(job)] == [4] * 3  # the rival, which was first to say so
    assert job["Status"] == "SUCCEEDED"


def test_a_consumer_that_is_late_stores_what_the_first_one_stored(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Changing()) as partner:
        job_id = rivals(partner, monkeypatch)
    messages, put, stored = sent_messages(), dependencies.dataset().put, []

    def overtaken(key: str, body: bytes, content_type: str) -> str:
        stored.append(body)
        if len(stored) == 1:
            workflow.process(messages)
        return put(key, body, content_type)

    monkeypatch.setattr(dependencies.dataset(), "put", overtaken)

    answer = workflow.process(messages)

    assert answer == {"batchItemFailures": []}
    assert len(stored) == 2
    assert len(set(stored)) == 1
    assert row_of(job_id).sha256 == hashlib.sha256(stored[0]).hexdigest()
