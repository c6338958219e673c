"""Pointers to raw pages on ProcessPayloadQueue."""

import json
from typing import Any


class PayloadQueue:
    """`client` is a botocore SQS client."""

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
