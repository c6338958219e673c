"""AWS's own limits that no emulator enforces: what the template and the workflow make can be added up beforehand.

What grows with its input is in tests/integration/test_limits.py.
"""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from poller.handlers import fetch_payload, prepare_poller_job, reconcile_job
from poller.jobs import keys
from poller.jobs.next_step import MAX_ITERATIONS
from poller.jobs.owner import Owner
from poller.jobs.plan import Ranges
from poller.upstream import client
from tests.support.template import ROOT, as_list, functions, resources, statements, template, templates

ASL_TEXT = (ROOT / "statemachine" / "poller-workflow.asl.json").read_text()
STATES: dict[str, dict[str, Any]] = json.loads(ASL_TEXT)["States"]
CHILD: dict[str, Any] = STATES["FetchPages"]["ItemProcessor"]["States"]["FetchPayload"]
LONGEST_NAME = 256  # no name, ARN or URL that CloudFormation makes up is longer
API_FUNCTIONS = [
    name
    for name in functions()
    if any(
        body["Properties"]["FunctionName"] == {"Fn::GetAtt": [name, "Arn"]}
        and body["Properties"]["Principal"] == "apigateway.amazonaws.com"
        for body in resources("AWS::Lambda::Permission").values()
    )
]


def written_out(value: Any) -> Any:
    """`value` with every intrinsic function replaced by the longest text that it could stand for."""
    if isinstance(value, list):
        return [written_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    (name, argument), *more = value.items() if value else [("", None)]
    if more or not (name == "Ref" or name.startswith("Fn::")):
        return {key: written_out(item) for key, item in value.items()}
    if name == "Fn::If":
        return max(map(written_out, argument[1:]), key=lambda branch: len(json.dumps(branch)))
    if name == "Fn::Sub":
        return re.sub(r"\$\{[^}]+\}", "x" * LONGEST_NAME, argument)
    parameter = template()["Parameters"].get(argument) if name == "Ref" else None
    return "x" * (longest(parameter) if parameter else LONGEST_NAME)


def longest(parameter: dict[str, Any]) -> int:
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    lengths = [len(value) for value in parameter.get("AllowedValues", [])] + [parameter.get("MaxLength", 0)]
    return max(lengths) or 4096  # what CloudFormation takes


def compact(document: Any) -> str:
    return json.dumps(written_out(document), separators=(",", ":"))


class TestCloudFormation:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

    def test_a_stack_has_500_resources_200_parameters_and_200_outputs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for each in templates().values():
            source: dict[str, Any] = deepcopy(each)
            for body in [source["Globals"]["Function"], *resources_of(source, "AWS::Serverless::Function")]:
                body["CodeUri"] = "s3://bucket/key"
            for body in resources_of(source, "AWS::Serverless::StateMachine"):
                body["DefinitionUri"] = "s3://bucket/key"
            for body in resources_of(source, "AWS::Serverless::Application"):
                body["Location"] = "https://bucket/key"

            deployed = transform(source, {}, _NoManagedPolicies())

            assert len(each["Resources"]) <= len(deployed["Resources"]) <= 400  # room for what follows
            assert len(each["Parameters"]) <= 200
            assert len(each["Outputs"]) <= 200
            # 1 MB is what CloudFormation reads from S3; sam deploy always puts the template there.
            assert len(json.dumps(deployed)) + sum(f.stat().st_size for f in (ROOT / "api").iterdir()) < 1_000_000

    def test_a_description_has_1024_characters(self) -> None:
        for each in templates().values():
            described = [each["Description"]] + [p["Description"] for p in each["Parameters"].values()]
            assert max(map(len, described)) <= 1024


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def resources_of(source: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [body["Properties"] for body in source["Resources"].values() if body["Type"] == kind]


class TestPolicies:
    @pytest.mark.parametrize("role", resources("AWS::IAM::Role"))
    def test_a_roles_inline_policies_have_10240_characters_together(self, role: str) -> None:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: without white space
        own = resources("AWS::IAM::Role")[role]["Properties"].get("Policies", [])
        attached = [
            body["Properties"]
            for body in resources("AWS::IAM::Policy").values()
            if {"Ref": role} in body["Properties"]["Roles"]
        ]

        assert sum(len(compact(policy["PolicyDocument"])) for policy in [*own, *attached]) <= 10_240

    @pytest.mark.parametrize("name", resources("AWS::SQS::QueuePolicy"))
    def test_a_queues_policy_has_8192_bytes_20_statements_and_7_actions_in_each(self, name: str) -> None:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
        policy = resources("AWS::SQS::QueuePolicy")[name]["Properties"]

        assert len(compact(policy["PolicyDocument"])) <= 8192
        assert len(statements(policy)) <= 20
        assert max(len(as_list(statement["Action"])) for statement in statements(policy)) <= 7

    @pytest.mark.parametrize("name", resources("AWS::S3::BucketPolicy"))
    def test_a_buckets_policy_has_20_kilobytes(self, name: str) -> None:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
        assert len(compact(resources("AWS::S3::BucketPolicy")[name]["Properties"]["PolicyDocument"])) <= 20_000

    def test_the_workflows_logs_stay_out_of_the_accounts_log_policy(self) -> None:
        # It has 5,120 characters for all workflows: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        named = resources("AWS::Logs::LogGroup")["PollerWorkflowLogs"]["Properties"]["LogGroupName"]

        assert named["Fn::Sub"].startswith("/aws/vendedlogs/states/")

    @pytest.mark.parametrize("name", resources("AWS::Events::Rule"))
    def test_a_rules_pattern_has_2048_characters_and_it_has_5_targets(self, name: str) -> None:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
        rule = resources("AWS::Events::Rule")[name]["Properties"]

        assert len(compact(rule["EventPattern"])) <= 2048
        assert len(rule["Targets"]) <= 5


class TestFunctions:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

    @pytest.mark.parametrize("name", functions())
    def test_an_environment_has_4_kilobytes(self, name: str) -> None:
        variables = functions()[name]["Environment"]["Variables"]

        assert sum(len(key) + len(str(written_out(value))) for key, value in variables.items()) <= 4096 - 256

    @pytest.mark.parametrize("name", API_FUNCTIONS)
    def test_an_api_hears_from_its_function_before_it_gives_up(self, name: str) -> None:
        # 30 seconds: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
        assert functions()[name]["Timeout"] < 30

    def test_these_are_behind_an_api(self) -> None:
        assert {
            "GetJob",
            "GetJobResults",
            "GetJobTasks",
            "ListJobs",
            "CancelJob",
            "RedriveJob",
            "PutSource",
            "GetSource",
            "ListSources",
            "ChangeSource",
            "DeleteSource",
            "RunSource",
            "PreviewJob",
            "PayloadGenerator",
        } == (set(API_FUNCTIONS))

    @pytest.mark.parametrize("name", resources("AWS::ApiGatewayV2::Stage"))
    def test_an_access_log_line_is_described_in_3_kilobytes(self, name: str) -> None:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
        assert len(resources("AWS::ApiGatewayV2::Stage")[name]["Properties"]["AccessLogSettings"]["Format"]) <= 3000

    def test_a_batch_of_more_than_ten_messages_needs_a_window(self) -> None:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html. A batch is cut at Lambda's 6 MB.
        sources = [
            event["Properties"]
            for body in functions().values()
            for event in body.get("Events", {}).values()
            if event["Type"] == "SQS"
        ]

        assert len(sources) == 3
        assert all(s["BatchSize"] <= 10 or s["MaximumBatchingWindowInSeconds"] >= 1 for s in sources)


class TestWorkflow:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

    def test_a_definition_has_a_megabyte_and_its_names_80_characters(self) -> None:
        filled_in = re.sub(r"\$\{\w+\}", "x" * LONGEST_NAME, ASL_TEXT)

        assert len(filled_in) <= 1_048_576
        assert max(map(len, STATES)) <= 80
        assert len(STATES["FetchPages"]["Label"]) <= 40

    def test_an_execution_hands_over_before_its_history_is_full(self) -> None:
        # 25,000 events; a redrive needs fewer than 24,999:
        # https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
        prepared = history("PreparePollerJob") + history("WhatNext") + history("WaitToPrepare")
        looked = max(map(history, ("FetchPages", "WaitForProcessing"))) + history("ReconcileJob") + history("WhatNext")
        execution = 2 + prepared * prepare_poller_job._MAX_PREPARATIONS + looked * (MAX_ITERATIONS + 1)

        assert looked >= 30
        # A fifth is left for looks that are not counted: those that had no time to end every task of a large job.
        assert execution <= 0.8 * 24_999

    def test_every_way_round_passes_one_of_the_counted_steps(self) -> None:
        # What the sum above relies on: no loop avoids ReconcileJob's count or PreparePollerJob's.
        rest = {name: state for name, state in STATES.items() if name not in ("ReconcileJob", "PreparePollerJob")}

        for start in rest:
            reached, ahead = set(), [start]
            while ahead:
                following = next_states(STATES[ahead.pop()]) & rest.keys() - reached
                reached |= following
                ahead += following
            assert start not in reached, start

    def test_a_child_ends_within_the_five_minutes_of_an_express_workflow(self) -> None:
        timeout = functions()["FetchPayload"]["Timeout"]
        waits = [
            min(rule.get("MaxDelaySeconds", 86_400), rule["IntervalSeconds"] * rule["BackoffRate"] ** attempt)
            for rule in CHILD["Retry"]
            for attempt in range(rule["MaxAttempts"])
        ]

        assert timeout * (1 + len(waits)) + sum(waits) <= 300 - 30  # starting cold, twice, takes time too

    @pytest.mark.parametrize(
        ("function", "reserve", "at_the_end"),
        [
            ("FetchPayload", fetch_payload._RESERVE_SECONDS, client.TOTAL_SECONDS),
            ("PreparePollerJob", prepare_poller_job._RESERVE_SECONDS, client.TOTAL_SECONDS),
            ("ReconcileJob", reconcile_job._RESERVE_SECONDS, 0),
        ],
    )
    def test_a_time_box_leaves_time_for_work_and_for_ending_it(
        self, function: str, reserve: float, at_the_end: float
    ) -> None:
        assert reserve >= at_the_end + 10
        assert functions()[function]["Timeout"] >= reserve + 30

    def test_an_item_of_the_map_is_small(self) -> None:
        last = Ranges(pages=10_000_000, pages_per_task=1, page_size=1).task_at(9_999_999)
        line = {"TaskId": last.task_id, "FirstPage": last.first_page, "Pages": last.pages}

        assert len(json.dumps({"JobId": "j" * 64, "Task": line})) < 262_144 / 100

    def test_names_fit_where_they_go(self) -> None:
        job_id, task_id, name = "j" * 64, "t" * 64, "n" * 64
        found = [
            keys.raw_key(job_id, task_id, "0" * 16),
            keys.plan_key(job_id, 10**9),
            keys.dataset_key(name, job_id, task_id),
        ]
        execution = Owner("arn:aws:states:r:1:execution:w:e", 10**6).next_execution(job_id).rpartition(":")[2]

        assert max(map(len, found)) <= 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
        assert (
            len(execution) <= 80
        )  # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html


def history(name: str) -> int:
    """The most events that one pass through a state leaves behind, with every retry used up.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
    """
    state = STATES[name]
    if state["Type"] == "Task":  # entered, exited; and scheduled, started, failed or succeeded for each attempt
        return 2 + 3 * (1 + sum(rule["MaxAttempts"] for rule in state.get("Retry", [])))
    if state["Type"] == "Map":  # entered, started, run started, run ended, ended, exited
        return 6
    return 2


def next_states(state: dict[str, Any]) -> set[str]:
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way[key] for way in ways for key in ("Next", "Default") if key in way}
