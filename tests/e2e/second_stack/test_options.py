"""Every optional parameter at once: a stack that has them all deploys, and polls.

What AWS makes of a key or a subnet an emulator cannot show; it does not even keep a function's subnets,
or its key or a bucket's, which tests/contract/test_hardening.py looks at.
"""

from typing import Any

from tests.support.deployed import OPEN, Packaged
from tests.support.held import SPEC
from tests.support.partner import Partner, serving


def test_a_stack_with_every_option_polls_and_hands_them_on(packaged: Packaged) -> None:
    aws = packaged.emulator.client
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]

    stack = packaged.stack(
        "options", **OPEN, DemoApi="false", KmsKeyArn=key, VpcSubnetIds="subnet-1,subnet-2",
        VpcSecurityGroupIds="sg-1", FetchReservedConcurrency="5", ProcessConcurrency="3",
        AlarmEmail="ops@example.com", AllowedHosts="127.0.0.1", RetentionDays="1", UserAgent="options/1",
    )  # fmt: skip
    with serving(Partner(total=30)) as partner, stack.client() as client:
        job = client.wait(client.submit({**SPEC, "url": partner.url}), timeout=60)

    made = stack.resources()
    queue = aws("sqs").get_queue_attributes(QueueUrl=made["ProcessPayloadQueue"], AttributeNames=["KmsMasterKeyId"])
    mappings = aws("lambda").list_event_source_mappings(FunctionName=made["ProcessPayload"])["EventSourceMappings"]
    mailed = aws("sns").list_subscriptions_by_topic(TopicArn=made["AlarmTopic"])["Subscriptions"]
    assert (job["Status"], job["RecordsReceived"]) == ("SUCCEEDED", 30)
    assert "ec2:CreateNetworkInterface" in str(policies(aws("iam"), made["FetchPayloadRole"]))
    assert "ec2:CreateNetworkInterface" not in str(policies(aws("iam"), made["ProcessPayloadRole"]))
    assert not [name for name in made if name.startswith(("DemonstrationApi", "ExternalHttpApi", "PayloadGenerator"))]
    assert "ExternalHttpApiUrl" not in stack.outputs
    assert queue["Attributes"]["KmsMasterKeyId"] == key
    assert [mapping["ScalingConfig"] for mapping in mappings] == [{"MaximumConcurrency": 3}]
    assert [(each["Protocol"], each["Endpoint"]) for each in mailed] == [("email", "ops@example.com")]


def policies(iam: Any, role: str) -> list[Any]:
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
