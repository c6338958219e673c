"""An event that a rule cannot deliver goes to the dead-letter queue of the rule's target.

AWS: errors that no retry can mend (a target that is gone, an input that it refuses) skip the retry
policy; the event goes to the queue in the target's DeadLetterConfig as it is, with the reason in message
attributes. The event's id is the one that PutEvents answered.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
An execution's input has at most 262,144 bytes, and a function is invoked asynchronously: Lambda itself
tries twice more when it fails.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

MiniStack logs a failed delivery and drops the event, and invokes a function once. Here the dispatchers to
state machines, queues and functions report failures to a list that ``_invoke_target`` opens for each
delivery. All failures that can happen within one process are of the kind that is not retried, so
RetryPolicy has nothing to do here.
"""

import contextlib
import json
from contextvars import ContextVar

from ministack.services import eventbridge, lambda_svc, sqs, stepfunctions

MAX_INPUT_BYTES = 262_144

# (code, message) of each failure of the delivery under way
_failures: ContextVar[list[tuple[str, str]]] = ContextVar("failures")


def _report(code: str, message: str) -> None:
    _failures.get([]).append((code, message))


def _to_state_machine(arn, payload):
    if stepfunctions._resolve_state_machine_arn(arn) is None:
        _report("NO_RESOURCE", f"State Machine Does Not Exist: '{arn}'")
    elif len(payload.encode()) > MAX_INPUT_BYTES:
        _report("INVALID_PARAMETER", f"The input is longer than {MAX_INPUT_BYTES} bytes")
    else:
        status, _, body = stepfunctions._start_execution({"stateMachineArn": arn, "input": payload})
        if status >= 400:
            _report("SDK_CLIENT_ERROR", json.loads(body)["message"])


def _to_function(arn, payload):
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        _report("NO_RESOURCE", f"Function not found: {arn}")
    else:
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def keep(target, event, rule, failure: tuple[str, str]) -> None:
    """Send the event to the target's dead-letter queue; AWS, too, drops it where that is impossible."""
    queue = sqs._queue_by_arn((target.get("DeadLetterConfig") or {}).get("Arn", ""))
    if queue is None:
        return
    names = ("RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE", "RETRY_ATTEMPTS")
    values = (rule["Arn"], target["Arn"], *failure, "0")
    message = {
        "MessageBody": json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in zip(names, values, strict=True)
        },
    }
    with contextlib.suppress(sqs._Err):
        sqs._act_send_message(message, queue["url"])


def install() -> None:
    invoke_target = eventbridge._invoke_target
    to_queue = eventbridge._dispatch_to_sqs

    def invoke_or_keep(target, event, rule, view=None):
        failures: list[tuple[str, str]] = []
        opened = _failures.set(failures)
        try:
            invoke_target(target, event, rule, view)
        finally:
            _failures.reset(opened)
        for failure in failures:
            keep(target, event, rule, failure)

    def queue_or_report(spec, payload, sqs_parameters=None):
        if sqs._queue_by_arn(str(spec)) is None:
            _report("NO_RESOURCE", f"The specified queue does not exist: {spec}")
        else:
            to_queue(spec, payload, sqs_parameters)

    eventbridge._invoke_target = invoke_or_keep
    eventbridge._dispatch_to_stepfunctions = _to_state_machine
    eventbridge._dispatch_to_sqs = queue_or_report
    eventbridge._dispatch_to_lambda = _to_function
