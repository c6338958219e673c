import json
from uuid import uuid4

import pytest

from tests.support.emulated_roles import role_for
from tests.support.emulator import Emulator

READING = """
import boto3, botocore

def handler(event, context):
    s3 = boto3.client("s3")
    seen = []
    for call in (s3.get_object, s3.head_object):
        try:
            seen.append(call(Bucket=event["bucket"], Key=event["key"])["ResponseMetadata"]["HTTPStatusCode"])
        except botocore.exceptions.ClientError as error:
            seen.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return seen
"""


def statuses(emulator: Emulator, *actions: str) -> dict[str, list[int]]:
    """What GET and HEAD of an object that is there, and of one that is not, answer to a role of these actions."""
    bucket, s3 = f"absent-{uuid4().hex[:8]}", emulator.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="there", Body=b"")
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    role = role_for(emulator, "lambda.amazonaws.com", {"Effect": "Allow", "Action": [*actions], "Resource": arns})
    functions, function = emulator.client("lambda"), emulator.function(READING)
    functions.update_function_configuration(FunctionName=function, Role=role)

    def seen(key: str) -> list[int]:
        answer = functions.invoke(FunctionName=function, Payload=json.dumps({"bucket": bucket, "key": key}))
        return list(json.loads(answer["Payload"].read()))

    return {key: seen(key) for key in ("there", "absent")}


@pytest.mark.gap
def test_without_list_bucket_an_absent_object_is_forbidden(emulator: Emulator) -> None:
    assert statuses(emulator, "s3:GetObject") == {"there": [200, 200], "absent": [403, 403]}


@pytest.mark.gap
def test_with_list_bucket_an_absent_object_is_not_found(emulator: Emulator) -> None:
    assert statuses(emulator, "s3:GetObject", "s3:ListBucket") == {"there": [200, 200], "absent": [404, 404]}


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    assert statuses(plain, "s3:GetObject") == {"there": [200, 200], "absent": [404, 404]}
