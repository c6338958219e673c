"""Where the data end: seen behind the last page, and not believed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from poller.aws.s3 import Bucket
from poller.fetching import walk
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import TaskRow
from tests.support import workflow
from tests.support.faulty import raising
from tests.support.loopback import QuietHandler, listening
from tests.support.workflow import Take, change, dataset

PAGES = {"type": "page_number", "limit_param": "limit", "limit": 10}
OFFSET = {"type": "offset", "limit": 10}


class Api:
    """`rows` records in pages of ten by `offset` or `page`; `said` is what its envelope says besides.

    `refuses_from`: asked for records from there on, it answers with `status`. `quota`: so many more requests are let
    through, and all others held back for half a minute.
    """

    def __init__(self, rows: int, said: dict[str, Any], refuses_from: int | None = None, status: int = 400) -> None:
        self.rows, self.said, self.refuses_from, self.status = rows, said, refuses_from, status
        self.quota: int | None = None
        self.asked: list[int] = []

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        limit = min(10, int(query.get("limit", 10)))
        start = (int(query["page"]) - 1) * limit if "page" in query else int(query.get("offset", 0))
        self.asked.append(start)
        if self.refuses_from is not None and start >= self.refuses_from:
            return self.status, {"message": "no deeper"}
        said = {name: value(start) if callable(value) else value for name, value in self.said.items()}
        return 200, {"items": [{"n": n} for n in range(start, min(start + limit, self.rows))], **said}


@contextmanager
def served(api: Api) -> Iterator[str]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if api.quota is not None:
                api.quota -= 1
            status, body = (429, {}) if api.quota is not None and api.quota < 0 else api.answer(query)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 429:
                self.send_header("Retry-After", "30")
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as origin:
        yield f"{origin}/items"


def run(api: Api, take: Take, paginator: dict[str, Any], **spec: Any) -> dict[str, Any]:
    with served(api) as url:
        return workflow.run({"url": url, "paginator": paginator, **spec}, take)


def rows_of(job: dict[str, Any]) -> list[TaskRow]:
    return sorted(dependencies.tasks().tasks(job["JobId"]), key=lambda row: row.task_id)


def numbers(job: dict[str, Any]) -> list[int]:
    return [int(line[5:-1]) for line in dataset(job)]


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 20, 95, 250])
@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
def test_without_a_total_pages_are_asked_for_up_to_an_empty_one(
    sent_messages: Take, paginator: dict[str, Any], rows: int
) -> None:
    job = run(Api(rows, {}), sent_messages, paginator)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert numbers(job) == list(range(rows))
    assert (job["RecordsReceived"], job["RecordsExpected"], job["TotalIsFinal"]) == (rows, None, True)


@pytest.mark.parametrize("total", [10, 20, 94, 90])
@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
def test_a_total_that_is_too_low_is_passed_and_told(sent_messages: Take, paginator: dict[str, Any], total: int) -> None:
    job = run(Api(95, {"total": total}), sent_messages, paginator)

    assert job["Status"] == "SUCCEEDED"
    assert numbers(job) == list(range(95))
    assert job["Notice"]["Type"] == "TotalTooLow"


def test_a_total_of_this_page_is_passed_although_it_changes(sent_messages: Take) -> None:
    api = Api(95, {})
    api.said = {"total": lambda start: max(0, min(10, api.rows - start))}

    job = run(api, sent_messages, OFFSET)

    assert (job["Status"], numbers(job)) == ("SUCCEEDED", list(range(95)))


@pytest.mark.parametrize("status", [404, 410, 416])
def test_nothing_behind_the_last_page_is_the_end(sent_messages: Take, status: int) -> None:
    job = run(Api(30, {}, refuses_from=30, status=status), sent_messages, PAGES)

    assert (job["Status"], job["Notice"]) == ("SUCCEEDED", None)
    assert numbers(job) == list(range(30))


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refusal_behind_the_last_page_is_no_end_where_nothing_else_says_so(sent_messages: Take, status: int) -> None:
    job = run(Api(30, {}, refuses_from=30, status=status), sent_messages, PAGES)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")
    assert f"HTTP {status}" in job["Error"]["Message"]
    assert numbers(job) == list(range(30))


def test_a_refusal_is_enough_where_the_total_is_reached(sent_messages: Take) -> None:
    job = run(Api(30, {"total": 30}, refuses_from=30), sent_messages, PAGES)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)


def test_an_api_that_refuses_depth_and_says_that_there_is_more_is_split(sent_messages: Take) -> None:
    job = run(Api(95, {"total": 50, "has_more": True}, refuses_from=50), sent_messages, OFFSET)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")
    assert "split the job" in job["Error"]["Message"]
    assert numbers(job) == list(range(50))


def test_an_api_without_an_end_is_cut_and_told(sent_messages: Take) -> None:
    job = run(Api(10**9, {}), sent_messages, PAGES, maximum_pages=25)

    assert (job["Status"], job["Error"]["Type"], job["Pages"]) == ("PARTIAL", "EndNotSeen", 25)
    assert "Raise maximum_pages" in job["Error"]["Message"]
    assert numbers(job) == list(range(250))


@pytest.mark.parametrize("again", [0, 20])
def test_an_earlier_page_behind_the_last_one_is_the_end(sent_messages: Take, again: int) -> None:
    class Again(Api):
        def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
            start = int(query.get("offset", 0))
            return super().answer({**query, "offset": str(start if start < 30 else again)})

    job = run(Again(30, {}), sent_messages, OFFSET)

    assert (job["Status"], numbers(job)) == ("SUCCEEDED", list(range(30)))


def test_a_long_walk_is_cut_into_tasks_that_follow_each_other(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_PAGES", 4)

    job = run(Api(195, {}), sent_messages, OFFSET)

    rows = rows_of(job)
    assert (job["Status"], numbers(job)) == ("SUCCEEDED", list(range(195)))
    assert (job["Total"], job["SuccessfullyCompleted"], job["Pending"]) == (len(rows), len(rows), 0)
    assert len(rows) > 2
    assert [int(row.task_id[-8:]) for row in rows[1:]] == [row.goes_on_at for row in rows[:-1]]
    assert [row.end is not None for row in rows] == [False] * (len(rows) - 1) + [True]


@pytest.mark.parametrize("quota", [1, 2, 3, 7])
def test_a_walk_that_is_held_back_goes_on_where_it_was(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch, quota: int
) -> None:
    monkeypatch.setattr(walk, "_PAGES", 4)
    api = Api(95, {})

    with served(api) as url:
        step = workflow.prepare({"url": url, "paginator": OFFSET})
        job_id = step["JobId"]
        while step["NextStep"] != "DONE":
            change(job_id, NotBefore=0, ProgressAt="2026-01-01T00:00:00+00:00")  # as when the workflow has waited
            api.quota = quota
            if step["NextStep"] == "FETCH":
                workflow.fetch_all(step)
            if (batch := sent_messages())["Records"]:
                workflow.process(batch)
            step = workflow.reconcile(job_id)

    job = workflow.status(job_id)
    assert (job["Status"], numbers(job)) == ("SUCCEEDED", list(range(95)))
    assert (job["Total"], job["Pending"]) == (job["SuccessfullyCompleted"], 0)


@pytest.mark.parametrize(("relation", "status"), [("gte", "PARTIAL"), ("eq", "SUCCEEDED")])
def test_a_total_that_is_a_lower_bound_is_no_end_where_the_api_refuses_depth(
    sent_messages: Take, relation: str, status: str
) -> None:
    api = Api(50, {"total": {"value": 30, "relation": relation}}, refuses_from=30)
    with served(api) as url:
        job = workflow.run({"url": url, "paginator": {**OFFSET, "total_path": "total.value"}}, sent_messages)

    assert (job["Status"], job["RecordsReceived"]) == (status, 30)
    assert relation == "eq" or (job["Error"]["Type"], "at least 30" in job["Error"]["Message"]) == ("EndNotSeen", True)


@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
@pytest.mark.parametrize(
    ("said", "status"), [({}, "PARTIAL"), ({"total": 10}, "SUCCEEDED"), ({"total": 11}, "PARTIAL")]
)
def test_the_first_page_again_is_no_end_where_nothing_else_says_so(
    sent_messages: Take, paginator: dict[str, Any], said: dict[str, Any], status: str
) -> None:
    class Ignores(Api):
        def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
            return super().answer({"limit": "10"})

    job = run(Ignores(95, said), sent_messages, paginator)

    assert job["Status"] == status
    assert numbers(job) == list(range(10))


@pytest.mark.parametrize(("total", "status", "is_kept"), [(30, "SUCCEEDED", False), (31, "PARTIAL", True)])
def test_fingerprints_stay_only_where_a_redrive_may_look_at_them_again(
    sent_messages: Take, total: int, status: str, is_kept: bool
) -> None:
    job = run(Api(30, {"total": total}), sent_messages, OFFSET)

    rows = [row for row in rows_of(job) if row.records]
    kept = [dependencies.raw_payloads().has(keys.proof_key(job["JobId"], row.task_id, row.sha256)) for row in rows]
    assert (job["Status"], kept) == (status, [is_kept] * 3)


def test_a_job_has_succeeded_also_where_its_fingerprints_cannot_be_removed(
    sent_messages: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bucket, "delete_all", raising(ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObjects")))

    job = run(Api(30, {"total": 30}), sent_messages, OFFSET)

    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 30)


@pytest.mark.parametrize("said", [{}, {"total": 95}], ids=["no-total", "total"])
@pytest.mark.parametrize("status", [404, 416])
def test_a_short_last_page_stays_where_what_is_behind_it_is_refused(
    sent_messages: Take, status: int, said: dict[str, Any]
) -> None:
    job = run(Api(95, said, refuses_from=95, status=status), sent_messages, OFFSET)

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert numbers(job) == list(range(95))


def test_a_short_last_page_and_a_refusal_behind_it_are_no_end_where_nothing_else_says_so(sent_messages: Take) -> None:
    job = run(Api(95, {}, refuses_from=95, status=400), sent_messages, OFFSET)

    assert (job["Status"], job["Error"]["Type"]) == ("PARTIAL", "EndNotSeen")
    assert numbers(job) == list(range(95))


def test_an_api_that_fails_behind_its_total_has_sent_everything(sent_messages: Take) -> None:
    api = Api(95, {"total": 95}, refuses_from=95, status=500)

    job = run(api, sent_messages, OFFSET, retry={"max_attempts": 1})

    assert (job["Status"], job["Error"], numbers(job)) == ("SUCCEEDED", None, list(range(95)))


class Filtered(Api):
    """Records from 15 to before 45 are left out of the pages that they belong to."""

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        status, body = super().answer(query)
        return status, body | {"items": [row for row in body.get("items", []) if not 15 <= row["n"] < 45]}


VISIBLE = [*range(15), *range(45, 95)]


def more_until(end: int) -> dict[str, Any]:
    return {"has_more": lambda start: start + 10 < end}


@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
@pytest.mark.parametrize(
    ("api", "names"),
    [
        (lambda: Filtered(95, more_until(95)), {"has_more_path": "has_more"}),
        (lambda: Filtered(95, {}, refuses_from=100, status=404), {}),
        (lambda: Filtered(95, {}, refuses_from=100, status=422), {"end_status_codes": [422]}),
        (lambda: Filtered(95, {"total": 65} | more_until(95)), {"total_path": "total", "has_more_path": "has_more"}),
    ],
    ids=["flag", "404", "status", "total-of-the-visible"],
)
def test_an_empty_page_is_no_end_where_the_spec_says_so(
    sent_messages: Take, paginator: dict[str, Any], api: Callable[[], Api], names: dict[str, Any]
) -> None:
    job = run(api(), sent_messages, {**paginator, **names, "stop_on_empty": False})

    assert (job["Status"], job["Error"], job["Notice"]) == ("SUCCEEDED", None, None)
    assert numbers(job) == VISIBLE
    assert job["Proof"]["End"] == "seen"


def test_of_counted_pages_some_may_be_empty_where_the_spec_says_so(sent_messages: Take) -> None:
    pages = {**PAGES, "total_pages_path": "pages"}
    with_empty = run(Filtered(95, {"pages": 10}, 100, 404), sent_messages, {**pages, "stop_on_empty": False})
    without = run(Filtered(95, {"pages": 10}, 100, 404), sent_messages, pages)

    assert (with_empty["Status"], with_empty["Error"], numbers(with_empty)) == ("SUCCEEDED", None, VISIBLE)
    assert without["Status"] == "PARTIAL"
    assert "page 3 of 10 holds no records" in without["Error"]["Message"]


@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
def test_behind_its_total_an_empty_page_is_the_end_all_the_same(sent_messages: Take, paginator: dict[str, Any]) -> None:
    job = run(Api(30, {"total": 30}), sent_messages, {**paginator, "stop_on_empty": False})

    assert (job["Status"], job["Pages"], numbers(job)) == ("SUCCEEDED", 3, list(range(30)))


def test_an_api_that_never_says_where_its_data_end_is_cut_and_told(sent_messages: Take) -> None:
    job = run(Api(30, {}), sent_messages, {**PAGES, "stop_on_empty": False}, maximum_pages=40)

    assert (job["Status"], job["Pages"], numbers(job)) == ("PARTIAL", 40, list(range(30)))
    assert job["Error"]["Message"].startswith("maximum_pages is 40, and as many came")


@pytest.mark.parametrize("paginator", [OFFSET, PAGES], ids=["offset", "page_number"])
def test_the_first_page_may_be_empty_too(sent_messages: Take, paginator: dict[str, Any]) -> None:
    class Late(Api):
        def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
            status, body = super().answer(query)
            return status, body | {"items": [row for row in body["items"] if row["n"] >= 10]}

    job = run(
        Late(30, more_until(30)), sent_messages, {**paginator, "has_more_path": "has_more", "stop_on_empty": False}
    )

    assert (job["Status"], job["Error"], numbers(job)) == ("SUCCEEDED", None, list(range(10, 30)))
