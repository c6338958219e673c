import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator, StackFailed, eventually

SAM = "AWS::Serverless-2016-10-31"
ANSWERING = """
import os

def handler(event, context):
    return {"word": "WORD", "given": os.environ["GIVEN"]}
"""
FAILING = {"Type": "AWS::ApiGatewayV2::Api", "DependsOn": "Workflow", "Properties": {"Body": {"openapi": "3.1.0"}}}


def child(word: str, **resources: Any) -> dict[str, Any]:
    """A template with a function that answers with a word and a parameter, and a state machine that invokes it."""
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "InlineCode": ANSWERING.replace("WORD", word),
        "Environment": {"Variables": {"GIVEN": {"Ref": "Given"}}},
    }
    asking = {"Type": "Task", "Resource": {"Fn::GetAtt": ["Answer", "Arn"]}, "End": True}
    workflow = {
        "Definition": {"StartAt": "Ask", "States": {"Ask": asking}},
        "Policies": [{"LambdaInvokePolicy": {"FunctionName": {"Ref": "Answer"}}}],
    }
    return {
        "Transform": SAM,
        "Parameters": {"Given": {"Type": "String"}},
        "Resources": {
            "Answer": {"Type": "AWS::Serverless::Function", "Properties": function},
            "Workflow": {"Type": "AWS::Serverless::StateMachine", "Properties": workflow},
            **resources,
        },
        "Outputs": {"Workflow": {"Value": {"Ref": "Workflow"}}, "Function": {"Value": {"Ref": "Answer"}}},
    }


def application(emulator: Emulator, template: dict[str, Any], given: str = "x") -> dict[str, Any]:
    """The resource that nests the template in a root."""
    s3, key = emulator.client("s3"), uuid4().hex
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key=key, Body=json.dumps(template).encode())
    place = f"https://s3.us-east-1.amazonaws.com/templates/{key}"
    return {"Type": "AWS::Serverless::Application", "Properties": {"Location": place, "Parameters": {"Given": given}}}


def deployed(emulator: Emulator, template: dict[str, Any], name: str = "", given: str = "x") -> dict[str, str]:
    """The outputs of a root that nests the template, which are the nested stack's too."""
    outputs = {key: {"Value": {"Fn::GetAtt": ["Nested", f"Outputs.{key}"]}} for key in ("Workflow", "Function")}
    return emulator.deploy({"Nested": application(emulator, template, given)}, name, Transform=SAM, Outputs=outputs)


def asked(emulator: Emulator, workflow: str) -> Any:
    """What an execution of the workflow puts out."""
    workflows = emulator.client("stepfunctions")
    execution = workflows.start_execution(stateMachineArn=workflow)["executionArn"]

    def ended() -> dict[str, Any] | None:
        found = workflows.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return json.loads(eventually(ended)["output"])


@pytest.mark.gap
def test_nested_application_deploys_and_gives_its_outputs_back(emulator: Emulator) -> None:
    outputs = deployed(emulator, child("hello"), given="something")

    assert asked(emulator, outputs["Workflow"]) == {"word": "hello", "given": "something"}
    tags = emulator.client("lambda").get_function(FunctionName=outputs["Function"])["Tags"]
    assert tags["aws:cloudformation:stack-id"] == outputs["Nested"]
    nested = emulator.client("cloudformation").describe_stacks(StackName=outputs["Nested"])["Stacks"][0]
    assert not [tag for tag in nested["Tags"] if tag["Key"].startswith("aws:")]


@pytest.mark.gap
def test_update_of_the_root_updates_the_nested_application(emulator: Emulator) -> None:
    before = deployed(emulator, child("hello"))

    after = deployed(emulator, child("goodbye"), before["Stack"], given="y")

    assert after["Nested"] == before["Nested"]
    assert asked(emulator, after["Workflow"]) == {"word": "goodbye", "given": "y"}


@pytest.mark.gap
def test_deletion_of_the_root_deletes_the_nested_application(emulator: Emulator) -> None:
    outputs = deployed(emulator, child("hello"))
    functions, cloudformation = emulator.client("lambda"), emulator.client("cloudformation")

    cloudformation.delete_stack(StackName=outputs["Stack"])

    eventually(lambda: status(emulator, outputs["Stack"]) == "DELETE_COMPLETE")
    assert status(emulator, outputs["Nested"]) == "DELETE_COMPLETE"
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName=outputs["Function"])


@pytest.mark.gap
def test_nested_application_that_cannot_be_created_leaves_nothing_behind(emulator: Emulator) -> None:
    before = names_of_functions(emulator)

    with pytest.raises(StackFailed, match="was not successfully created: Failing: Unable to parse"):
        deployed(emulator, child("hello", Failing=FAILING))

    assert names_of_functions(emulator) == before


@pytest.mark.gap
def test_nested_application_that_cannot_be_updated_stays_as_it_was(emulator: Emulator) -> None:
    outputs = deployed(emulator, child("hello"))

    with pytest.raises(StackFailed, match="was not successfully updated: Failing: Unable to parse"):
        deployed(emulator, child("goodbye", Failing=FAILING), outputs["Stack"])

    assert status(emulator, outputs["Stack"]) == "UPDATE_ROLLBACK_COMPLETE"
    assert asked(emulator, outputs["Workflow"]) == {"word": "hello", "given": "x"}


@pytest.mark.gap
def test_what_a_nested_template_retains_or_holds_stays(emulator: Emulator) -> None:
    kept, full = f"kept-{uuid4().hex[:8]}", f"full-{uuid4().hex[:8]}"
    buckets = {
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": kept}},
        "Full": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": full}},
    }
    outputs, s3 = deployed(emulator, child("hello", **buckets)), emulator.client("s3")
    s3.put_object(Bucket=full, Key="key", Body=b"")

    emulator.client("cloudformation").delete_stack(StackName=outputs["Stack"])

    eventually(lambda: status(emulator, outputs["Stack"]) == "DELETE_FAILED")
    assert "Full: The bucket you tried to delete is not empty" in emulator.reasons(outputs["Stack"])
    assert {kept, full} <= {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def names_of_functions(emulator: Emulator) -> set[str]:
    return {found["FunctionName"] for found in emulator.client("lambda").list_functions()["Functions"]}


def status(emulator: Emulator, stack: str) -> str:
    stacks = emulator.client("cloudformation").list_stacks()["StackSummaries"]
    return next(str(found["StackStatus"]) for found in stacks if stack in (found["StackId"], found["StackName"]))


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    with pytest.raises(StackFailed, match="Unsupported resource type: AWS::Serverless"):
        deployed(plain, child("hello"))
