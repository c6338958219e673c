"""GET /jobs/{jobId}/tasks."""

import json
from typing import Any

from poller.errors import Reason
from poller.handlers import dependencies
from poller.handlers.api import get_job_tasks
from poller.jobs.model import JobStatus, TaskRow, TaskState
from poller.jobs.plan import Ranges
from poller.specs.parse import parse_job_spec
from tests.support import workflow
from tests.support.handlers import call, pages_of
from tests.support.limits import LONG_ERROR, SPEC
from tests.support.partner import Partner, serving
from tests.support.rows import a_job
from tests.support.workflow import Take, offset


def ids(pages: list[list[dict[str, Any]]]) -> list[str]:
    return [task["TaskId"] for page in pages for task in page]


def test_failed_tasks_are_listed_with_a_line_to_try_them_by_hand(sent_messages: Take) -> None:
    with serving(Partner(total=30, refuses_page_from=20)) as partner:
        spec = {"url": partner.url, "paginator": offset(10), "params": {"session": "canary", "q": "a b"}}
        job = workflow.run(spec, sent_messages)

    status, body = call(get_job_tasks, job["JobId"], state="FAILED")

    (task,) = body["Tasks"]
    assert status == 200
    assert (task["TaskId"], task["FirstPage"], task["Attempts"]) == ("t00000002", 2, 1)
    assert task["Error"]["Page"] == 2
    expected_url = f"{partner.url}?session=...&q=a%20b&limit=10&offset=20"
    assert task["Request"] == f"curl --header 'Accept: application/json' '{expected_url}'"
    assert "canary" not in json.dumps(body)


def test_all_tasks_are_listed_over_pages_in_the_plan_s_order(sent_messages: Take) -> None:
    with serving(Partner(total=95)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    pages = pages_of(get_job_tasks, job["JobId"], "Tasks", limit="3")

    assert max(map(len, pages)) == 3
    assert ids(pages) == [f"t{n:08d}" for n in range(10)]


def test_failed_tasks_are_found_among_many_others_page_by_page(sent_messages: Take) -> None:
    with serving(Partner(total=200, refuses_page_from=150)) as partner:
        job = workflow.run({"url": partner.url, "paginator": offset(10)}, sent_messages)

    found = ids(pages_of(get_job_tasks, job["JobId"], "Tasks", state="FAILED", limit="2"))

    assert found == [f"t{n:08d}" for n in range(15, 20)]


def test_failed_tasks_with_the_longest_lines_come_in_pages_that_fit(aws: None) -> None:
    spec = parse_job_spec(
        {
            "url": f"https://example.com/?q={'%22' * (SPEC // 3 - 300)}",
            "paginator": {"type": "offset"},
        }
    )
    job = a_job(status=JobStatus.PARTIAL, spec=spec, plan=Ranges(120, 1, 10))
    error = Reason("UpstreamRefused", LONG_ERROR.message, 1)
    failed = [f"t{number:08d}" for number in range(120)]
    for task_id in failed:
        dependencies.tasks().transition(job, TaskRow(task_id, TaskState.FAILED, error=error))

    pages = pages_of(get_job_tasks, job.job_id, "Tasks", limit="1000")

    assert len(pages) > 1
    assert sorted(ids(pages)) == failed
    assert all(len(task["Request"]) > 60_000 for page in pages for task in page)
