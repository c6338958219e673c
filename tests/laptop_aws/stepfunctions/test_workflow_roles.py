"""What a state machine's role must allow, by taking one thing at a time away from a role that suffices."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.emulated_roles import policy, trust
from tests.support.emulator import ACCOUNT, REGION, Emulator, eventually

ECHO = "def handler(event, context):\n    return event"
INVOKE = "arn:aws:states:::lambda:invoke"


class Workflow:
    """A Distributed Map that reads items, invokes a function for each and writes results, with a role of its own."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.name, self.function = emulator, f"w-{uuid4().hex[:8]}", emulator.function(ECHO)
        self.arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.name}"
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_object(Bucket=self.name, Key="items/all.jsonl", Body=b'{"n": 1}\n{"n": 2}\n')

    def statements(self) -> dict[str, dict[str, Any]]:
        needed = {
            "lambda:InvokeFunction": self.function,
            "s3:GetObject": f"arn:aws:s3:::{self.name}/items/*",
            "s3:PutObject": f"arn:aws:s3:::{self.name}/results/*",
            "states:StartExecution": self.arn,
        }
        return {action: {"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in needed.items()}

    def definition(self) -> dict[str, Any]:
        task = {"Type": "Task", "Resource": INVOKE, "End": True} | {
            "Parameters": {"FunctionName": self.function, "Payload.$": "$"}
        }
        fetch = {
            "Type": "Map",
            "Label": "All",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSONL"},
                "Parameters": {"Bucket": self.name, "Key": "items/all.jsonl"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "One",
                "States": {"One": task},
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": self.name, "Prefix": "results"},
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            "End": True,
        }
        return {"StartAt": "All", "States": {"All": fetch, "Caught": {"Type": "Pass", "End": True}}}

    def run(self, statements: list[dict[str, Any]], trusted: str = "states.amazonaws.com") -> dict[str, Any]:
        """Run it with a role of these statements, to its end; returns its output."""
        iam, workflows = self.emulator.client("iam"), self.emulator.client("stepfunctions")
        role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=policy(trust(trusted, self.arn)))["Role"][
            "Arn"
        ]
        iam.put_role_policy(RoleName=self.name, PolicyName="it", PolicyDocument=policy(*statements))
        definition = json.dumps(self.definition())
        workflows.create_state_machine(name=self.name, definition=definition, roleArn=role)
        execution = workflows.start_execution(stateMachineArn=self.arn)["executionArn"]

        def ended() -> dict[str, Any] | None:
            found = workflows.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return dict(json.loads(eventually(ended)["output"]))


@pytest.mark.gap
def test_role_that_allows_every_call_runs(emulator: Emulator) -> None:
    workflow = Workflow(emulator)

    output = workflow.run([*workflow.statements().values()])

    assert output["MapRunArn"]


@pytest.mark.gap
@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("s3:GetObject", "States.ItemReaderFailed"),
        ("s3:PutObject", "States.ResultWriterFailed"),
        ("states:StartExecution", "AccessDeniedException"),
        ("lambda:InvokeFunction", "States.ExceedToleratedFailureThreshold"),
    ],
)
def test_role_that_lacks_an_action_fails_the_state(emulator: Emulator, action: str, error: str) -> None:
    workflow = Workflow(emulator)

    output = workflow.run([s for name, s in workflow.statements().items() if name != action])

    assert output["Error"] == error
    if action != "lambda:InvokeFunction":  # the Map says nothing about its children
        assert f"is not authorized to perform: {action}" in output["Cause"]


@pytest.mark.gap
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "states:StartExecution", "lambda:InvokeFunction"])
def test_role_that_allows_an_action_elsewhere_fails_the_state(emulator: Emulator, action: str) -> None:
    workflow = Workflow(emulator)
    statements = workflow.statements()
    statements[action]["Resource"] += "-other"

    output = workflow.run([*statements.values()])

    assert output["Error"]


@pytest.mark.gap
def test_role_that_does_not_trust_step_functions_is_of_no_use(emulator: Emulator) -> None:
    workflow = Workflow(emulator)

    output = workflow.run([*workflow.statements().values()], trusted="lambda.amazonaws.com")

    assert "not authorized to assume the role" in output["Cause"]


@pytest.mark.gap
def test_denied_invocation_is_caught_under_the_name_aws_gives_it(emulator: Emulator) -> None:
    function, name = emulator.function(ECHO), f"m-{uuid4().hex[:8]}"
    catch = {"ErrorEquals": ["Lambda.AWSLambdaException"], "Next": "Caught"}
    first = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": function},
        "Catch": [catch],
        "End": True,
    }
    document = policy(trust("states.amazonaws.com"))
    role = emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    ended = emulator.run(first, {}, role=role, Caught={"Type": "Pass", "End": True})

    assert f"perform: lambda:InvokeFunction on resource: {function}" in json.loads(ended["output"])["Cause"]


@pytest.mark.gap
def test_integration_that_nobody_can_check_is_not_made(emulator: Emulator) -> None:
    sending = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}

    ended = emulator.run(sending, {})

    assert ended["error"] == "States.Runtime"


@pytest.mark.still_needed
def test_still_needed(plain: Emulator) -> None:
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}

    output = Workflow(plain).run([nothing], trusted="lambda.amazonaws.com")

    assert "Error" not in output
