"""A running emulator process, and what tests do with it."""

import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/everything"
SERVICES = ("apigateway", "events", "lambda", "scheduler", "states")


def eventually(probe: Callable[[], Any], seconds: float = 60) -> Any:
    """The first truthy answer of the probe; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    pytest.fail(f"nothing within {seconds} s")


@dataclass
class Emulator:
    """A running emulator process and clients for it."""

    data: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = self.port or free.getsockname()[1]
        command = [sys.executable, "-m", "laptop_aws", "--stop-with-stdin"]
        command += ["--port", str(self.port), "--data-dir", str(self.data), *self.options]
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        eventually(self.answers)

    def answers(self) -> bool:
        if self.ended() is not None:
            pytest.fail(f"the emulator ended: {(self.data / 'log').read_text()[-2000:]}")
        try:
            return self.http("GET", f"{self.endpoint}/_ministack/health").status_code == 200
        except EndpointConnectionError:
            return False

    def ended(self, seconds: float = 0, by: signal.Signals | None = None) -> int | None:
        """The exit status of the process; None if it still runs after these seconds."""
        assert self.process is not None
        assert self.process.stdin is not None
        if by is not None:
            self.process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
            self.process.stdin.close()
        return self.process.returncode

    def client(self, service: str, key: str = "test") -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=key,
                aws_secret_access_key=key,
                config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def http(self, method: str, url: str, body: bytes = b"", signed: bool = False, **headers: str) -> Any:
        """A request to an API of the emulator, without the help of an AWS client."""
        request = AWSRequest(method, url, {"content-type": "application/json"} | headers, body)
        if signed:
            SigV4Auth(Credentials("test", "test"), "execute-api", REGION).add_auth(request)
        return URLLib3Session().send(request.prepare())

    def deploy(
        self, resources: dict[str, Any], name: str = "", conditions: dict[str, Any] | None = None, **sections: Any
    ) -> dict[str, str]:
        """Create a stack (update it, if named) and return its outputs: the Ref of each resource, by logical id.

        `sections`: more of the template; its Outputs come in addition.
        """
        cloudformation = self.client("cloudformation")
        update = bool(name)
        name = name or f"stack-{uuid4().hex[:8]}"
        outputs = {key: {"Value": {"Ref": key}} for key in resources}
        outputs |= {"Stack": {"Value": name}, **sections.pop("Outputs", {})}
        template = json.dumps({"Conditions": conditions or {}, "Resources": resources, "Outputs": outputs, **sections})
        operation = cloudformation.update_stack if update else cloudformation.create_stack
        operation(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])

        def settled() -> dict[str, Any] | None:
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        stack = eventually(settled)
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise StackFailed(self.reasons(name))
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def reasons(self, stack: str) -> str:
        events = self.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def create_role(self) -> None:
        """The role ROLE, which may do everything and may be assumed by whatever we test."""
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole"} | {
            "Principal": {"Service": [f"{name}.amazonaws.com" for name in SERVICES]}
        }
        iam, name = self.client("iam"), ROLE.rpartition("/")[2]
        documents = [json.dumps({"Version": "2012-10-17", "Statement": [it]}) for it in (trust, allow)]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=documents[0])
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=documents[1])

    def function(self, source: str, files: Mapping[str, str] | None = None, **more: Any) -> str:
        """A function of one Python module with a `handler`, which any API and rule may invoke; returns its ARN.

        `files`: what else is in its package, by path; `more`: of CreateFunction.
        """
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            for name, text in {"app.py": source, **(files or {})}.items():
                code.writestr(zipfile.ZipInfo(name), text)  # of no date: the same files are the same package
        created = self.client("lambda").create_function(
            FunctionName=f"f-{uuid4().hex[:8]}",
            Runtime="python3.13",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            **{"Timeout": 10, **more},
        )
        self.permit(created["FunctionArn"], "apigateway")
        self.permit(created["FunctionArn"], "events")
        return created["FunctionArn"]

    def permit(self, function: str, service: str, **more: str) -> None:
        """Let a service invoke a function, or its version or alias where the ARN names one."""
        name, _, qualifier = function.partition(":function:")[2].partition(":")
        if qualifier:
            more["Qualifier"] = qualifier
        self.client("lambda").add_permission(
            FunctionName=name,
            StatementId=f"s-{uuid4().hex[:8]}",
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            **more,
        )

    def state_machine(self, state: dict[str, Any], role: str = ROLE, **others: dict[str, Any]) -> str:
        """A state machine that starts at `state`; returns its ARN."""
        definition = {"StartAt": "First", "States": {"First": state, **others}}
        created = self.client("stepfunctions").create_state_machine(
            name=f"m-{uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=role
        )
        return created["stateMachineArn"]

    def run(self, state: dict[str, Any], given: Any, role: str = ROLE, **others: dict[str, Any]) -> dict[str, Any]:
        """Run a state machine of these states to its end; returns the described execution."""
        workflows = self.client("stepfunctions")
        machine = self.state_machine(state, role, **others)
        started = workflows.start_execution(stateMachineArn=machine, input=json.dumps(given))

        def ended() -> dict[str, Any] | None:
            found = workflows.describe_execution(executionArn=started["executionArn"])
            return None if found["status"] == "RUNNING" else found

        return eventually(ended)

    def queue(self) -> tuple[str, str]:
        """A queue that rules may send to; returns its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=f"q-{uuid4().hex[:8]}")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}} | {
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def received(self, url: str) -> dict[str, Any] | None:
        answer = self.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        return (answer.get("Messages") or [None])[0]


class StackFailed(Exception):
    """A stack did not deploy; the message has the reasons of its events."""
