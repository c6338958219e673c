"""AWS's limits, and the largest input there is."""

from datetime import UTC, datetime
from typing import Any

from poller.errors import MAX_MESSAGE, Reason
from poller.jobs import rows
from poller.jobs.model import Job, JobStatus
from poller.jobs.owner import Owner
from poller.specs.parse import MAX_SPEC_BYTES, parse_job_spec

STATE = 262_144  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
EVENT = 256 * 1024  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MESSAGE = 256 * 1024  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
ROW = 400 * 1024  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
ANSWER = 6 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
SPEC = MAX_SPEC_BYTES
LONG_ERROR = Reason("E" * 256, "\U0001f600" * MAX_MESSAGE)  # 12 bytes a character, escaped as JSON


def spec_of(size: int, url: str) -> dict[str, Any]:
    """A spec that takes `size` bytes to store."""
    raw: dict[str, Any] = {"url": url, "retry": {"retry_after_headers": ["x"]}, "paginator": "single_page"}
    job = Job("j", "n", JobStatus.PENDING, Owner("e"), datetime(2026, 1, 1, tzinfo=UTC), 0, spec=parse_job_spec(raw))
    missing = size - len(str(rows.from_job(job)["Spec"]))
    return {**raw, "retry": {"retry_after_headers": ["x" * (1 + missing)]}}
