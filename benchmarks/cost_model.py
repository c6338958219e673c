"""What a million pages cost: from counted calls and stated assumptions to AWS's bill. Pure: figures in, dollars out.

List prices are those of `poller.jobs.estimate`. Storage of the dataset, data transfer and what an idle stack costs are
not in it. That a Distributed Map's child costs its parent one transition:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from poller.jobs.estimate import PRICES, VCPU_GB

# A call in units. Every write is half of a transaction on small items, which costs two units, or a job's own row of
# up to two KB. A counted job is read with its eight counters; rows of tasks have less than 500 bytes, so that a read
# unit's 4 KB hold eight. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
_UNITS = {
    "dynamodb:PutItem": ("dynamodb write units", 2),
    "dynamodb:UpdateItem": ("dynamodb write units", 2),
    "dynamodb:GetItem": ("dynamodb read units", 1),
    "dynamodb:BatchGetItem": ("dynamodb read units", 9),
    "s3:PutObject": ("s3 puts", 1),
    "s3:GetObject": ("s3 gets", 1),
    "s3:ListBucket": ("s3 puts", 1),  # a LIST costs what a PUT does
    "sqs:SendMessage": ("sqs requests", 1),
    "sqs:ReceiveMessage": ("sqs requests", 1),
    "sqs:DeleteMessage": ("sqs requests", 1),
    "events:PutEvents": ("events", 1),
    "lambda:InvokeFunction": ("lambda requests", 1),
}
# Billed in other ways: a query by the rows it reads, an execution by its transitions or its duration.
_FREE = {"s3:DeleteObject", "sqs:GetQueueAttributes", "dynamodb:Query", "states:StartExecution"}
_ROWS_A_READ_UNIT = 8
_READERS = 8  # calls that ReconcileJob has in flight when it reads fingerprints
_FINGERPRINT_GB = 8e-9
_DAYS_A_MONTH = 30.4
_EXPRESS_GB = 0.0625  # an Express execution is billed for memory in steps of 64 MB
_LOG_GB_AN_INVOCATION = 1e-6  # Lambda's own start and report lines; functions log nothing about a task that goes well


@dataclass(frozen=True)
class Work:
    """What a local run cannot tell, and where it comes from.

    `latency_seconds`: of the partner, assumed. `fetch_cpu_seconds`, `process_cpu_seconds`: of one page, measured.
    `call_seconds`: an AWS call from a function, assumed. `fingerprint_cpu_seconds`, `check_cpu_seconds`: of one record,
    measured; the former are a part of `process_cpu_seconds`. The rest is the plan's and the template's.
    """

    latency_seconds: float
    fetch_cpu_seconds: float
    process_cpu_seconds: float
    pages_per_task: int
    threads: int
    fetch_memory_gb: float
    process_memory_gb: float
    call_seconds: float = 0.01
    records_per_page: int = 0
    fingerprint_cpu_seconds: float = 0
    check_cpu_seconds: float = 0
    check_memory_gb: float = 1
    kept_days: int = 0

    @property
    def fetch_seconds(self) -> float:
        """Of one task: rounds of requests, then processor time at the share of a vCPU that the memory brings."""
        waiting = ceil(self.pages_per_task / self.threads) * self.latency_seconds
        return waiting + self.pages_per_task * self.fetch_cpu_seconds * VCPU_GB / self.fetch_memory_gb

    @property
    def process_seconds(self) -> float:
        return self.pages_per_task * self.process_cpu_seconds * VCPU_GB / self.process_memory_gb


def units(calls: Mapping[str, float]) -> defaultdict[str, float]:
    """Calls by IAM action, in billed units. Raises KeyError for an action whose price nobody thought of."""
    found: defaultdict[str, float] = defaultdict(float)
    for action, count in calls.items():
        if action not in _FREE:
            unit, each = _UNITS[action]
            found[unit] += count * each
    return found


def bill(
    pages: int,
    task_calls: Mapping[str, Mapping[str, float]],
    job_calls: Mapping[str, float],
    job_transitions: float,
    work: Work,
) -> dict[str, float]:
    """Dollars by unit for a job of `pages`.

    `task_calls`: calls a task by IAM action, of "fetch", "process" and the "workflow" that starts the child.
    `job_calls` and `job_transitions`: what the job costs beside its tasks.
    """
    tasks = ceil(pages / work.pages_per_task)
    seconds = {
        "fetch": work.fetch_seconds + work.call_seconds * sum(task_calls["fetch"].values()),
        "process": work.process_seconds + work.call_seconds * sum(task_calls["process"].values()),
    }
    used = units(job_calls)
    for calls in task_calls.values():
        for unit, amount in units(calls).items():
            used[unit] += amount * tasks
    used["standard transitions"] += job_transitions + tasks
    used["express requests"] += tasks
    used["express GB-seconds"] += tasks * _EXPRESS_GB * ceil(seconds["fetch"] * 10) / 10  # in steps of 100 ms
    used["lambda GB-seconds"] += tasks * seconds["fetch"] * work.fetch_memory_gb
    used["lambda GB-seconds"] += tasks * seconds["process"] * work.process_memory_gb
    used["dynamodb read units"] += tasks / _ROWS_A_READ_UNIT  # once, for the manifest
    for unit, amount in _check_units(tasks, work).items():
        used[unit] += amount
    used["log GB"] += used["lambda requests"] * _LOG_GB_AN_INVOCATION
    used["traces"] += used["lambda requests"]  # at most: X-Ray samples
    return _priced(used)


def proof_of(pages: int, work: Work) -> dict[str, float]:
    """Dollars by unit, of those in the bill, for the proof that every record came once: fingerprints are made, put,
    kept, read and looked at.
    """
    tasks = ceil(pages / work.pages_per_task)
    records = tasks * work.pages_per_task * work.records_per_page
    made = records * work.fingerprint_cpu_seconds * VCPU_GB / work.process_memory_gb + tasks * work.call_seconds
    used = _check_units(tasks, work)
    used["s3 puts"] = tasks
    used["lambda GB-seconds"] += made * work.process_memory_gb
    return _priced(used)


def _check_units(tasks: int, work: Work) -> dict[str, float]:
    """What ReconcileJob reads at the end of a job, the time that it takes, and what is kept for it."""
    records = tasks * work.pages_per_task * work.records_per_page
    share = min(1.0, work.check_memory_gb / VCPU_GB)
    seconds = records * work.check_cpu_seconds / share + tasks * work.call_seconds / _READERS
    return {
        "s3 gets": tasks,
        "s3 GB-months": records * _FINGERPRINT_GB * work.kept_days / _DAYS_A_MONTH,
        "lambda GB-seconds": seconds * work.check_memory_gb,
    }


def _priced(used: Mapping[str, float]) -> dict[str, float]:
    return {unit: amount * PRICES[unit] for unit, amount in used.items()}
