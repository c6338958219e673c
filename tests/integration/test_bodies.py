"""Jobs whose pages are asked for in a body."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from poller.handlers.api import get_job_tasks
from tests.support import workflow
from tests.support.handlers import call
from tests.support.loopback import QuietHandler, listening
from tests.support.partner import record
from tests.support.workflow import Take, dataset, expected


@contextmanager
def searched(total: int, broken: int | None = None) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """An API that is searched by POST: `page` or `from`, and `size`, in the body; and what it is asked with."""
    asked: list[tuple[str, Any]] = []

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((str(self.headers["Content-Type"]), sent))
            paging = sent["paging"]
            start = paging["from"] if "from" in paging else (paging["page"] - 1) * 10
            rows = [record(n) for n in range(start, min(start + min(10, paging.get("size", 10)), total))]
            body = json.dumps({"rows": rows, "total": total}).encode()
            self.send_response(500 if start == broken else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as origin:
        yield f"{origin}/search", asked


PAGES = {"type": "page_number", "page_body_path": "paging.page"}
OFFSETS = {"type": "offset", "limit": 10, "offset_body_path": "paging.from", "limit_body_path": "paging.size"}


@pytest.mark.parametrize(("paginator", "first"), [(PAGES, {"page": 1}), (OFFSETS, {"from": 0, "size": 10})])
def test_a_page_is_asked_for_in_the_body(sent_messages: Take, paginator: dict[str, Any], first: dict[str, int]) -> None:
    with searched(35) as (url, asked):
        spec = {"url": url, "method": "POST", "json": {"query": {"name": "ü"}}, "paginator": paginator}
        job = workflow.run(spec, sent_messages)

    assert (job["Status"], job["Error"]) == ("SUCCEEDED", None)
    assert dataset(job) == expected(35)
    assert asked[0] == ("application/json", {"query": {"name": "ü"}, "paging": first})


def test_a_page_that_failed_can_be_tried_by_hand_without_what_may_be_secret(sent_messages: Take) -> None:
    with searched(35, broken=20) as (url, _):
        sent = {"pageToken": "canary", "query": "it's"}
        spec = {"url": url, "method": "POST", "json": sent, "paginator": PAGES, "retry": {"max_attempts": 1}}
        step = workflow.prepare(spec)
        for _ in range(3):
            for task in workflow.planned_tasks(step):
                workflow.fetch(step["JobId"], task)
        _, shown = call(get_job_tasks, step["JobId"], state="FAILED")

    (task,) = shown["Tasks"]
    assert task["Request"].startswith(
        "curl --header 'Accept: application/json' --header 'Content-Type: application/json' --data "
    )
    assert '"paging":{"page":3}' in task["Request"]
    assert "canary" not in task["Request"]
