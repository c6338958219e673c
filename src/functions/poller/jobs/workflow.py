"""Executions of PollerWorkflow."""

import json
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from poller.jobs import keys
from poller.text import iso


class Workflow:
    """`client` is a boto3 Step Functions client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start(
        self, execution_arn: str, job_id: str, requested_at: datetime, spec: dict[str, Any] | None = None
    ) -> None:
        """Start the execution of that ARN for a job that has a row; one that has no plan yet needs its `spec`.

        It is no error if it was started before.
        """
        try:
            self._client.start_execution(
                stateMachineArn=keys.state_machine(execution_arn),
                name=execution_arn.rpartition(":")[2],
                input=json.dumps({"id": job_id, "detail": spec or {}, "time": iso(requested_at)}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def stop(self, execution_arn: str, cause: str) -> None:
        """Stop the execution. It is no error if it is over or unknown."""
        try:
            self._client.stop_execution(executionArn=execution_arn, cause=cause)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ExecutionDoesNotExist", "ValidationException"):
                raise

    def status(self, execution_arn: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; MISSING where there is no such execution."""
        return str(self._describe(execution_arn).get("status", "MISSING"))

    def input(self, execution_arn: str) -> str | None:
        """What the execution was started with, as JSON; None where there is no such execution."""
        return self._describe(execution_arn).get("input")

    def _describe(self, execution_arn: str) -> dict[str, Any]:
        try:
            return dict(self._client.describe_execution(executionArn=execution_arn))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return {}
