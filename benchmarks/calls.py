"""What a job called, counted by the emulator's IAM evaluator (`POLLER_IAM_LOG`, see `laptop_aws/iam/recording.py`)."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Who calls for each task, and who for the job as a whole; everybody else waits for the job, and need not.
_TASKS = {"FetchPayloadRole": "fetch", "ProcessPayloadRole": "process"}
_JOB = {"PollerHttpApiRole", "PollerJobRuleRole", "PreparePollerJobRole", "ReconcileJobRole"}
_WORKFLOW = "PollerWorkflowRole"


@dataclass(frozen=True)
class Calls:
    """Calls by IAM action: of one task, by who makes them ("fetch", "process", "workflow"); and of the job beside."""

    task: Mapping[str, Mapping[str, float]]
    job: Mapping[str, float]


def count(lines: Iterable[str], tasks: int) -> Calls:
    """Sort the decisions about a job of `tasks` tasks. Raises AssertionError for a call that was denied."""
    task: dict[str, Counter[str]] = {"fetch": Counter(), "process": Counter(), "workflow": Counter()}
    job: Counter[str] = Counter()
    for decision in map(json.loads, lines):
        if not decision["allowed"]:
            raise AssertionError(f"denied: {decision}")
        role, action, calls = _logical(decision["role"]), decision["action"], decision["count"]
        if role in _TASKS:
            task[_TASKS[role]][action] += calls
        elif role == _WORKFLOW and (action == "states:StartExecution" or "FetchPayload" in decision["resource"]):
            task["workflow"][action] += calls
        elif role == _WORKFLOW or role in _JOB:
            job[action] += calls
    # Lambda calls a consumer for each batch that it received; nobody's role is asked.
    task["process"]["lambda:InvokeFunction"] = task["process"]["sqs:ReceiveMessage"]
    return Calls({who: {action: n / tasks for action, n in calls.items()} for who, calls in task.items()}, job)


def _logical(role: str) -> str:
    """`GetJobRole` of `poller-GetJobRole-1A2B3C`; a service's name as it is."""
    return role.split("-")[1] if role.count("-") == 2 else role
