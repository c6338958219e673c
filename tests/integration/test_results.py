"""GET /jobs/{jobId}/results."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from poller.handlers.api import get_job, get_job_results
from tests.integration import workflow
from tests.integration.partner import Partner, serving

Take = Callable[[], dict[str, Any]]


def results(job_id: str, **query: str) -> tuple[int, dict[str, Any]]:
    event = {"pathParameters": {"jobId": job_id}, "queryStringParameters": query}
    answer = get_job_results.handler(event, workflow.Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_results_come_in_pages(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        spec = {"url": partner.url, "name": "orders", "paginator": {"type": "offset", "limit": 10}}
        job = workflow.run(spec, sent_messages)

    status, first = results(job["JobId"], limit="2")
    _, second = results(job["JobId"], limit="2", next=first["Next"])

    assert status == 200
    assert (first["Bucket"], first["Prefix"]) == ("dataset", f"orders/{job['JobId']}/")
    assert [item["TaskId"] for item in first["Results"] + second["Results"]] == ["t00000000", "t00000001", "t00000002"]
    assert second["Next"] is None
    assert all(item["Records"] == 10 and item["Url"].startswith("https://") for item in first["Results"])


def test_a_running_job_has_no_results_yet(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": {"type": "offset", "limit": 10}})

    assert results(step["JobId"])[1]["Results"] == []


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "many"}, {"limit": "1001"}, {"next": "-1"}])
def test_parameters_out_of_range_are_refused(sent_messages: Take, query: dict[str, str]) -> None:
    status, body = results("0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001", **query)

    assert status == 400
    assert body["message"].startswith(next(iter(query)))


@pytest.mark.parametrize("job_id", ["0b9a2a44-2f50-4f1e-8a38-5d2ff2b9a001", "x#0", "../../etc", ""])
def test_an_unknown_job_is_not_found(sent_messages: Take, job_id: str) -> None:
    status, body = results(job_id)
    summary = get_job.handler({"pathParameters": {"jobId": job_id}}, workflow.Context())

    assert (status, summary["statusCode"]) == (404, 404)
    assert body["message"].startswith("Job ")
    assert body["message"].endswith(" not found")
