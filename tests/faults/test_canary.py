"""Case 32: a secret is found nowhere afterwards, wherever the API repeats it."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from poller.auth.echoes import forms
from poller.handlers.api import get_job_results, get_job_tasks, list_jobs, preview_job
from tests.support import workflow
from tests.support.guarded import guarded, key
from tests.support.handlers import Context, call
from tests.support.partner import Partner
from tests.support.secrets import put_secret
from tests.support.workflow import Take, offset

CANARY = 'canary/0123456789+abc"def='
AUTH = {"type": "api_key", "secret": "orders", "name": "k", "location": "query"}

pytestmark = pytest.mark.usefixtures("executions")


def rows() -> str:
    return json.dumps(boto3.client("dynamodb").scan(TableName="PollerTasksTable")["Items"], default=str)


def objects(bucket: str) -> Iterator[str]:
    """Each object's key and text."""
    s3 = boto3.client("s3")
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        text = gzip.decompress(body) if found["Key"].endswith(".gz") else body
        yield f"{found['Key']} {text.decode(errors='replace')}"


def heard_on_the_bus() -> str:
    """The URL of a queue for all events."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["poller.jobs"]}')
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    return str(queue)


def preview_of(spec: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = preview_job.handler({"body": json.dumps(spec)}, Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_a_canary_in_the_query_is_found_nowhere(
    sent_messages: Take, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO")
    bus = heard_on_the_bus()
    with guarded(Partner(total=35, refuses_page_from=30), key("k", CANARY)) as api:
        api.echoes = True
        spec = {"url": api.url, "name": "orders", "paginator": offset(10), "auth": AUTH}
        put_secret("orders", CANARY, api.origin)
        partial = workflow.run(spec, sent_messages)
        step = workflow.prepare(spec)
        workflow.fetch_all(step)  # and not processed: its raw pages lie there
        put_secret("orders", f"wrong {CANARY}", api.origin)
        rejected = workflow.run(spec, sent_messages)
        refused = preview_of(spec)
        put_secret("orders", CANARY, api.origin)
        previewed = preview_of(spec)

    answers = [
        previewed,
        refused,
        partial,
        rejected,
        list_jobs.handler({}, Context()),
        call(get_job_results, partial["JobId"]),
    ]
    answers += [call(get_job_tasks, job_id) for job_id in (partial["JobId"], rejected["JobId"], step["JobId"])]
    places = {
        "the table": rows(),
        "raw pages": " ".join(objects("raw")),
        "the dataset": " ".join(objects("dataset")),
        "events": str(boto3.client("sqs").receive_message(QueueUrl=bus, MaxNumberOfMessages=10)["Messages"]),
        "messages": str(sent_messages()),
        "answers": json.dumps(answers, ensure_ascii=False),
        "states": json.dumps(step),
        "log records": str([vars(record) for record in caplog.records if record.name != "responses"]),  # moto's
        "streams": "".join(capfd.readouterr()) + "-",
    }
    assert (partial["Status"], rejected["Status"]) == ("PARTIAL", "REJECTED")
    assert "HTTP 401" in rejected["Error"]["Message"]
    assert '"self":' in places["raw pages"]
    assert (previewed[0], refused[0], '"self":' in previewed[1]["Response"]["Body"]) == (200, 400, True)
    assert all(places.values())
    assert [place for place, text in places.items() for form in forms(CANARY) if form in text] == []
