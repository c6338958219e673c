"""What makes a job PARTIAL or FAILED although it was planned, and the reason that it gives."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from poller.handlers import dependencies
from poller.jobs.model import TaskState
from tests.support import workflow
from tests.support.partner import Partner, serving
from tests.support.workflow import Take, change, dataset, expected, offset, planned


def test_a_page_that_fails_for_good_makes_the_job_partial(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert job["Status"] == "PARTIAL"
    assert (job["SuccessfullyCompleted"], job["FailedToComplete"]) == (2, 1)
    assert job["Error"]["Type"] == "TasksFailed"
    assert job["Error"]["Message"] == (
        "1 of 3 tasks failed; the first, t00000002, with "
        "UpstreamRefused: GET /orders?limit=10&offset=20: the API answered "
        'HTTP 404: "no such page"; check url, params and paginator'
    )
    assert dataset(job) == expected(20)


def test_what_arrived_in_part_is_not_the_newest_of_its_name(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        whole = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)
        workflow.partial(partner, sent_messages)

    latest = json.loads(dependencies.dataset().get("default/_latest.json") or b"{}")

    assert (latest["JobId"], latest["Records"]) == (whole["JobId"], 30)
    assert dependencies.dataset().get(latest["Manifest"]) is not None


def test_as_many_failures_as_tolerated_do_not(sent_messages: Take) -> None:
    with serving(Partner(total=100, refuses_page_from=80)) as partner:
        job = workflow.run(
            {"url": partner.url, "paginator": offset(10), "tolerated_failure_percentage": 20}, sent_messages
        )

    assert (job["Status"], job["FailedToComplete"], job["SuccessfullyCompleted"]) == ("PARTIAL", 2, 8)


def test_more_failures_than_tolerated_stop_the_job(sent_messages: Take) -> None:
    with serving(Partner(total=100, refuses_page_from=10)) as partner:
        step = planned(partner, tolerated_failure_percentage=20)
        states = workflow.fetch_all(step)
        workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert states == ["ENQUEUED"] + ["FAILED"] * 3 + ["SKIPPED"] * 6
    assert (job["Status"], job["Error"]["Type"]) == ("FAILED", "ToleratedFailuresExceeded")
    assert (job["FailedToComplete"], job["Pending"]) == (10, 0)


def test_an_api_that_ignores_the_offset_is_no_success(sent_messages: Take) -> None:
    with serving(Partner(total=30, ignores_offset=True)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert job["Status"] == "PARTIAL"
    errors = {row.error.type for row in dependencies.tasks().tasks(job["JobId"]) if row.error}
    assert errors == {"PaginationLoop"}


def test_an_api_that_shrinks_while_polled_is_reported(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": offset(10)})
        partner.total = 28
        workflow.fetch_all(step)
    workflow.process(sent_messages())
    workflow.reconcile(step["JobId"])

    job = workflow.status(step["JobId"])

    assert job["Status"] == "PARTIAL"
    assert job["Error"]["Type"] == "TotalsDisagree"
    assert job["Error"]["Message"] == "the API declared between 28 and 30 records and sent 28"


def test_a_page_repeated_across_tasks_is_no_success(sent_messages: Take) -> None:
    with serving(Partner(total=50, clamps_at=20)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    assert (job["Total"], job["RecordsReceived"], job["RecordsExpected"]) == (5, 50, 50)
    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "PaginationLoop")
    assert "task t00000003" in job["Error"]["Message"]


class FromOne(Partner):
    """Counts its records from 1, as SCIM does, and takes 0 for 1: https://www.rfc-editor.org/rfc/rfc7644 (3.4.2.4)."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        offset = max(0, int(query.get("offset", 0)) - 1)
        return super().page({**query, "offset": str(offset)}, earlier)


@pytest.mark.parametrize("threads", [1, 10])
def test_pages_counted_from_one_are_no_success(sent_messages: Take, threads: int) -> None:
    spec = {"paginator": offset(10), "max_concurrency": threads}
    with serving(FromOne(total=200)) as partner:
        job = workflow.run({**spec, "url": partner.url}, sent_messages)

    assert (job["RecordsReceived"], job["RecordsExpected"]) == (201, 200)  # the last one came behind the last page
    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "PagesOverlap")


def test_an_empty_page_among_counted_pages_is_no_success(sent_messages: Take) -> None:
    class Gap(Partner):
        def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
            rows = [int(query["page"])] if query["page"] in "13" else []
            return 200, json.dumps({"data": rows, "pages": 3}).encode()

    with serving(Gap()) as partner:
        spec = {"url": partner.url, "paginator": {"type": "page_number", "total_pages_path": "pages"}}
        job = workflow.run(spec, sent_messages)

    failed = [row for row in dependencies.tasks().tasks(job["JobId"]) if row.state is TaskState.FAILED]
    assert job["Status"] == "PARTIAL"
    assert [row.error.message for row in failed if row.error] == ["page 2 of 3 holds no records"]


class FromZero(Partner):
    """Five pages of two records, counted from 0."""

    def page(self, query: dict[str, str], earlier: int) -> tuple[int, bytes]:
        page = int(query["page"])
        rows = list(range(page * 2, min(page * 2 + 2, 10)))
        return 200, json.dumps({"data": rows, "pages": 5}).encode()


def test_pages_counted_from_zero_are_asked_for_from_there_or_said_to_be(sent_messages: Take) -> None:
    paginator = {"type": "page_number", "total_pages_path": "pages"}
    with serving(FromZero()) as partner:
        wrong = workflow.run({"url": partner.url, "paginator": paginator}, sent_messages)
        right = workflow.run({"url": partner.url, "paginator": {**paginator, "base_page": 0}}, sent_messages)

    assert (wrong["Status"], right["Status"], right["RecordsReceived"]) == ("PARTIAL", "SUCCEEDED", 10)
    assert wrong["Error"]["Message"].endswith(
        "InvalidPayload: page 5 of 5 holds no records; does the API count its pages from 0? set paginator.base_page"
    )


def test_a_deadline_ends_the_job_with_what_arrived(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = planned(partner, deadline_seconds=60)
        task = workflow.planned_tasks(step)[0]
        workflow.fetch(step["JobId"], task)
        workflow.process(sent_messages())
        change(step["JobId"], DeadlineAt=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
        asked = len(partner.requests)

        states = workflow.fetch_all(step)
        workflow.reconcile(step["JobId"])

        assert len(partner.requests) == asked
    job = workflow.status(step["JobId"])
    assert states == ["SKIPPED"] * 3
    assert (job["Status"], job["SuccessfullyCompleted"], job["FailedToComplete"]) == ("PARTIAL", 1, 2)
    assert "DeadlineExceeded" in job["Error"]["Message"]
