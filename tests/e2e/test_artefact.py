"""What `sam build` made runs on its own: each handler, on its sample event, without the development environment."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.support.local_stack import LocalStack
from tests.support.stacks import stack_resources
from tests.support.template import ROOT, functions, read_template, templates


def interpreter() -> str:
    """One like Lambda's where it is found, or this: the embedded AWS runs the artefact with this one all the time."""
    candidates = [shutil.which("python3.13") or "", *map(str, Path.home().glob(".pyenv/versions/3.13*/bin/python3.13"))]
    for candidate in filter(None, candidates):
        version = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
        if version.returncode == 0 and version.stdout.startswith("Python 3.13"):
            return candidate
    return sys.executable


def artefacts(stack: LocalStack) -> dict[str, Path]:
    """The folder that each function's code was built to, in the root and in nested applications."""
    build = stack.root / ".aws-sam" / "build"
    return {
        name: path.parent / body["Properties"]["CodeUri"]
        for path in [build / "template.yaml", *build.glob("*/template.yaml")]
        for name, body in read_template(path)["Resources"].items()
        if body["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="module")
def deployed(stack: LocalStack) -> dict[str, dict[str, Any]]:
    """Configuration of each function."""
    client = stack.aws("lambda")
    return {
        resource["LogicalResourceId"]: client.get_function_configuration(FunctionName=resource["PhysicalResourceId"])
        for resource in stack_resources(stack.aws("cloudformation"), "poller")
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def run(stack: LocalStack, function: dict[str, Any], artefact: Path, event: dict[str, Any]) -> Any:
    """The handler's answer, with the environment that the deployed function has."""
    environment = {
        **function["Environment"]["Variables"],
        "AWS_ENDPOINT_URL": stack.described["endpoint_url"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    run_handler = ROOT / "tests" / "support" / "run_handler.py"
    done = subprocess.run(
        [interpreter(), "-I", "-S", str(run_handler), str(artefact), function["Handler"]],
        input=json.dumps(event), env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["outside"] == []
    return said["answer"]


def test_each_handler_runs_on_its_sample_event_on_its_own(
    stack: LocalStack, deployed: dict[str, dict[str, Any]]
) -> None:
    sample = "8f4e8c5e-6f5b-4f0e-9b1e-2a5c0f3d7a11"
    job_id = str(uuid4())
    events = {
        path.stem: json.loads(path.read_text().replace(sample, job_id)) for path in (ROOT / "events").glob("*.json")
    }
    events["prepare-poller-job"]["Spec"]["retry"] = {"max_attempts": 1}
    folders = artefacts(stack)

    answers = {
        name: run(stack, deployed[name], folders[name], events[event])
        for name, event in {
            "PayloadGenerator": "payload-generator",
            "PreparePollerJob": "prepare-poller-job",
            "ReconcileJob": "reconcile-job",
            "FetchPayload": "fetch-payload",
            "ProcessPayload": "process-payload",
            "GetJob": "get-job",
            "GetJobResults": "get-job-results",
            "GetJobTasks": "get-job-tasks",
            "ListJobs": "list-jobs",
            "CancelJob": "cancel-job",
            "RedriveJob": "redrive-job",
            "Janitor": "janitor",
            "RecordUndeliveredJob": "record-undelivered-job",
            "RecordUnprocessedTask": "record-unprocessed-task",
            "PreviewJob": "preview-job",
            "PutSource": "put-source",
            "GetSource": "get-source",
            "ListSources": "list-sources",
            "RunSource": "run-source",
            "StartSourceRun": "start-source-run",
            "ChangeSource": "change-source",
            "DeleteSource": "delete-source",
        }.items()
    }

    assert set(answers) == set(functions())
    assert answers["PayloadGenerator"]["statusCode"] in (200, 500)  # it fails now and then by design
    assert answers["PreparePollerJob"]["NextStep"] == "RECONCILE"  # the sample's host does not exist
    assert answers["ReconcileJob"]["Summary"]["Error"]["Type"] == "UpstreamUnavailable"
    assert answers["FetchPayload"]["State"] == "SKIPPED"
    assert answers["ProcessPayload"] == {"batchItemFailures": []}
    assert json.loads(answers["GetJob"]["body"])["Status"] == "FAILED"
    assert json.loads(answers["GetJobResults"]["body"])["Results"] == []
    assert json.loads(answers["GetJobTasks"]["body"])["Tasks"] == []
    assert json.loads(answers["ListJobs"]["body"])["Jobs"]
    assert (answers["CancelJob"]["statusCode"], answers["RedriveJob"]["statusCode"]) == (409, 409)
    assert answers["Janitor"] == {"Ended": []}
    assert answers["RecordUndeliveredJob"] == {"batchItemFailures": []}
    assert answers["RecordUnprocessedTask"] == {"batchItemFailures": []}
    assert answers["PreviewJob"]["statusCode"] == 400  # the sample's host again
    assert "api.example.com" in json.loads(answers["PreviewJob"]["body"])["message"]
    of_sources = ("PutSource", "GetSource", "ListSources", "RunSource", "ChangeSource", "DeleteSource")
    assert [answers[name]["statusCode"] for name in of_sources] == [201, 200, 200, 202, 200, 200]
    assert answers["StartSourceRun"]["Source"] == "orders"


def test_functions_of_the_same_code_share_one_artefact_and_one_upload(
    stack: LocalStack, deployed: dict[str, dict[str, Any]]
) -> None:
    of_code: dict[str, set[tuple[Path, str]]] = {}
    folders = artefacts(stack)
    for name, function in functions().items():
        of_code.setdefault(function["CodeUri"], set()).add((folders[name], deployed[name]["CodeSha256"]))

    assert {code: len(made) for code, made in of_code.items()} == {"src/functions": 1, "demo-api/src": 1}


def test_what_is_deployed_has_no_aliases_and_no_merge_keys(stack: LocalStack) -> None:
    # Ours have: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html takes none.
    build = stack.root / ".aws-sam" / "build"
    built = [build / "template.yaml", *build.glob("*/template.yaml")]

    assert len(built) == len(templates())
    for path in built:
        events = list(yaml.parse(path.read_text()))
        assert not [event for event in events if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)]
        assert not [event for event in events if getattr(event, "value", None) == "<<"]


def test_the_artefacts_fit_into_lambda(stack: LocalStack) -> None:
    # 250 MB unzipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    folders = [path for path in (stack.root / ".aws-sam" / "build").iterdir() if path.is_dir()]

    assert folders
    for folder in folders:
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 250_000_000


def test_what_is_compiled_is_there_in_python_too(stack: LocalStack) -> None:
    # One build for arm64, and for whatever the laptop is.
    compiled = [*(stack.root / ".aws-sam" / "build").rglob("*.so")]

    missing = [path for path in compiled if not (path.parent / f"{path.name.partition('.')[0]}.py").is_file()]

    assert missing == []
