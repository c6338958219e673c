"""RecordUndeliveredJob: job requests that the rule could not deliver become jobs that say so."""

import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import JobRejected
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Counts, Job, JobStatus
from poller.jobs.owner import Owner
from poller.jobs.summary import shown_url

_NO_EXECUTION = "none"
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: a batch from PollerJobRuleDLQ. Answers with the ids of those to deliver again."""
    return dict(process_partial_response(event, record_job, processor, context))


def record_job(record: SQSRecord) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html: the event, and why as attributes."""
    request = json.loads(record.body)
    if not keys.is_id(request["id"]):
        raise ValueError("the message is no event")
    code, why = (_attribute(record, name) for name in ("ERROR_CODE", "ERROR_MESSAGE"))
    message = f"the job request could not be delivered to the workflow ({code or 'no code'}: {why[:300]})"
    if len(record.body.encode()) > 256 * 1024:
        message = "the job spec is larger than the 256 KiB that a workflow takes; make it smaller"
    asked = request["detail"] if isinstance(request.get("detail"), dict) else {}
    now = datetime.now(UTC)
    job = Job(
        job_id=request["id"],
        name="default",
        url=shown_url(asked.get("url")),
        status=JobStatus.REJECTED,
        owner=Owner(_NO_EXECUTION),
        started_at=datetime.fromisoformat(request["time"]),
        expires_at=int(now.timestamp()) + dependencies.settings.retention_days * 86_400,
        error=JobRejected(message).reason,
        finished_at=now,
    )
    standing = dependencies.jobs().claim(job)
    if standing.owner.execution_arn == _NO_EXECUTION:  # recorded here, now or by a call that may not have announced it
        dependencies.events().announce(standing, Counts())


def _attribute(record: SQSRecord, name: str) -> str:
    attribute = record.message_attributes[name]
    return (attribute.string_value if attribute else None) or ""
