from typing import Any

import pytest

from tests.support.emulator import Emulator


def table(**properties: Any) -> dict[str, Any]:
    keys = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
    }
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": keys | properties}}


def expiring(attribute: str) -> dict[str, Any]:
    return {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": True}}


def time_to_live(emulator: Emulator, outputs: dict[str, str]) -> dict[str, str]:
    described = emulator.client("dynamodb").describe_time_to_live(TableName=outputs["Table"])
    return described["TimeToLiveDescription"]


@pytest.mark.gap
def test_template_turns_time_to_live_on_and_off(emulator: Emulator) -> None:
    outputs = emulator.deploy(table(**expiring("ExpiresAt")))
    created = time_to_live(emulator, outputs)

    emulator.deploy(table(**expiring("Until")), outputs["Stack"])
    changed = time_to_live(emulator, outputs)
    emulator.deploy(table(), outputs["Stack"])
    removed = time_to_live(emulator, outputs)

    assert created == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ExpiresAt"}
    assert changed["AttributeName"] == "Until"
    assert removed["TimeToLiveStatus"] == "DISABLED"


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    outputs = plain.deploy(table(**expiring("ExpiresAt")))

    assert time_to_live(plain, outputs)["TimeToLiveStatus"] == "DISABLED"
