from typing import Any

import pytest

from tests.support.emulator import Emulator, eventually

# Parameters reach a resource as text; so does a number that JSON has in quotes.
SCALING = {"MaximumConcurrency": "2"}
SOURCE = """
def handler(event, context):
    pass
"""


def consumer(emulator: Emulator) -> tuple[str, dict[str, Any]]:
    url, arn = emulator.queue()
    function = emulator.function(SOURCE)
    mapping = {"EventSourceArn": arn, "FunctionName": function, "ScalingConfig": SCALING}
    return url, {"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}}


def concurrency(emulator: Emulator, outputs: dict[str, str]) -> Any:
    mapping = emulator.client("lambda").get_event_source_mapping(UUID=outputs["Mapping"])
    return mapping["ScalingConfig"]["MaximumConcurrency"]


@pytest.mark.gap
def test_a_message_is_delivered_and_an_update_keeps_the_number(emulator: Emulator) -> None:
    url, resources = consumer(emulator)
    outputs = emulator.deploy(resources)
    emulator.client("sqs").send_message(QueueUrl=url, MessageBody="1")

    def emptied() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return set(counts.values()) == {"0"}

    eventually(emptied)
    created = concurrency(emulator, outputs)
    resources["Mapping"]["Properties"]["ScalingConfig"] = {"MaximumConcurrency": "3"}
    emulator.deploy(resources, outputs["Stack"])

    assert (created, concurrency(emulator, outputs)) == (2, 3)


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    _, resources = consumer(plain)
    plain.deploy(resources)

    eventually(lambda: "'>=' not supported" in (plain.data / "log").read_text())
