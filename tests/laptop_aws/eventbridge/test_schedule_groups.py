import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.emulated_roles import policy
from tests.support.emulator import ACCOUNT, REGION, Emulator

ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/%s/*"


def scheduler(emulator: Emulator, group: str) -> Any:
    """A client that may do anything with the schedules of one group, and nothing else."""
    iam, name = emulator.client("iam"), f"user-{uuid4().hex[:8]}"
    actions = [f"scheduler:{action}Schedule" for action in ("Create", "Get", "Update", "Delete")]
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": ARN % group}
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy(statement))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "scheduler",
        endpoint_url=emulator.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def schedule(group: str) -> dict[str, Any]:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
    target = {"Arn": arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "Input": json.dumps({})}
    window = {"Mode": "OFF"}
    return {"Name": "it", "GroupName": group, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": window} | {
        "Target": target
    }


def group(emulator: Emulator) -> str:
    name = f"g-{uuid4().hex[:8]}"
    emulator.client("scheduler").create_schedule_group(Name=name)
    return name


@pytest.mark.gap
def test_who_may_use_a_group_makes_changes_and_deletes_its_schedules(emulator: Emulator) -> None:
    name = group(emulator)
    client = scheduler(emulator, name)

    client.create_schedule(**schedule(name))
    client.update_schedule(**schedule(name))
    found = client.get_schedule(GroupName=name, Name="it")
    client.delete_schedule(GroupName=name, Name="it")

    assert found["GroupName"] == name


@pytest.mark.gap
@pytest.mark.parametrize("others", ["default", "another"])
def test_and_no_others(emulator: Emulator, others: str) -> None:
    client = scheduler(emulator, group(emulator))
    other = group(emulator) if others == "another" else others

    with pytest.raises(ClientError) as refused:
        client.create_schedule(**schedule(other))

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    name = group(plain)

    with pytest.raises(ClientError) as refused:
        scheduler(plain, name).create_schedule(**schedule(name))

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
