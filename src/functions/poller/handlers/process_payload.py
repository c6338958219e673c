"""ProcessPayload: from raw pages to the dataset, one queue message a task.

The order makes every repetition harmless: the dataset object, then COMPLETE, then the raw object goes.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.errors import InvalidPayload, RetriablePollerError
from poller.handlers import resources
from poller.logic import names
from poller.logic.progress import PROCESSING_MAY_FAIL
from poller.logic.records import to_dataset
from poller.models import Job, TaskRow, TaskState

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@resources.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: a batch of SQS messages. Answers with the ids of those to deliver again."""
    return dict(process_partial_response(event, process_message, processor, context))


def process_message(record: SQSRecord) -> None:
    """Process the task that a message points to. Raises where the message should come again."""
    pointer = json.loads(record.body)
    job_id, task_id = pointer["JobId"], pointer["TaskId"]
    if not (names.is_id(job_id) and names.is_id(task_id)):
        raise ValueError("the message does not point to a task")
    resources.logger.append_keys(job_id=job_id, task_id=task_id)
    job = resources.tasks().job(job_id)
    if job is None or job.status.is_final:
        resources.logger.info("dropped: the job is over or unknown")
        return
    row = resources.tasks().task(job_id, task_id)
    if row is None or row.state is not TaskState.COMPLETE:
        _process(job, task_id)
    resources.raw_payloads().delete(names.raw_key(job_id, task_id))


def _process(job: Job, task_id: str) -> None:
    raw = resources.raw_payloads().get(names.raw_key(job.job_id, task_id))
    if raw is None:
        raise RetriablePollerError(f"the raw pages of task {task_id} are not there")
    spec, _ = job.planned
    try:
        body, records = to_dataset(raw, spec.data_selector or "@")
    except InvalidPayload as error:
        failed = TaskRow(task_id, TaskState.FAILED, error=error.as_dict())
        resources.tasks().advance(job, failed, PROCESSING_MAY_FAIL)
        return
    digest = resources.dataset().put(names.dataset_key(job.name, job.job_id, task_id), body, "application/gzip")
    complete = TaskRow(task_id, TaskState.COMPLETE, records=records, dataset_bytes=len(body), sha256=digest)
    resources.tasks().advance(job, complete)
