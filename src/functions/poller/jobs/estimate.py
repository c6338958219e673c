"""What a job will take, by its first page and its plan: requests, time and dollars. Rough on purpose: nobody knows how
the API will answer the other pages.

List prices of us-east-1 without free tiers, noted in November 2026:

- https://aws.amazon.com/step-functions/pricing/, https://aws.amazon.com/lambda/pricing/ (arm64)
- https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/s3/pricing/
- https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/eventbridge/pricing/
- https://aws.amazon.com/cloudwatch/pricing/, https://aws.amazon.com/xray/pricing/
"""

from dataclasses import dataclass
from math import ceil

from poller.fetching import chain
from poller.jobs.plan import Ranges
from poller.jobs.planning import Planned

PRICES = {
    "standard transitions": 25.00e-6,
    "express requests": 1.00e-6,
    "express GB-seconds": 16.67e-6,
    "lambda requests": 0.20e-6,
    "lambda GB-seconds": 13.3334e-6,
    "dynamodb write units": 0.625e-6,
    "dynamodb read units": 0.125e-6,
    "s3 puts": 5.00e-6,
    "s3 gets": 0.40e-6,
    "s3 GB-months": 0.023,
    "sqs requests": 0.40e-6,
    "events": 1.00e-6,
    "log GB": 0.50,
    "traces": 5.00e-6,
}
"""Dollars a unit."""
VCPU_GB = 1.769
"""The memory that comes with one: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
# What a task takes, and a job beside its tasks: four transitions of two writes and two units each, and counters.
_OF_A_TASK = {
    "standard transitions": 1, "express requests": 1, "lambda requests": 2, "traces": 2, "dynamodb write units": 18,
    "dynamodb read units": 12, "s3 puts": 3, "s3 gets": 3, "sqs requests": 3,
}  # fmt: skip
_OF_A_JOB = {"standard transitions": 50, "lambda requests": 10, "s3 puts": 5, "events": 2, "dynamodb write units": 100}
_FETCH_GB = 1.0  # FetchPayload's memory: it is paid for while it waits for the API
_CPU_SECONDS_A_MEGABYTE = 0.3  # of a vCPU, to fetch it and make records of it
_TASK_SECONDS = 0.5  # to begin one, to store it and to hand it on
_JOB_SECONDS = 8  # to plan it, and to see that it is whole
_LOOKS = 3  # requests beside the pages: the first look, behind the last page, and at the first page again


@dataclass(frozen=True, slots=True)
class Estimate:
    """None where the API does not say how much there is."""

    pages: int | None
    tasks: int | None
    requests: int | None
    seconds: int | None
    dollars: float | None


def estimate(planned: Planned, rows: int, page_bytes: int, page_seconds: float) -> Estimate:
    """Of a job whose first page had so many `rows` and bytes, and took so long."""
    if isinstance(planned.plan, Ranges):
        pages, in_flight, tasks = planned.plan.pages, planned.threads * planned.map_concurrency, len(planned.plan)
        if not planned.is_declared and planned.plan.is_open:
            return Estimate(None, None, None, None, None)
    elif planned.records is not None and rows:
        pages, in_flight = ceil(planned.records / rows), 1
        tasks = ceil(pages / chain.MAX_PAGES)
    else:
        return Estimate(None, None, None, None, None)
    limit = planned.spec.rate_limit
    paced = pages * limit.seconds / limit.requests if limit else 0.0
    seconds = _JOB_SECONDS + max(paced, ceil(pages / in_flight) * page_seconds)
    seconds += _TASK_SECONDS * ceil(tasks / planned.map_concurrency)
    busy = pages * page_seconds / planned.threads * _FETCH_GB + _TASK_SECONDS * tasks
    busy += pages * page_bytes / 1e6 * _CPU_SECONDS_A_MEGABYTE * VCPU_GB
    dollars = busy * PRICES["lambda GB-seconds"] + tasks * _priced(_OF_A_TASK) + _priced(_OF_A_JOB)
    return Estimate(pages, tasks, pages + _LOOKS, ceil(seconds), round(dollars, 4))


def _priced(units: dict[str, int]) -> float:
    return sum(PRICES[unit] * amount for unit, amount in units.items())
