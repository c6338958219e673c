"""Pointers to raw pages on ProcessPayloadQueue."""

import json
from typing import TYPE_CHECKING, Any

from poller.jobs import keys

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

_MAX_POINTER_BYTES = 1024  # a pointer has about a hundred


class PayloadQueue:
    """`client` is a boto3 SQS client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, job_id: str, task_id: str) -> None:
        """Say that a task's raw pages wait. The consumer works out where from the two ids."""
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (("jobId", job_id), ("taskId", task_id))
        }
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"JobId": job_id, "TaskId": task_id}),
            MessageAttributes=attributes,
        )


def read_pointer(record: "SQSRecord") -> tuple[str, str]:
    """The job and task that a message names, in its body and again in its attributes.

    Raises ValueError for anything else on the queue. Where the task lies is worked out from the ids alone.
    """
    if len(record.body) > _MAX_POINTER_BYTES:
        raise ValueError("the message is too long to be a pointer")
    pointer = json.loads(record.body)
    ids = pointer["JobId"], pointer["TaskId"]
    attributes = (record.message_attributes[name] for name in ("jobId", "taskId"))
    if ids != tuple(attribute.string_value if attribute else None for attribute in attributes):
        raise ValueError("the message's attributes do not name its job and task")
    if not all(map(keys.is_id, ids)):
        raise ValueError("the message does not point to a task")
    return ids
