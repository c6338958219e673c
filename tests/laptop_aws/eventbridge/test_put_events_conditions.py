import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.emulator import REGION, Emulator


def sender(emulator: Emulator) -> Any:
    """A client that may put events of the source `ours` and the detail-type `Known`, and no others."""
    iam, name = emulator.client("iam"), f"sender-{uuid4().hex[:8]}"
    condition = {"StringEquals": {"events:source": "ours", "events:detail-type": "Known"}}
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*", "Condition": condition}
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name, PolicyName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "events",
        endpoint_url=emulator.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def entries(*kinds: tuple[str, str]) -> list[dict[str, str]]:
    return [{"Source": source, "DetailType": kind, "Detail": "{}"} for source, kind in kinds]


@pytest.mark.gap
def test_events_of_the_allowed_kind_pass(emulator: Emulator) -> None:
    answer = sender(emulator).put_events(Entries=entries(("ours", "Known"), ("ours", "Known")))

    assert answer["FailedEntryCount"] == 0


@pytest.mark.gap
@pytest.mark.parametrize("kind", [("theirs", "Known"), ("ours", "Unknown")])
def test_events_of_another_kind_are_denied(emulator: Emulator, kind: tuple[str, str]) -> None:
    with pytest.raises(ClientError) as refused:
        sender(emulator).put_events(Entries=entries(("ours", "Known"), kind))

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    with pytest.raises(ClientError) as refused:
        sender(plain).put_events(Entries=entries(("ours", "Known")))

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
