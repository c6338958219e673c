import signal
from pathlib import Path

import pytest

from tests.support.emulator import Emulator, eventually

COPYING = """
import os
import boto3

def handler(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["TO"], MessageBody=record["body"])
"""


def copied_after_a_move(data: Path, *options: str, seconds: float) -> str:
    """What a function copies from one queue to another, after the emulator's state has gone to another port."""
    emulator = Emulator(data, options)
    emulator.start()
    emulator.create_role()
    (_, source), (target, arn) = emulator.queue(), emulator.queue()
    functions, function = emulator.client("lambda"), emulator.function(COPYING)
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": {"TO": target}})
    functions.create_event_source_mapping(FunctionName=function, EventSourceArn=source)
    assert emulator.ended(20, by=signal.SIGTERM) == 0

    elsewhere = Emulator(data, options)
    elsewhere.start()
    sqs = elsewhere.client("sqs")
    urls = [sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"] for queue in (source, arn)]
    sqs.send_message(QueueUrl=urls[0], MessageBody="hello")
    try:
        return str(eventually(lambda: elsewhere.received(urls[1]), seconds)["Body"])
    finally:
        elsewhere.ended(20, by=signal.SIGTERM)


@pytest.mark.gap
def test_functions_read_and_write_their_queues_on_another_port(tmp_path: Path) -> None:
    copied = copied_after_a_move(tmp_path, seconds=60)

    assert copied == "hello"


@pytest.mark.still_needed
def test_still_needed(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="nothing within"):
        copied_after_a_move(tmp_path, "--without-gaps", seconds=7)
