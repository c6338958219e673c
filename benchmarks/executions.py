"""Following a job's execution at the emulator itself: a client looks too seldom for what takes a second."""

import time
from typing import Any

from tests.support.local_stack import LocalStack

_LOOK_SECONDS = 0.05
_NEWEST = 5  # executions among which the job's is looked for


def follow(stack: LocalStack, state_machine: str, job_id: str) -> None:
    """Return when the execution that the job's event has started is over. Raises AssertionError if it went wrong.

    `state_machine` is its name.
    """
    workflows = stack.aws("stepfunctions")
    machines = workflows.list_state_machines()["stateMachines"]
    (arn,) = (machine["stateMachineArn"] for machine in machines if machine["name"] == state_machine)
    execution = _started(workflows, arn, job_id)
    while (status := workflows.describe_execution(executionArn=execution)["status"]) == "RUNNING":
        time.sleep(_LOOK_SECONDS)
    if status != "SUCCEEDED":
        raise AssertionError(f"the workflow of job {job_id} ended {status}")


def wait_until_empty(stack: LocalStack, queue_url: str) -> None:
    """Return when no message of the queue is waiting or in the hands of its consumer."""
    queues = stack.aws("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    while any(map(int, queues.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"].values())):
        time.sleep(_LOOK_SECONDS)


def _started(workflows: Any, machine_arn: str, job_id: str) -> str:
    while True:
        for execution in workflows.list_executions(stateMachineArn=machine_arn, maxResults=_NEWEST)["executions"]:
            arn = str(execution["executionArn"])
            if job_id in workflows.describe_execution(executionArn=arn)["input"]:
                return arn
        time.sleep(_LOOK_SECONDS)
