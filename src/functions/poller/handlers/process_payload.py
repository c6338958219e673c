"""ProcessPayload: from raw pages to the dataset, one queue message a task.

The order makes every repetition harmless: the dataset object, the fingerprints of its records, then COMPLETE, then the
raw object goes.
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from poller.datasets.csv_table import CsvTable
from poller.datasets.records import to_dataset
from poller.errors import ErrorType, InvalidPayload, Reason, RetriablePollerError
from poller.handlers import dependencies
from poller.jobs import keys
from poller.jobs.model import Job, TaskRow, TaskState
from poller.jobs.queue import read_pointer
from poller.jobs.task_state import PROCESSING_MAY_FAIL
from poller.specs.output import Csv
from poller.text import counted

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dependencies.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`event`: a batch of SQS messages. Answers with the ids of those to deliver again."""
    return dict(process_partial_response(event, process_message, processor, context))


def process_message(record: SQSRecord) -> None:
    """Process the task that a message points to. Raises where the message should come again."""
    job_id, task_id = read_pointer(record)
    dependencies.logger.append_keys(job_id=job_id, task_id=task_id)
    job = dependencies.jobs().job(job_id)
    row = dependencies.tasks().task(job_id, task_id) if job else None
    if row and row.state is TaskState.COMPLETE:
        dependencies.raw_payloads().delete(keys.raw_key(job_id, task_id, row.raw))
    elif job is None or job.status.is_final or job.stop is not None:
        dependencies.logger.info("dropped: the job is over or unknown")  # a redrive finds the raw pages
    elif row is None or not row.raw:
        dependencies.logger.info("dropped: the task is fetched again, and then sends a message of its own")
    else:
        deliveries = int(record.attributes.approximate_receive_count)
        _process_or_fail(job, row, last_delivery=deliveries >= dependencies.settings.max_receive_count)


def _process_or_fail(job: Job, row: TaskRow, last_delivery: bool) -> None:
    try:
        _process(job, row)
    except InvalidPayload as error:
        _fail(job, row, error.reason)
    except Exception as error:
        if last_delivery:  # the message goes to the dead-letter queue: the job should know
            times = counted(dependencies.settings.max_receive_count, "time")
            message = f"processing failed {times}: {type(error).__name__}"
            _fail(job, row, Reason(ErrorType.PROCESSING_FAILED, message))
        raise


def _process(job: Job, row: TaskRow) -> None:
    task_id, key = row.task_id, keys.raw_key(job.job_id, row.task_id, row.raw)
    raw = dependencies.raw_payloads().get(key)
    if raw is None:
        now = dependencies.tasks().task(job.job_id, task_id)
        if now and now.state is TaskState.COMPLETE:
            return  # another consumer of the same message was faster
        raise RetriablePollerError(f"the raw pages of task {task_id} are not there")
    opening = dependencies.tasks().opening_of(job.job_id, row)
    spec, output = job.resolved_spec, job.resolved_spec.output
    selector = opening.data_selector if opening else spec.data_selector
    table = CsvTable(output) if isinstance(output, Csv) else None
    part = to_dataset(raw, selector or "@", job.record_key, table, spec.incremental)
    place = keys.dataset_key(job.name, job.job_id, task_id, output.SUFFIX)
    digest = dependencies.dataset().put(place, part.body, "application/gzip")
    if part.records:
        proof = keys.proof_key(job.job_id, task_id, digest)
        dependencies.raw_payloads().put(proof, part.fingerprints.body, "application/octet-stream")
    complete = TaskRow(
        task_id,
        TaskState.COMPLETE,
        records=part.records,
        dataset_bytes=len(part.body),
        sha256=digest,
        keyless=part.fingerprints.keyless,
        left_out=part.left_out,
        reached=part.high_water.reached,
        cursorless=part.high_water.cursorless,
    )
    dependencies.tasks().transition(job, complete)
    dependencies.raw_payloads().delete(key)


def _fail(job: Job, row: TaskRow, reason: Reason) -> None:
    dependencies.logger.warning("the task failed", extra={"error": reason.as_dict()})
    failed = TaskRow(row.task_id, TaskState.FAILED, error=reason, lost=max(1, row.pages))
    dependencies.tasks().transition(job, failed, PROCESSING_MAY_FAIL)
