from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator, eventually


def bucket_in_a_stack(emulator: Emulator, **properties: Any) -> tuple[str, str]:
    """The bucket's name, and the stack's id."""
    name = f"bucket-{uuid4().hex[:8]}"
    resource = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **properties}}
    outputs = emulator.deploy({"Bucket": resource})
    stacks = emulator.client("cloudformation").describe_stacks(StackName=outputs["Stack"])["Stacks"]
    return name, stacks[0]["StackId"]


def status_after_deletion(emulator: Emulator, stack: str) -> str:
    cloudformation = emulator.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)

    def ended() -> str | None:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        return status if status.startswith("DELETE_") and not status.endswith("PROGRESS") else None

    return str(eventually(ended))


@pytest.mark.gap
def test_a_stack_is_deleted_only_when_its_bucket_is_empty(emulator: Emulator) -> None:
    bucket, stack = bucket_in_a_stack(emulator)
    s3 = emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="object", Body=b"")

    full = status_after_deletion(emulator, stack)
    kept = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    s3.delete_object(Bucket=bucket, Key="object")
    empty = status_after_deletion(emulator, stack)

    assert (full, kept, empty) == ("DELETE_FAILED", 1, "DELETE_COMPLETE")
    assert bucket not in [found["Name"] for found in s3.list_buckets()["Buckets"]]
    assert "not empty" in emulator.reasons(stack)


@pytest.mark.gap
def test_versions_and_delete_markers_fill_a_bucket_too(emulator: Emulator) -> None:
    bucket, stack = bucket_in_a_stack(emulator, VersioningConfiguration={"Status": "Enabled"})
    s3 = emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="object", Body=b"")
    s3.delete_object(Bucket=bucket, Key="object")

    assert status_after_deletion(emulator, stack) == "DELETE_FAILED"


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    bucket, stack = bucket_in_a_stack(plain)
    plain.client("s3").put_object(Bucket=bucket, Key="object", Body=b"")

    assert status_after_deletion(plain, stack) == "DELETE_COMPLETE"
