"""RecordUnprocessedTask: a task whose message was given up becomes FAILED, also where nobody saw its processing fail.

ProcessPayload fails a task at its last delivery itself, where it can. A time-out, a lack of memory and throttling are
no exceptions: only the dead-letter queue knows of them.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import ErrorType, Reason
from poller.handlers import dependencies
from poller.jobs.model import TaskRow, TaskState
from poller.jobs.queue import read_pointer
from poller.jobs.task_state import WAITING_FOR_PROCESSING

_REASON = Reason(
    ErrorType.PROCESSING_FAILED,
    "its processing ended at no delivery: timed out, out of memory or throttled; the logs of ProcessPayload say which",
)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: a batch from ProcessPayloadDLQ. Answers with the ids of those to deliver again."""
    return dict(process_partial_response(event, record_task, processor, context))


def record_task(record: SQSRecord) -> None:
    """Fail the task that a message points to. Raises where the message should stay on the queue."""
    job_id, task_id = read_pointer(record)
    dependencies.logger.append_keys(job_id=job_id, task_id=task_id)
    job = dependencies.jobs().job(job_id)
    row = dependencies.tasks().task(job_id, task_id) if job else None
    if job is None or job.status.is_final or row is None or row.state not in WAITING_FOR_PROCESSING:
        dependencies.logger.info("dropped: the task does not wait for processing")
        return
    failed = TaskRow(task_id, TaskState.FAILED, error=_REASON, lost=max(1, row.pages))
    dependencies.tasks().transition(job, failed, WAITING_FOR_PROCESSING)
    dependencies.logger.warning("the task failed", extra={"error": _REASON.as_dict()})
