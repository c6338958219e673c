import json
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator

WRITING = """
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="key", Body=b"")
    return "written"
"""


def written_by_function(emulator: Emulator) -> str:
    """What a function answers that writes to a bucket which demands TLS."""
    bucket, s3 = f"secure-{uuid4().hex[:8]}", emulator.client("s3")
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arns} | {
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    function = emulator.function(WRITING)
    answer = emulator.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"bucket": bucket}))
    return answer["Payload"].read().decode()


@pytest.mark.gap
def test_function_may_write_to_a_bucket_that_demands_tls(emulator: Emulator) -> None:
    answer = written_by_function(emulator)

    assert answer == '"written"'


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    answer = written_by_function(plain)

    assert "explicit deny in a resource-based policy" in answer
