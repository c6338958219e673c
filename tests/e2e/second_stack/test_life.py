"""What updating and deleting a stack does to its jobs and its data.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails
"""

import json
from pathlib import Path

from tests.support.dataset import lines
from tests.support.deployed import OPEN, Deployed, Packaged
from tests.support.emulator import eventually
from tests.support.held import SPEC, Held
from tests.support.partner import Partner, record, serving

# What holds data or addresses: an update that replaced one would lose it.
LASTING = ("AWS::DynamoDB", "AWS::S3", "AWS::SQS", "AWS::Events::EventBus", "AWS::StepFunctions", "AWS::ApiGatewayV2")


def test_an_update_in_the_middle_of_a_job_loses_and_repeats_nothing(
    pair: tuple[Deployed, Deployed], tmp_path: Path
) -> None:
    _, stack = pair
    before = {kind: stack.resources(kind) for kind in LASTING}
    with serving(Held()) as partner, stack.client() as client:
        job_id = client.submit({**SPEC, "url": partner.url})
        assert partner.reached.wait(60)

        stack.update(**OPEN, RetentionDays="30", UserAgent="updated/1")
        partner.released.set()
        job = client.wait(job_id, timeout=60)
        client.download(job_id, tmp_path)

    assert (job["Status"], job["RecordsReceived"], job["RecordsExpected"]) == ("SUCCEEDED", 100, 100)
    assert [json.loads(line) for line in lines(tmp_path)] == [record(number) for number in range(100)]
    assert all(before.values())
    assert {kind: stack.resources(kind) for kind in LASTING} == before


def test_a_changed_parameter_is_what_the_functions_go_by(pair: tuple[Deployed, Deployed]) -> None:
    _, stack = pair

    stack.update(**OPEN, AllowedHosts="api.example.com")

    with serving(Partner()) as partner, stack.client() as client:
        job = client.wait(client.submit({"url": partner.url}), timeout=60)
    stack.update(**OPEN)
    assert (job["Status"], partner.requests) == ("REJECTED", [])


def test_a_full_stack_is_deleted_once_emptied_and_leaves_its_dataset_and_the_other_stack(
    packaged: Packaged, pair: tuple[Deployed, Deployed]
) -> None:
    stack, other = pair
    with serving(Partner()) as partner, stack.client() as client, other.client() as others:
        job = client.wait(client.submit({"url": partner.url}), timeout=60)
        before = other.resources()

        full = stack.delete()
        reason, left = stack.described()["StackStatusReason"], set(stack.resources())
        emptied = stack.empty(stack.outputs["RawPayloadBucket"])
        empty = stack.delete()
        still = others.wait(others.submit({"url": partner.url}), timeout=60)
        again = packaged.stack(stack.name, **OPEN)
        with again.client() as newcomers:
            fresh = newcomers.wait(newcomers.submit({"url": "ftp://wrong"}), timeout=60)

    assert (full, left, emptied > 0, empty) == ("DELETE_FAILED", {"RawPayloadBucket"}, True, "DELETE_COMPLETE")
    assert "RawPayloadBucket" in reason
    assert manifest(stack, job["JobId"])
    assert other.resources() == before
    assert [found["Status"] for found in (job, still, fresh)] == ["SUCCEEDED", "SUCCEEDED", "REJECTED"]
    assert again.outputs["DatasetBucket"] != stack.outputs["DatasetBucket"]


def manifest(stack: Deployed, job_id: str) -> dict[str, object]:
    """The manifest of a dataset, from the bucket that outlives its stack."""
    key = f"default/{job_id}/_manifest.json"
    return dict(json.loads(stack.aws("s3").get_object(Bucket=stack.outputs["DatasetBucket"], Key=key)["Body"].read()))


def test_a_deletion_in_the_middle_of_a_job_ends_the_job(pair: tuple[Deployed, Deployed]) -> None:
    _, stack = pair  # the last test that needs it
    with serving(Held()) as partner, stack.client() as client:
        job_id = client.submit({**SPEC, "url": partner.url})
        assert partner.reached.wait(60)
        execution = client.job(job_id)["ExecutionArn"]

        full = stack.delete()
        partner.released.set()
        eventually(lambda: status(stack, execution) == "FAILED", 60)

        def is_gone() -> bool:
            stack.empty(stack.outputs["RawPayloadBucket"])  # a worker in the midst of its task may store that still
            return stack.delete() == "DELETE_COMPLETE"

        eventually(is_gone, 60)

    assert full == "DELETE_FAILED"
    assert len(partner.requests) < 20  # the task that was under way, and no other run


def status(stack: Deployed, execution: str) -> str:
    return str(stack.aws("stepfunctions").describe_execution(executionArn=execution)["status"])
