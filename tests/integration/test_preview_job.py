"""What a job would find, without one: a real API on loopback, and storage that stays empty."""

import json
import time
from typing import Any

import boto3
import pytest

from poller.handlers import dependencies
from poller.handlers.api import preview_job
from tests.support import workflow
from tests.support.handlers import Context
from tests.support.partner import Partner, answering, serving
from tests.support.workflow import offset


def preview(spec: Any, seconds: float = 25) -> tuple[int, dict[str, Any]]:
    body = spec if isinstance(spec, str) else json.dumps(spec)
    answer = preview_job.handler({"body": body}, Context(seconds))
    return answer["statusCode"], json.loads(answer["body"])


def what_is_stored() -> list[Any]:
    s3 = boto3.client("s3")
    objects = [s3.list_objects_v2(Bucket=bucket).get("Contents", []) for bucket in ("raw", "dataset")]
    return [boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"], *objects]


def test_the_first_page_the_plan_and_what_it_takes_are_shown_and_nothing_is_stored(executions: dict[str, str]) -> None:
    with serving(Partner(total=95)) as partner:
        status, found = preview({"url": partner.url, "paginator": offset(10), "name": "orders"})

    assert status == 200
    assert len(partner.requests) == 1
    assert found["Request"]["Url"] == f"{partner.url}?limit=10&offset=0"
    assert found["Request"]["Curl"].startswith("curl --header 'Accept: application/json'")
    assert (found["Response"]["Status"], found["Response"]["Headers"]["content-type"]) == (200, "application/json")
    assert found["Response"]["Body"].startswith('{"data"')
    assert (found["Records"], found["RecordsExpected"], found["Pages"], found["Requests"]) == (10, 95, 10, 13)
    assert (found["Paginator"], found["IsWalk"]) == ({"Type": "offset", "Evidence": None}, False)
    assert found["Sample"] == workflow.expected(3)
    assert (found["Key"], found["Columns"], found["DataSelector"]) == (["id"], None, "data")
    assert found["Tasks"] > 0
    assert found["Seconds"] >= 1
    assert 0 < found["Dollars"] < 0.1
    assert what_is_stored() == [[], [], []]
    assert len(executions) == 1


def test_the_spec_that_it_shows_runs_as_it_is(sent_messages: workflow.Take) -> None:
    with serving(Partner(total=25)) as partner:
        _, found = preview({"url": f"{partner.url}?limit=10&offset=0", "name": "orders"})
        job = workflow.run(found["Spec"], sent_messages)

    assert found["Paginator"]["Type"] == "offset"
    assert found["Paginator"]["Evidence"]
    assert found["Spec"]["paginator"]["type"] == "offset"
    assert (job["Status"], job["Detected"], job["RecordsReceived"]) == ("SUCCEEDED", None, 25)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "the job spec is null; it must be an object"),
        ("[]", "the job spec is a list; it must be an object"),
        ('{"url": NaN}', "the body is no JSON"),
        ({}, "url is missing"),
        ({"url": "https://x.example.com", "maximum_pages": 0}, "maximum_pages must be a whole number from 1"),
        ({"url": "https://169.254.169.254/"}, "169.254.169.254"),
    ],
    ids=["nothing", "list", "NaN", "no url", "field", "address"],
)
def test_a_wrong_spec_is_refused_as_a_job_would_be(aws: None, spec: Any, said: str) -> None:
    status, found = preview(spec)

    assert status == 400
    assert said in found["message"]


def test_what_the_api_refuses_is_told_in_the_words_of_a_job(sent_messages: workflow.Take) -> None:
    with serving(Partner(status=404, body=b'{"message": "no such list"}')) as partner:
        spec = {"url": partner.url, "paginator": offset(10)}
        status, found = preview(spec)
        job = workflow.run(spec, sent_messages)

    assert status == 400
    assert found["Error"] == job["Error"]
    assert "no such list" in found["message"]


def test_an_api_that_is_down_is_waited_for_as_long_as_a_preview_may_take(aws: None) -> None:
    with serving(Partner(status=503, body=b"{}")) as partner:
        status, found = preview({"url": partner.url}, seconds=dependencies.QUICK_SECONDS + 1.5)

    assert (status, found["Error"]["Type"]) == (400, "RetriablePollerError")
    assert "the first page did not come within the time of a preview" in found["message"]
    assert "503" in found["message"]


def test_an_api_that_never_answers_is_not_waited_for_longer_than_a_caller_waits(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "QUICK_SECONDS", 0.2)
    with answering(slowly) as (url, _):
        status, found = preview({"url": url, "retry": {"max_attempts": 1}})

    assert (status, found["Error"]["Type"]) == (400, "UpstreamUnavailable")


def slowly(*_: int) -> tuple[dict[str, Any], dict[str, str]]:
    time.sleep(1)
    return {"data": []}, {}


def test_a_walk_of_unknown_length_says_so(aws: None) -> None:
    with answering(lambda *_: ({"data": [{"id": 1}], "next": "c2"}, {})) as (url, _):
        paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "offset"}
        _, found = preview({"url": url, "paginator": paginator})

    assert (found["IsWalk"], found["Pages"], found["Dollars"]) == (True, None, None)
    assert any("does not say how much there is" in warning for warning in found["Warnings"])


def test_columns_of_a_table_are_shown(aws: None) -> None:
    with serving(Partner(total=5)) as partner:
        _, found = preview({"url": partner.url, "paginator": offset(10), "output": "csv"})

    assert found["Columns"][0] == "id"


def test_of_a_job_with_partitions_one_is_shown(aws: None) -> None:
    partitions = [{"type": "list", "name": "country", "values": ["de", "fr"]}]
    with serving(Partner(total=25)) as partner:
        spec = {"url": f"{partner.url}/{{country}}", "paginator": offset(10), "partitions": partitions}
        _, found = preview(spec)

    assert (found["Partitions"], found["Pages"], found["Spec"]["url"]) == (2, None, spec["url"])
    assert "/de?" in found["Request"]["Url"]
    assert any("one partition of many" in warning for warning in found["Warnings"])
