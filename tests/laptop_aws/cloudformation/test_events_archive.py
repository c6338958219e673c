from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator import ACCOUNT, REGION, Emulator


def archive(**properties: Any) -> dict[str, Any]:
    source = {"Fn::GetAtt": ["Bus", "Arn"]}
    return {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Ref": "AWS::StackName"}}},
        "Archive": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": source, **properties}},
        # Shows what Fn::GetAtt returns.
        "Arn": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Archive", "Arn"]}},
        },
    }


@pytest.mark.gap
def test_archive_keeps_the_events_of_its_pattern(emulator: Emulator) -> None:
    outputs = emulator.deploy(archive(RetentionDays=7, EventPattern={"source": ["kept"]}))

    sent = [{"Source": it, "DetailType": "t", "Detail": "{}", "EventBusName": outputs["Bus"]} for it in ("kept", "x")]
    emulator.client("events").put_events(Entries=sent)

    described = emulator.client("events").describe_archive(ArchiveName=outputs["Archive"])
    assert (described["RetentionDays"], described["EventCount"]) == (7, 1)
    parameter = emulator.client("ssm").get_parameter(Name=outputs["Arn"])["Parameter"]
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/{outputs['Archive']}"
    assert described["ArchiveArn"] == parameter["Value"] == arn


@pytest.mark.gap
def test_update_in_place_and_by_replacement(emulator: Emulator) -> None:
    outputs = emulator.deploy(archive(RetentionDays=7))

    updated = emulator.deploy(archive(RetentionDays=8, Description="new"), outputs["Stack"])
    replaced = emulator.deploy(archive(ArchiveName=f"named-{outputs['Stack']}"), outputs["Stack"])

    assert updated["Archive"] == outputs["Archive"]
    assert replaced["Archive"] == f"named-{outputs['Stack']}"
    names = [found["ArchiveName"] for found in emulator.client("events").list_archives()["Archives"]]
    assert replaced["Archive"] in names
    assert outputs["Archive"] not in names


@pytest.mark.gap
def test_archive_goes_with_its_stack(emulator: Emulator) -> None:
    outputs = emulator.deploy(archive())

    cloudformation = emulator.client("cloudformation")
    cloudformation.delete_stack(StackName=outputs["Stack"])
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=outputs["Stack"], WaiterConfig={"Delay": 1})

    archives = emulator.client("events").list_archives()["Archives"]
    assert outputs["Archive"] not in [found["ArchiveName"] for found in archives]


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    resources = archive()

    with pytest.raises(ClientError, match="Unrecognized resource types"):
        plain.deploy(resources)
