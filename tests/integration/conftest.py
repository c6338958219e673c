"""The stack's storage on moto, made from template.yaml, and the settings that point the handlers to it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from poller.handlers import dependencies as edges
from tests.support.template import resources


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TASKS_TABLE": "PollerTasksTable",
        "RAW_PAYLOAD_BUCKET": "raw",
        "DATASET_BUCKET": "dataset",
        "EVENT_BUS_NAME": "bus",
        "RETENTION_DAYS": "14",
        "MAX_RECEIVE_COUNT": "5",
        "ALLOW_LOOPBACK": "true",
        "ALLOWED_HOSTS": "*",
        "USER_AGENT": "api-poller/test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        create_storage(monkeypatch)
        forget_edges()
        yield
    forget_edges()


def create_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    table = resources("AWS::DynamoDB::Table")["PollerTasksTable"]["Properties"]
    boto3.client("dynamodb").create_table(
        TableName="PollerTasksTable",
        **{key: table[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")},
    )
    for bucket in ("raw", "dataset"):
        boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("events").create_event_bus(Name="bus")
    queue = boto3.client("sqs").create_queue(QueueName="ProcessPayloadQueue")
    monkeypatch.setenv("PROCESS_PAYLOAD_QUEUE_URL", queue["QueueUrl"])


def forget_edges() -> None:
    """Handlers keep their clients per worker; each test is a new worker."""
    for build in (
        edges.table,
        edges.raw_payloads,
        edges.dataset,
        edges.queue,
        edges.events,
        edges.workflow,
        edges.upstream,
    ):
        build.cache_clear()


def as_record(message: dict[str, Any], deliveries: int = 1) -> dict[str, Any]:
    """A received message as Lambda hands it over."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": str(deliveries)},
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": "String"} for name, value in attributes.items()
        },
    }


class Context:
    """What Lambda hands to a handler beside the event."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, seconds: float = 120.0) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def sent_messages(aws: None) -> Any:
    """Takes what is on the queue, in the shape of an SQS event."""

    def take() -> dict[str, Any]:
        records = []
        while (
            batch := edges.queue()
            ._client.receive_message(
                QueueUrl=edges.settings.process_payload_queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            .get("Messages")
        ):
            records += [as_record(message) for message in batch]
            for message in batch:
                edges.queue()._client.delete_message(
                    QueueUrl=edges.settings.process_payload_queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return {"Records": records}

    return take
