"""What has to agree: the workflow with the code, the template with the settings, the documents with both."""

import ast
import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from poller import errors
from poller.settings import Settings
from tests.support.asl import ASL, states
from tests.support.template import ROOT, all_resources, functions, resources, template, templates

SEED_002 = {
    "PollerHttpApi": "AWS::ApiGatewayV2::Api",
    "ExternalHttpApi": "AWS::ApiGatewayV2::Api",
    "PollerTasksEventBus": "AWS::Events::EventBus",
    "PollerWorkflow": "AWS::Serverless::StateMachine",
    "PayloadGenerator": "AWS::Serverless::Function",
    "PreparePollerJob": "AWS::Serverless::Function",
    "FetchPayload": "AWS::Serverless::Function",
    "ProcessPayload": "AWS::Serverless::Function",
    "RawPayloadBucket": "AWS::S3::Bucket",
    "PollerTasksTable": "AWS::DynamoDB::Table",
    "ProcessPayloadQueue": "AWS::SQS::Queue",
    "ProcessPayloadDLQ": "AWS::SQS::Queue",
}


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_names_of_the_walkthrough_are_kept() -> None:
    kinds = {name: body["Type"] for name, body in all_resources().items()}

    assert {name: kinds.get(name) for name in SEED_002} == SEED_002
    assert {"ExternalHttpApiUrl", "PollerHttpApiUrl", "StateMachineName", "RawPayloadBucket"} <= set(
        template()["Outputs"]
    )
    assert {"PreparePollerJob", "FetchPages", "FetchPayload", "ReconcileJob", "PollerJobComplete"} <= set(states(ASL))


def test_error_names_in_the_workflow_are_ours_or_aws() -> None:
    ours = {name for name in vars(errors) if isinstance(getattr(errors, name), type)}
    named = {
        error
        for state in states(ASL).values()
        for rule in state.get("Retry", []) + state.get("Catch", [])
        for error in rule["ErrorEquals"]
    }

    assert {name for name in named if not name.startswith(("Lambda.", "States.", "Sandbox."))} <= ours
    assert "RetriablePollerError" in named


def test_substitutions_in_the_workflow_equal_the_templates() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(ASL)))
    given = resources("AWS::Serverless::StateMachine")["PollerWorkflow"]["Properties"]["DefinitionSubstitutions"]

    assert used == set(given)
    assert given["Partition"] == {"Ref": "AWS::Partition"}


def test_the_workflow_names_its_functions() -> None:
    given = resources("AWS::Serverless::StateMachine")["PollerWorkflow"]["Properties"]["DefinitionSubstitutions"]

    assert {name: value["Fn::GetAtt"] for name, value in given.items() if name.endswith("Arn")} == {
        f"{name}Arn": [name, "Arn"] for name in ("PreparePollerJob", "FetchPayload", "ReconcileJob")
    }


def test_a_distributed_map_keeps_its_results_out_of_the_state() -> None:
    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html: without it, the
    # children's collected output has to fit the 256 KiB of a state's payload, and fails the execution if not.
    for state in states(ASL).values():
        if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            assert state["ResultWriter"]["Resource"] == "arn:${Partition}:states:::s3:putObject"
            assert state["ResultPath"] is None
            assert state["ToleratedFailurePercentage"] == 100
            assert state["Label"] == "FetchPages"


def test_the_environment_equals_the_settings() -> None:
    fields = {name.upper() for name in vars(Settings) if not name.startswith("_")}
    given = {
        name: {v for v in body["Environment"]["Variables"] if not v.startswith("POWERTOOLS_")}
        for name, body in functions().items()
        if body["Handler"].startswith("poller.")
    }

    assert set().union(*given.values()) == fields


BUILDERS = dict(
    re.findall(
        r"def (\w+)\([^)]*\)[^\n]*\n((?:    .*\n|\n(?=    ))+)",
        (ROOT / "src/functions/poller/handlers/dependencies.py").read_text(),
    )
)


def settings_of_builder(name: str) -> set[str]:
    """Settings that a builder in dependencies.py reads, itself or through the builders it calls."""
    own = set(re.findall(r"settings\.(\w+)", BUILDERS[name]))
    return own.union(*(settings_of_builder(n) for n in BUILDERS if re.search(rf"\b{n}\(", BUILDERS[name])))


def settings_used_by(module: Path, seen: set[Path]) -> set[str]:
    """Settings that a handler module reads, itself or through the handler modules it imports."""
    source = module.read_text()
    used = set(re.findall(r"dependencies\.settings\.(\w+)", source))
    used |= set().union(*(settings_of_builder(name) for name in BUILDERS if f"dependencies.{name}(" in source))
    for name in re.findall(r"from poller\.((?:handlers|jobs)\.\w+) import", source):
        other = ROOT / "src/functions/poller" / (name.replace(".", "/") + ".py")
        if other not in seen:
            used |= settings_used_by(other, seen | {other})
    return used


@pytest.mark.parametrize("name", [n for n, f in functions().items() if f["Handler"].startswith("poller.")])
def test_each_function_gets_the_variables_it_reads_and_no_others(name: str) -> None:
    body = functions()[name]
    module = ROOT / "src/functions" / (body["Handler"].removesuffix(".handler").replace(".", "/") + ".py")

    used = {field.upper() for field in settings_used_by(module, set())}

    assert {v for v in body["Environment"]["Variables"] if not v.startswith("POWERTOOLS_")} == used


def test_every_function_is_python_313_on_arm_and_traced() -> None:
    for name, body in functions().items():
        assert body["Runtime"] == "python3.13", name
        assert body["Architectures"] == ["arm64"], name
        assert body["Tracing"] == "Active", name
        # An alias would stay on a version with the old environment when only a parameter changes: decision 008.
        assert "AutoPublishAlias" not in body, name
        assert body["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": f"{name}Logs"}}, name


def test_only_the_event_bus_and_some_log_groups_have_a_fixed_name_and_it_is_the_stacks() -> None:
    named = {
        name: value
        for name, body in all_resources().items()
        for key, value in body.get("Properties", {}).items()
        if key
        in ("Name", "BucketName", "TableName", "QueueName", "FunctionName", "RoleName", "LogGroupName", "RuleName")
        and body["Type"] != "AWS::Lambda::Permission"
    }

    assert set(named) == {"PollerTasksEventBus", "PollerWorkflowLogs", "PollerHttpApiLogs", "ExternalHttpApiLogs"}
    assert all("${AWS::StackName}" in value["Fn::Sub"] for value in named.values())


def test_a_template_is_a_tour_with_a_sentence_for_each_resource() -> None:
    # What comes with a function or another resource (role, policy, log group, permission) needs none of its own.
    for path, each in templates().items():
        text = path.read_text()
        for name, body in each["Resources"].items():
            introduced = re.search(rf"^  # .*\n  {name}:", text, flags=re.M)
            described = any(word in str(body.get("Properties")) for word in ("'Description':", "'AlarmDescription':"))
            assert introduced or described or re.search(r"(Role|Policy|Logs|Permission)$", name), name


def test_every_function_has_a_sample_event() -> None:
    expected = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower() for name in functions()}

    assert {path.stem for path in (ROOT / "events").glob("*.json")} == expected


def test_no_package_registry_is_named() -> None:
    hosts = re.compile("py" + r"pi\.org|python" + r"hosted|registry\.npm" + r"js|deb\.deb" + "ian")
    for path in tracked():
        assert path.name != "uv.lock"
        assert not hosts.search(path.read_text(errors="replace")), path


def test_files_keep_to_one_concern() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "src")
        if (lines := len(path.read_text().splitlines())) > 250
    }

    assert not long


PLURAL = re.compile(
    r" (attempts|bytes|days|hours|ids|jobs|minutes|objects|pages|records|requests|rounds|rows|tasks|times)\b"
)


def test_no_message_says_1_objects() -> None:
    """A number before a noun in the plural is given to `counted` or `format_count`, which know of the singular."""
    found = [
        f"{file.relative_to(ROOT)}:{text.lineno}"
        for folder in ("src/functions", "src/local/poller_local")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for text in ast.walk(ast.parse(file.read_text()))
        if isinstance(text, ast.JoinedStr)
        for number, words in pairwise(text.values)
        if isinstance(number, ast.FormattedValue) and isinstance(words, ast.Constant) and PLURAL.match(str(words.value))
    ]

    assert found == []


def test_no_log_line_holds_what_only_python_reads() -> None:
    """`repr` of a value, given to a logger, is nothing for those who read `poller logs`."""
    found = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in sorted((ROOT / "src" / "functions").rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and "logger." in ast.unparse(call.func)
        if re.search(r"\brepr\(|!r\}", ast.unparse(call))
    ]

    assert found == []
