"""The stack's storage on moto, made from template.yaml, and the settings that point the handlers to it."""

import boto3
import pytest

from poller.handlers import dependencies
from tests.support.template import resources

SETTINGS = {
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
    "SECRETS_PREFIX": "poller/",
    "USER_AGENT": "api-poller/test",
    "WORKFLOW_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:PollerWorkflow",
    "SCHEDULE_GROUP": "sources",
    "SCHEDULE_TARGET_ARN": "arn:aws:lambda:us-east-1:123456789012:function:StartSourceRun",
    "SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/SourceScheduleRole",
    "SCHEDULE_DLQ_ARN": "arn:aws:sqs:us-east-1:123456789012:ExecutionEndedDLQ",
}


def create_table() -> None:
    table = resources("AWS::DynamoDB::Table")["PollerTasksTable"]["Properties"]
    boto3.client("dynamodb").create_table(
        TableName="PollerTasksTable",
        **{key: table[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")},
    )


def empty_table() -> None:
    """For a test that runs many jobs: moto copies all rows in each transaction."""
    boto3.client("dynamodb").delete_table(TableName="PollerTasksTable")
    create_table()


def create_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    create_table()
    for bucket in ("raw", "dataset"):
        boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("events").create_event_bus(Name="bus")
    queue = boto3.client("sqs").create_queue(QueueName="ProcessPayloadQueue")
    monkeypatch.setenv("PROCESS_PAYLOAD_QUEUE_URL", queue["QueueUrl"])


def forget_clients() -> None:
    """Handlers keep their clients per worker; each test is a new worker."""
    for build in (
        dependencies.table,
        dependencies.raw_payloads,
        dependencies.dataset,
        dependencies.queue,
        dependencies.events,
        dependencies.workflow,
        dependencies.upstream,
        dependencies.access,
        dependencies.schedules,
        dependencies.quick_access,
    ):
        build.cache_clear()
