"""What Lambda does around a function, it does with the function's role.

AWS: with the execution role, Lambda receives and deletes the messages of a queue that is the function's event
source, and reads the queue's attributes; a role that may not, receives nothing. With it, too, Lambda sends an
asynchronous event that failed for good to the function's dead-letter queue or failure destination; where the
role may not, the event is lost.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

MiniStack does both as root. Here an event source whose role lacks one of the actions is not read, and each
batch is noted as one call of each. A role is asked once a second at most: MiniStack looks at every event source as
soon as one of them is done with a batch.
"""

import contextlib
import time

from ministack import app
from ministack.services import lambda_svc

from laptop_aws.eventbridge.delivery_roles import ACTIONS
from laptop_aws.iam.service_roles import Call, Refused, by_role, refusal

SERVICE = "lambda.amazonaws.com"
READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
ASK_AFTER_SECONDS = 1.0


def install() -> None:
    concurrency, run_batch = lambda_svc._sqs_esm_concurrency, lambda_svc._run_sqs_batch
    route_failure = lambda_svc._route_async_failure

    asked: dict[tuple[str, str], tuple[float, bool]] = {}

    def may_read(role: str, source: str) -> bool:
        at, allowed = asked.get((role, source), (float("-inf"), False))
        if time.monotonic() - at > ASK_AFTER_SECONDS:
            allowed = not any(refusal(role, SERVICE, Call(action, source)) for action in READING)
            asked[role, source] = time.monotonic(), allowed
        return allowed

    def concurrency_if_allowed(esm, func_rec, config, queue=None):
        if app.AUTH and not may_read(func_rec["config"]["Role"], esm["EventSourceArn"]):
            return 0
        return concurrency(esm, func_rec, config, queue)

    def run_and_note(esm, func_rec, *batch):
        for action in READING:
            by_role(func_rec["config"]["Role"], SERVICE, Call(action, esm["EventSourceArn"]))
        run_batch(esm, func_rec, *batch)

    def route_if_allowed(target_arn, func_name, event, result):
        role, kind = lambda_svc._functions[func_name]["config"]["Role"], target_arn.split(":")[2]
        with contextlib.suppress(Refused):
            by_role(role, SERVICE, Call(ACTIONS[kind], target_arn))
            route_failure(target_arn, func_name, event, result)

    lambda_svc._sqs_esm_concurrency, lambda_svc._run_sqs_batch = concurrency_if_allowed, run_and_note
    lambda_svc._route_async_failure = route_if_allowed
