"""This tree's stack, as one local stack has built it, under any name and with any parameters on another emulator.

It is deployed straight through CloudFormation: `sam deploy` would package again what is packaged already, which
takes a quarter of a minute; this takes a second.
"""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from botocore.credentials import Credentials
from requests.auth import AuthBase

from poller_local.client import PollerClient
from poller_local.stack import reachable_url
from tests.support.emulator import REGION, Emulator, eventually
from tests.support.local_stack import POLLER, LocalStack, without_aws
from tests.support.stacks import stack_resources

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# The parameters of a stack on a laptop, as `poller up` deploys it.
OPEN = {"LocalSettings": "true", "ApiAuth": "NONE"}
# What a user of ApiAuth IAM needs to call any route, or to read only; %s is the API's id.
ANY_ROUTE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:{REGION}:*:%s/*"}
READING = {**ANY_ROUTE, "Resource": f"{ANY_ROUTE['Resource']}/GET/*"}
FINDING_THE_STACK = {"Effect": "Allow", "Action": "cloudformation:DescribeStacks", "Resource": "*"}


class Packaged:
    """What `sam deploy` has uploaded for `built`, copied to `emulator`."""

    def __init__(self, built: LocalStack, emulator: Emulator) -> None:
        self.emulator = emulator
        found = built.aws("cloudformation").get_template(StackName="poller", TemplateStage="Original")["TemplateBody"]
        template = found if isinstance(found, str) else yaml.safe_dump(found)
        (bucket,) = set(re.findall(r"s3://([a-z0-9-]+)/", template))
        here, there = emulator.client("s3"), built.aws("s3")
        here.create_bucket(Bucket=bucket)
        for item in there.list_objects_v2(Bucket=bucket)["Contents"]:
            stored = there.get_object(Bucket=bucket, Key=item["Key"])
            here.put_object(Bucket=bucket, Key=item["Key"], Body=stored["Body"].read())
        # Too long to be sent along with a request.
        here.put_object(Bucket=bucket, Key="template", Body=template.encode())
        self.template_url = f"{emulator.endpoint}/{bucket}/template"

    def stack(self, name: str, **parameters: str) -> "Deployed":
        """A new stack; what is not given has its default, as on AWS. Raises ClientError where a Rule forbids it."""
        stack = Deployed(self.emulator, name)
        stack.settle("create_stack", {"TemplateURL": self.template_url}, parameters)
        return stack


@dataclass
class Deployed:
    emulator: Emulator
    name: str
    id: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    def settle(self, operation: str, template: dict[str, Any], parameters: dict[str, str]) -> None:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        self.id = getattr(self.aws("cloudformation"), operation)(
            StackName=self.name, Parameters=given, Capabilities=CAPABILITIES, **template
        )["StackId"]
        status = self.settled()
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), (status, self.failures())
        stack = self.described()
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def update(self, **parameters: str) -> None:
        """The same template with these parameters and no others."""
        self.settle("update_stack", {"UsePreviousTemplate": True}, parameters)

    def delete(self) -> str:
        """Returns the status it ends in."""
        self.aws("cloudformation").delete_stack(StackName=self.name)
        return self.settled()

    def empty(self, bucket: str) -> int:
        """Removes whatever a bucket holds, noncurrent versions too; returns how many there were."""
        s3, removed = self.aws("s3"), 0
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = page.get("Versions", []) + page.get("DeleteMarkers", [])
            keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
            removed += len(keys)
        return removed

    def described(self) -> dict[str, Any]:
        return dict(self.aws("cloudformation").describe_stacks(StackName=self.id)["Stacks"][0])

    def settled(self) -> str:
        def status() -> str | None:
            now = str(self.described()["StackStatus"])
            return None if now.endswith("IN_PROGRESS") else now

        return str(eventually(status, 60))

    def failures(self) -> dict[str, str]:
        """Reason by logical id of what has failed so far."""
        pages = self.aws("cloudformation").get_paginator("describe_stack_events").paginate(StackName=self.id)
        return {
            event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
            for page in pages
            for event in page["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        }

    def aws(self, service: str) -> Any:
        return self.emulator.client(service)

    def resources(self, kind: str = "") -> dict[str, str]:
        """Physical by logical id: all, or those of one type."""
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in stack_resources(self.aws("cloudformation"), self.id)
            if resource["ResourceType"].startswith(kind)
        }

    @property
    def api_url(self) -> str:
        return reachable_url(self.outputs["PollerHttpApiUrl"], self.emulator.endpoint)

    def client(self, auth: AuthBase | None = None) -> PollerClient:
        return PollerClient(self.api_url, auth)

    def user(self, *statements: dict[str, str]) -> Credentials:
        """A new IAM user that may do this. (The emulator checks the signatures of users, not those of its root.)"""
        iam, name = self.aws("iam"), f"user-{uuid4().hex[:8]}"
        api = self.resources("AWS::ApiGatewayV2::Api")["PollerHttpApi"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("%s", api)
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def poller(
        self, directory: Path, *arguments: str, user: Credentials | None = None, token: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """One `poller` command of a user whose AWS is the emulator, in a directory without a stack."""
        environment = {**without_aws(), "AWS_ENDPOINT_URL": self.emulator.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
        if user:
            environment |= {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}
        if token:
            environment["POLLER_TOKEN"] = token
        return subprocess.run(
            [str(POLLER), *arguments],
            cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
