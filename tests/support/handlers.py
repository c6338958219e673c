"""What Lambda hands to a handler: contexts, messages of a queue, requests of the HTTP API, events of the bus."""

import json
from typing import Any

from poller.handlers import reconcile_job
from tests.support.limits import ANSWER

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:PollerWorkflow:one"


class Context:
    """What Lambda hands to a handler beside the event."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, seconds: float = 120.0) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


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


def call(handler: Any, job_id: str, **query: str) -> tuple[int, dict[str, Any]]:
    """Status and body of what a function of the HTTP API answers."""
    answer = handler.handler({"pathParameters": {"jobId": job_id}, "queryStringParameters": query}, Context())
    return answer["statusCode"], json.loads(answer["body"])


def pages_of(handler: Any, job_id: str, key: str, **query: str) -> list[list[dict[str, Any]]]:
    """What every page of a listing holds. Checks that Lambda could hand each over."""
    pages: list[list[dict[str, Any]]] = []
    while True:
        event = {"pathParameters": {"jobId": job_id}, "queryStringParameters": query}
        answer = handler.handler(event, Context())
        assert answer["statusCode"] == 200
        assert len(json.dumps(answer)) < ANSWER
        body = json.loads(answer["body"])
        pages.append(body[key])
        if body["Next"] is None:
            return pages
        query["next"] = body["Next"]


def status_change(job_id: str, status: str, execution: str = EXECUTION) -> dict[str, Any]:
    """What ReconcileJob answers when an execution ended."""
    detail = {"executionArn": execution, "status": status, "input": json.dumps({"id": job_id})}
    return reconcile_job.handler({"source": "aws.states", "detail": detail}, Context())
