import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.support.emulated_rules import PASS, put, rule_to
from tests.support.emulator import ROLE, Emulator, eventually

READING = """
import boto3

def handler(event, context):
    boto3.client("s3").list_objects_v2(Bucket=event["bucket"])
    try:
        boto3.client("dynamodb").get_item(TableName="none", Key={"key": {"S": "1"}})
    except Exception as error:
        return type(error).__name__
"""


def counted(log: Path) -> Counter[tuple[str, str, str, bool]]:
    counts: Counter[tuple[str, str, str, bool]] = Counter()
    for line in log.read_text().splitlines() if log.exists() else []:
        decision = json.loads(line)
        counts[decision["role"], decision["action"], decision["resource"], decision["allowed"]] += decision["count"]
    return counts


@pytest.mark.gap
def test_decisions_are_counted_while_it_runs_at_its_end_and_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an emulator that records, and a role that may do everything but read tables
    monkeypatch.setenv("POLLER_IAM_LOG", str(tmp_path / "iam.jsonl"))
    emulator = Emulator(tmp_path / "data")
    emulator.start()
    emulator.create_role()
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    emulator.client("iam").put_role_policy(
        RoleName=ROLE.rpartition("/")[2],
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    emulator.client("s3").create_bucket(Bucket="bucket")
    function, machine = emulator.function(READING), emulator.state_machine(PASS)
    source, _ = rule_to(emulator, machine)

    # when a function does what it may, once, and what it may not; and, twice, a rule what it may
    payload = json.dumps({"bucket": "bucket"})
    answer = emulator.client("lambda").invoke(FunctionName=function, Payload=payload)["Payload"].read()
    put(emulator, source, {})
    reads = ("everything", "s3:ListBucket", "arn:aws:s3:::bucket", True)
    eventually(lambda: counted(tmp_path / "iam.jsonl")[reads])
    put(emulator, source, {})
    assert emulator.ended(20, by=signal.SIGTERM) == 0
    emulator.start()
    emulator.client("lambda").invoke(FunctionName=function, Payload=payload)
    assert emulator.ended(20, by=signal.SIGTERM) == 0

    # then all of it is counted, once
    assert json.loads(answer) == "ClientError"
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/none"
    assert counted(tmp_path / "iam.jsonl") == {
        reads: 2,
        ("everything", "dynamodb:GetItem", table, False): 2,
        ("everything", "states:StartExecution", machine, True): 2,
    }
