"""The public sample aws-samples/sam-api-poller on the embedded AWS, from a checkout that the user provides.

Nothing of the sample is in this repository. It is prepared in a temporary copy: compiled by its own compiler, with its
modules beside each function in place of a layer, for a current Node runtime, and its workflow as JSON.
"""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml
from samcli.yamlhelper import yaml_parse

from benchmarks.executions import follow, wait_until_empty
from poller_local.deploy import find_tools
from poller_local.local_aws import local_environment
from poller_local.stack import reachable_url
from tests.support.local_stack import LocalStack

STACK_NAME = "reference"
RUNTIME = "nodejs22.x"
WORKFLOW = "PollerStateMachine"
_LAYER = "LambdaDependenciesLayer"
_CODE, _ASL, _TEMPLATE = "built", "workflow.asl.json", "template.json"
_DEPLOY_SECONDS = 300


class NotDeployable(Exception):
    """Why there is no sample to compare with, for the line that says SKIPPED."""


@dataclass(frozen=True)
class Sample:
    """The deployed sample, and the emulator that it runs on."""

    stack: LocalStack
    outputs: dict[str, str]

    def seconds(self, url: str, pages: int) -> float:
        """From POST /jobs to the end: the workflow's, and that of the last message of its queue."""
        began = time.perf_counter()
        job_id = _post(reachable_url(self.outputs["PollerHttpApiUrl"], self.stack.described["endpoint_url"]), url)
        follow(self.stack, self.outputs["StateMachineName"], job_id)
        wait_until_empty(self.stack, self.outputs["QueueUrl"])
        seconds = time.perf_counter() - began
        rows = (
            self.stack.aws("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.outputs["TableName"],
                KeyConditionExpression="JobId = :job",
                ExpressionAttributeValues={":job": {"S": job_id}},
                Select="COUNT",
            )
        )
        if (seen := sum(page["Count"] for page in rows)) != pages:
            raise AssertionError(f"the sample polled {seen} of {pages} pages")
        return seconds


def deploy(reference: Path, directory: Path, stack: LocalStack) -> Sample:
    """Prepare the sample in `directory`, and deploy it beside ours. Raises NotDeployable."""
    if missing := [tool for tool in ("node", "npm") if shutil.which(tool) is None]:
        raise NotDeployable(f"{' and '.join(missing)} not installed; the sample is written in TypeScript")
    if not (reference / "template.yaml").is_file() or not (reference / "package.json").is_file():
        raise NotDeployable(f"{reference} holds no checkout of aws-samples/sam-api-poller")
    prepare(reference, directory)
    sam = str(find_tools().sam)
    environment = local_environment(stack.port, find_tools().directories, os.environ)
    _run([sam, "deploy", "--template-file", _TEMPLATE, "--stack-name", STACK_NAME, "--resolve-s3", "--region",
          "us-east-1", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset",
          "--no-progressbar"], directory, environment)  # fmt: skip
    (described,) = stack.aws("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return Sample(stack, {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]})


def prepare(reference: Path, directory: Path) -> None:
    """A copy of the sample in `directory` that can be deployed as it is."""
    shutil.copytree(reference, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], directory, environment)
    _run(["npm", "run", "build"], directory, environment)
    _run(["npm", "prune", "--omit=dev", "--no-audit", "--no-fund"], directory, environment)
    (directory / "dist").rename(directory / _CODE)
    (directory / "node_modules").rename(directory / _CODE / "node_modules")
    template = yaml_parse((directory / "template.yaml").read_text())
    workflow = directory / template["Resources"][WORKFLOW]["Properties"]["DefinitionUri"]
    (directory / _ASL).write_text(json.dumps(yaml.safe_load(workflow.read_text())))
    (directory / _TEMPLATE).write_text(json.dumps(adapted(template)))


def adapted(template: dict[str, Any]) -> dict[str, Any]:
    """The sample's template, as it is deployed here. The outputs are what a measurement asks."""
    resources = {name: body for name, body in template["Resources"].items() if name != _LAYER}
    for body in resources.values():
        if body["Type"] == "AWS::Serverless::Function":
            body.pop("Metadata", None)
    resources[WORKFLOW]["Properties"]["DefinitionUri"] = _ASL
    shared = {key: value for key, value in template["Globals"]["Function"].items() if key != "Layers"}
    outputs = {
        **template["Outputs"],
        "QueueUrl": {"Value": {"Ref": "ProcessPayloadQueue"}},
        "TableName": {"Value": {"Ref": "PollerTasksTable"}},
    }
    return {
        **template,
        "Globals": {"Function": {**shared, "Runtime": RUNTIME, "CodeUri": _CODE}},
        "Resources": resources,
        "Outputs": outputs,
    }


def _post(api_url: str, url: str) -> str:
    body = json.dumps({"url": url}).encode()
    request = Request(f"{api_url}/jobs", body, {"Content-Type": "application/json"})  # noqa: S310  # our own address
    with urlopen(request) as answer:  # noqa: S310
        return str(json.load(answer)["Entries"][0]["EventId"])


def _run(command: list[str], directory: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=_DEPLOY_SECONDS
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it left no message"]
        raise NotDeployable(f"{' '.join(command[:3])} failed: {said[-1]}")
