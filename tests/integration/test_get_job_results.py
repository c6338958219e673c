"""GET /jobs/{jobId}/results."""

import json

import boto3
import pytest

from poller.aws.s3 import Bucket
from poller.handlers import dependencies
from poller.handlers.api import get_job_results
from poller.jobs import keys
from poller.jobs.model import JobStatus
from tests.support import workflow
from tests.support.handlers import call, pages_of
from tests.support.partner import Partner, serving
from tests.support.rows import a_job
from tests.support.workflow import Take


def test_results_come_in_pages(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        spec = {"url": partner.url, "name": "orders", "paginator": {"type": "offset", "limit": 10}}
        job = workflow.run(spec, sent_messages)

    status, first = call(get_job_results, job["JobId"], limit="2")
    _, second = call(get_job_results, job["JobId"], limit="2", next=first["Next"])

    assert status == 200
    assert (first["Bucket"], first["Prefix"]) == ("dataset", f"orders/{job['JobId']}/")
    assert [item["TaskId"] for item in first["Results"] + second["Results"]] == ["t00000000", "t00000001", "t00000002"]
    assert second["Next"] is None
    assert all(item["Records"] == 10 and item["Url"].startswith("https://") for item in first["Results"])


def test_a_running_job_has_no_results_yet(sent_messages: Take) -> None:
    with serving(Partner(total=30)) as partner:
        step = workflow.prepare({"url": partner.url, "paginator": {"type": "offset", "limit": 10}})

    assert call(get_job_results, step["JobId"])[1]["Results"] == []


def test_links_with_the_longest_session_tokens_come_in_pages_that_fit(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A token has no largest size; this is several times what is seen:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
    signer = boto3.client("s3", aws_access_key_id="k", aws_secret_access_key="s", aws_session_token="/" * 4096)
    job = a_job(status=JobStatus.PARTIAL)
    objects = [{"TaskId": f"t{n:08d}", "Key": keys.dataset_key("orders", job.job_id, f"t{n:08d}"), "Records": 1,
                "Size": 1, "Sha256": "0" * 64} for n in range(1200)]  # fmt: skip
    manifest = json.dumps({"Objects": objects}).encode()
    dependencies.dataset().put(keys.manifest_key("orders", job.job_id), manifest, "application/json")

    with monkeypatch.context() as patch:
        patch.setattr(dependencies, "dataset", lambda: Bucket(signer, "dataset"))
        pages = pages_of(get_job_results, job.job_id, "Results", limit="1000")

    assert len(pages[0]) < 1000
    assert [item["TaskId"] for page in pages for item in page] == [o["TaskId"] for o in objects]
