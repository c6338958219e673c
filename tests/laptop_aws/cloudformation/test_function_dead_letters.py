from typing import Any

import pytest

from tests.support.emulator import ROLE, Emulator

PROPERTIES = {
    "Code": {"ZipFile": "def handler(event, context): pass"},
    "Handler": "index.handler",
    "Role": ROLE,
    "Runtime": "python3.13",
}


def function(**more: Any) -> dict[str, Any]:
    return {"Function": {"Type": "AWS::Lambda::Function", "Properties": {**PROPERTIES, **more}}}


def dead_letters(emulator: Emulator, name: str) -> str | None:
    config = emulator.client("lambda").get_function_configuration(FunctionName=name).get("DeadLetterConfig") or {}
    return config.get("TargetArn")


@pytest.mark.gap
def test_function_has_the_queue_of_the_template_until_it_is_removed(emulator: Emulator) -> None:
    _, queue = emulator.queue()
    outputs = emulator.deploy(function(DeadLetterConfig={"TargetArn": queue}))

    given = dead_letters(emulator, outputs["Function"])
    emulator.deploy(function(), name=outputs["Stack"])

    assert (given, dead_letters(emulator, outputs["Function"])) == (queue, None)


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    outputs = plain.deploy(function(DeadLetterConfig={"TargetArn": plain.queue()[1]}))

    assert dead_letters(plain, outputs["Function"]) is None
